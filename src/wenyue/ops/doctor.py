"""``wenyue doctor``: looks at this installation and says, line by line, what is right and how to mend what is not.

It changes nothing and starts nothing: an embedded server that is not running is only looked at.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wenyue.accounts.second.rules import Mode as SecondFactor
from wenyue.cards import read_types
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.command import folder_of
from wenyue.ops.backup.slots import unused
from wenyue.ops.doctor_factors import without_factor
from wenyue.ops.doctor_record import compare_record
from wenyue.platform.config import Settings, SettingsError
from wenyue.platform.database import grants
from wenyue.platform.database.external import APP_ROLE, VERSION_MIN
from wenyue.platform.database.migrate import pending
from wenyue.platform.embedded_server import base_folder, find_running
from wenyue.platform.embedded_server.binaries import wheel_programs
from wenyue.platform.embedded_server.place import FREE_BYTES_MIN, SYSTEM_ROOT
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import answers_ready, listening_socket
from wenyue.policy import load_calendar, read_presets

CONNECT_DEADLINE_S = 5
CLOCK_SKEW_S_MAX = 2.0
HOLIDAYS_AHEAD_DAYS = 60
ORPHANS_MAX = 20
NAMED_MAX = 20
KEPT_TABLES = ("booking.booking", "booking.line", "booking.place", "audit.entry")


class Mark(Enum):
    """How a check ended."""

    GOOD = "✓"
    NOTE = "•"
    WARNING = "!"
    FAULT = "✗"


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``remedy`` says what to do and is empty when nothing is."""

    mark: Mark
    subject: str
    found: str
    remedy: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether the installation cannot work as it is."""
        return self.mark is Mark.FAULT


def examine(load_settings: Callable[[], Settings]) -> list[Finding]:
    """Every check in order; a check that cannot run is a finding itself, never an exception."""
    try:
        settings = load_settings()
    except SettingsError as fault:
        return [Finding(Mark.FAULT, gettext("settings"), str(fault), gettext("correct this variable"))]
    checks = [_python, _home, _secrets, _space, _port, _orphans, _database]
    return [finding for check in checks for finding in check(settings)]


def show(findings: list[Finding], console: Console) -> None:
    """Print the report."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    styles = {Mark.GOOD: "green", Mark.NOTE: "dim", Mark.WARNING: "bold yellow", Mark.FAULT: "bold red"}
    for one in findings:
        remedy = f"→ {one.remedy}" if one.remedy else ""
        mark = f"[{styles[one.mark]}]{one.mark.value}[/]"
        table.add_row(mark, one.subject, escape(one.found), escape(remedy))
    console.print(table)
    faults = sum(one.is_fault for one in findings)
    warnings = sum(one.mark is Mark.WARNING for one in findings)
    if faults or warnings:
        console.print(gettext("{faults} faults, {warnings} warnings", faults=faults, warnings=warnings))
    else:
        console.print(gettext("all well"))


def _python(_settings: Settings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(Mark.GOOD, "python", version)
    try:
        ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        yield Finding(
            Mark.FAULT,
            gettext("time zones"),
            gettext("Asia/Shanghai is unknown"),
            gettext("run `make up` again (package tzdata)"),
        )


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    parent = next(folder for folder in (home, *home.parents) if folder.exists())
    if not os.access(parent, os.W_OK):
        yield Finding(
            Mark.FAULT,
            gettext("home"),
            gettext("{path} is not writable", path=parent),
            gettext("make it writable or set WENYUE_HOME"),
        )
    elif not home.exists():
        yield Finding(
            Mark.NOTE,
            gettext("home"),
            gettext("{path} does not exist yet", path=home),
            gettext("it is made by `make up`"),
        )
    else:
        yield Finding(Mark.GOOD, gettext("home"), str(home))


def _secrets(settings: Settings) -> Iterator[Finding]:
    for name in ("keys.json", "database.json"):
        path = settings.home / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            mode = gettext(
                "{path} has mode {mode}", path=path, mode=f"{stat.S_IMODE(path.stat().st_mode):04o}"
            )
            yield Finding(Mark.FAULT, gettext("secrets"), mode, f"chmod 600 {path}")
    if (settings.home / "keys.json").exists():
        text = gettext("{path} seals the personal data", path=settings.home / "keys.json")
        yield Finding(Mark.GOOD, gettext("keys"), text, gettext("back it up apart from the database"))


def _space(settings: Settings) -> Iterator[Finding]:
    folder = base_folder(settings.home)
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    text = gettext("{n} GB free at {path}", n=f"{free / 1e9:.1f}", path=existing)
    if free < FREE_BYTES_MIN:
        yield Finding(
            Mark.FAULT, gettext("disk"), text, gettext("free at least {n} MB", n=FREE_BYTES_MIN >> 20)
        )
    else:
        yield Finding(Mark.GOOD, gettext("disk"), text)


def _port(settings: Settings) -> Iterator[Finding]:
    web = settings.web
    try:
        listening_socket(web.host, web.port).close()
    except SetupError as fault:
        if answers_ready("127.0.0.1" if web.host == "0.0.0.0" else web.host, web.port):  # noqa: S104 - compared with
            yield Finding(
                Mark.GOOD,
                gettext("port"),
                gettext("{address} answers and is ready", address=f"{web.host}:{web.port}"),
            )
        else:
            yield Finding(Mark.FAULT, gettext("port"), str(fault))
    else:
        yield Finding(
            Mark.GOOD, gettext("port"), gettext("{address} is free", address=f"{web.host}:{web.port}")
        )


def _orphans(_settings: Settings) -> Iterator[Finding]:
    """As root, data below /var/lib/wenyue whose home was removed takes space that nobody will miss."""
    if os.geteuid() != 0 or not SYSTEM_ROOT.is_dir():
        return
    for note in sorted(SYSTEM_ROOT.glob("*/home"))[:ORPHANS_MAX]:
        home = Path(note.read_text(encoding="utf-8").strip())
        if not (home / "database.json").exists():
            remedy = gettext("rm -r {path} if it is not wanted any more", path=note.parent)
            yield Finding(
                Mark.NOTE,
                gettext("old data"),
                gettext("{path} belongs to {home}, which is gone", path=note.parent, home=home),
                remedy,
            )


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database.url:
        yield from _connected(
            settings, settings.database.owner_url, settings.database.url, "WENYUE_DATABASE_URL"
        )
        return
    try:
        programs, version = wheel_programs()
    except SetupError as fault:
        yield Finding(Mark.FAULT, gettext("database"), str(fault))
        return
    yield Finding(
        Mark.GOOD,
        gettext("database programs"),
        gettext("{programs} of wheel {version}", programs=programs.name, version=version),
    )
    info = find_running(settings.home)
    if info is None:
        text = gettext("the embedded database is not running")
        yield Finding(
            Mark.NOTE,
            gettext("database"),
            text,
            gettext("`make up` starts it; run doctor meanwhile to check it"),
        )
        return
    name = gettext("embedded, process {pid}, log {path}", pid=info.pid, path=info.log)
    yield from _connected(settings, info.owner_url, info.app_url, name)


def _connected(settings: Settings, owner_url: str, app_url: str, name: str) -> Iterator[Finding]:
    try:
        with (
            psycopg.connect(owner_url, connect_timeout=CONNECT_DEADLINE_S, autocommit=True) as owner,
            psycopg.connect(app_url, connect_timeout=CONNECT_DEADLINE_S, autocommit=True) as app,
        ):
            yield _version(owner, name)
            yield _slots(owner, settings)
            yield _clock(owner)
            structure = _structure(owner_url)
            yield structure
            yield _rights(app)
            if not structure.is_fault:
                yield _grants(owner)
                yield _demo_logins(owner, is_wanted=settings.is_demo)
        if not structure.is_fault:
            yield from asyncio.run(_rules(owner_url))
            if settings.staff.second_factor != SecondFactor.OFF:
                yield await_factors(asyncio.run(without_factor(owner_url)))
            yield _record(owner_url, settings.home)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())[:240]
        yield Finding(
            Mark.FAULT, gettext("database"), reason, gettext("start it, or correct {name}", name=name)
        )


def _record(owner_url: str, home: Path) -> Finding:
    is_well, text = asyncio.run(compare_record(owner_url, home))
    remedy = (
        ""
        if is_well
        else gettext("docs/monitoring.md#record: keep a backup as it is, then find out who changed it")
    )
    return Finding(Mark.GOOD if is_well else Mark.FAULT, gettext("record"), text, remedy)


def _grants(owner: psycopg.Connection) -> Finding:
    """The application may do what its statements do, and no more."""
    found = grants.differences(owner)
    if found:
        text = gettext(
            "{n} tables have other grants than declared, the first is {first}", n=len(found), first=found[0]
        )
        return Finding(
            Mark.FAULT, gettext("grants"), text, gettext("run `wenyue migrate`, and find out who granted it")
        )
    return Finding(Mark.GOOD, gettext("grants"), gettext("as declared"))


def _version(connection: psycopg.Connection, name: str) -> Finding:
    number = connection.info.server_version
    text = f"PostgreSQL {number // 10000}.{number % 10000} ({name})"
    if number // 10000 < VERSION_MIN:
        return Finding(
            Mark.FAULT,
            gettext("database"),
            text,
            gettext("upgrade it to {version} or newer", version=VERSION_MIN),
        )
    return Finding(Mark.GOOD, gettext("database"), text)


def _slots(connection: psycopg.Connection, settings: Settings) -> Finding:
    """Slots of backups whose folder is gone: the server has few, and keeps log for each."""
    subject = gettext("backup slots")
    if not (names := unused(connection, settings.home, folder_of(settings, None))):
        return Finding(Mark.GOOD, subject, gettext("each belongs to a backup folder"))
    text = gettext("no backup folder that this home knows uses {names}", names=", ".join(names[:NAMED_MAX]))
    remedy = gettext(
        "if no other machine and no disk that is away does: SELECT pg_drop_replication_slot('{name}');",
        name=names[0],
    )
    return Finding(Mark.WARNING, subject, text, remedy)


def _clock(connection: psycopg.Connection) -> Finding:
    row = connection.execute(
        "SELECT abs(extract(epoch FROM clock_timestamp() - %s::timestamptz))", [datetime.now(UTC)]
    ).fetchone()
    skew = float(row[0]) if row else 0.0
    text = gettext("{n} s apart from the database's", n=f"{skew:.2f}")
    if skew > CLOCK_SKEW_S_MAX:
        return Finding(
            Mark.FAULT,
            gettext("clock"),
            text,
            gettext("synchronise both machines (chrony or systemd-timesyncd)"),
        )
    return Finding(Mark.GOOD, gettext("clock"), text)


def _structure(owner_url: str) -> Finding:
    missing = pending(owner_url)
    if missing:
        text = gettext("{n} migrations are missing, the first is {first}", n=len(missing), first=missing[0])
        return Finding(Mark.FAULT, gettext("structure"), text, gettext("run `wenyue migrate`"))
    return Finding(Mark.GOOD, gettext("structure"), gettext("up to date"))


async def _rules(url: str) -> list[Finding]:
    """Stored rules that are mistyped, and holidays that nobody has entered although their days are near."""
    async with await psycopg.AsyncConnection.connect(
        url, connect_timeout=CONNECT_DEADLINE_S, autocommit=True
    ) as tx:
        _, type_problems = await read_types(tx, {})
        _, preset_problems = await read_presets(tx, {})
        calendar = await load_calendar(tx)
    remedy = gettext("correct this row; meanwhile the last good rules are in force")
    findings = [
        Finding(Mark.FAULT, gettext("rules"), problem, remedy)
        for problem in (*type_problems, *preset_problems)
    ]
    if not findings:
        findings.append(
            Finding(Mark.GOOD, gettext("rules"), gettext("every card type and preset can be read"))
        )
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    for year in sorted({today.year, (today + timedelta(days=HOLIDAYS_AHEAD_DAYS)).year}):
        if not calendar.is_published(year):
            text = gettext(
                "{year} is provisional: its statutory days are known, its moved days are not", year=year
            )
            remedy = gettext(
                "after the State Council's notice: upgrade, or `wenyue holidays set` / the console's page"
            )
            findings.append(Finding(Mark.WARNING, gettext("holidays"), text, remedy))
    return findings


def _demo_logins(connection: psycopg.Connection, *, is_wanted: bool) -> Finding:
    """Logins of the demo, whose password everybody knows: a warning, where the demo was not asked for."""
    subject = gettext("demo logins")
    rows = connection.execute("SELECT login FROM accounts.demo_login_v ORDER BY login LIMIT 20").fetchall()
    if not rows:
        return Finding(Mark.GOOD, subject, gettext("none"))
    names = ", ".join(login for (login,) in rows)
    remedy = gettext("in earnest: `wenyue staff retire LOGIN`, or `wenyue staff reset LOGIN`")
    mark = Mark.NOTE if is_wanted else Mark.WARNING
    return Finding(mark, subject, gettext("{names}: everybody knows their password", names=names), remedy)


def await_factors(logins: list[str]) -> Finding:
    """Who changes something and signs in with a password alone until they have set up a second factor."""
    subject = gettext("second factor")
    if not logins:
        return Finding(Mark.GOOD, subject, gettext("everybody who changes something has one"))
    names = ", ".join(logins[:NAMED_MAX]) + (" …" if len(logins) > NAMED_MAX else "")
    remedy = gettext("they set one up when they sign in next; retire those who do not (wenyue staff retire)")
    return Finding(Mark.WARNING, subject, gettext("{n} without: {names}", n=len(logins), names=names), remedy)


def _rights(connection: psycopg.Connection) -> Finding:
    """The application may not delete what it must keep, whichever way it gets its rights."""
    subject = gettext("rights")
    try:
        if connection.info.user != APP_ROLE:
            connection.execute("SET ROLE wenyue_app")
    except psycopg.Error:
        login = connection.info.user
        text = gettext(
            "{login} may not assume {role}, so the application runs with all of its rights",
            login=login,
            role=APP_ROLE,
        )
        remedy = gettext(
            'as an administrator: CREATE ROLE {role} NOLOGIN; GRANT {role} TO "{login}";',
            role=APP_ROLE,
            login=login,
        )
        return Finding(Mark.NOTE, subject, text, remedy)
    for table in KEPT_TABLES:
        row = connection.execute(
            "SELECT coalesce(has_table_privilege(to_regclass(%s), 'DELETE, TRUNCATE'), false)", [table]
        ).fetchone()
        if row is not None and row[0]:
            text = gettext("{table}: the application may delete rows", table=table)
            return Finding(Mark.FAULT, subject, text, f"REVOKE DELETE, TRUNCATE ON {table} FROM {APP_ROLE};")
    return Finding(Mark.GOOD, subject, gettext("the application cannot delete bookings or records"))
