"""`wenyue probe`: single questions about an installation, each with a status, for runbooks and for people under stress.

Every question looks and changes nothing; none starts a server. Status 0: as it should be; 1: not.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import psycopg
import typer

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.invariants import INVARIANTS
from wenyue.platform.config import Settings, load
from wenyue.platform.database.db import queries
from wenyue.platform.embedded_server import base_folder, find_running
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program
from wenyue.platform.supervisor import answers_ready

SQL: Final = queries("wenyue.ops", "probe.sql")
CLOCK_S_MAX: Final = 2.0
WITHIN_S_MAX: Final = 600.0
SHOWN_MAX: Final = 20
_LATE_S: Final = 30.0  # a hold or a note that has waited longer is not being looked after
_POLL_S: Final = 0.2
_LOG_BYTES: Final = 256 * 1024
_SERIOUS: Final = (" PANIC: ", " FATAL: ", "No space left", "could not write")
_STATES: Final = {"R": "running", "S": "waiting", "D": "waiting for the disk", "T": "STOPPED", "Z": "ended"}

app = Program(no_args_is_help=True, help="Look at one thing and say how it is.")
Within = Annotated[float, typer.Option(min=0, max=WITHIN_S_MAX, help="seconds to wait until it is so")]


@app.command()
def ready(*, within: Within = 0.0) -> None:
    """Whether the web answers and reaches its database."""
    web = load().web
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.host, web.host)  # noqa: S104 - compared with, not bound to
    took = _until(lambda: [] if answers_ready(host, web.port) else ["not ready"], within)
    _say(gettext("ready after {took} s", took=f"{took:.1f}"))


@app.command()
def books(*, within: Within = 0.0) -> None:
    """Whether counters, persons and cards agree with the bookings."""
    _until(lambda: _read(_wrong_books), within)
    _say(gettext("pools, persons and entitlements match the bookings"))


@app.command()
def later(*, within: Within = 0.0) -> None:
    """Whether holds expire, subscribers are told of events and jobs are done."""
    _until(lambda: _read(_late_work), within)
    _say(gettext("nothing is overdue"))


@app.command()
def database() -> None:
    """Since when PostgreSQL runs, who is connected, and whether it follows another."""
    for line in _read(_of_database):
        _say(line)


@app.command()
def clock() -> None:
    """Whether this machine's clock and the database's agree."""
    apart = _read(_apart)[0]
    if abs(float(apart)) > CLOCK_S_MAX:
        raise SetupError(
            Message(
                "this clock is {apart} s off the database's (limit: {clock_s_max} s): fix "
                "the time service (chronyd or ntpd) on both",
                apart=f"{float(apart):+.1f}",
                clock_s_max=f"{CLOCK_S_MAX:g}",
            ),
        )
    _say(gettext("the clocks are {apart} s apart", apart=f"{float(apart):+.2f}"))


@app.command()
def disk(*, free_mb: Annotated[int, typer.Option(min=0, help="0: only say")] = 0) -> None:
    """How much room the database's disk has."""
    folder = _data(load())
    usage = shutil.disk_usage(folder)
    _say(
        gettext(
            "{free} MB of {total} MB are free at {folder}",
            free=usage.free >> 20,
            total=usage.total >> 20,
            folder=folder,
        )
    )
    if usage.free < free_mb << 20:
        raise SetupError(Message("less than {mb} MB are free at {folder}", mb=free_mb, folder=folder))


@app.command()
def where() -> None:
    """The folder of the embedded database's files."""
    _say(str(_data(load())))


@app.command()
def processes() -> None:
    """The processes of this installation, and which of them stand still."""
    found = list(_processes(load().home))
    for line in found:
        _say(line)
    if not found:
        raise SetupError(Message("nothing is running in this installation: start it with `wenyue up`"))


@app.command()
def log() -> None:
    """The last serious lines of the embedded database's log."""
    path = base_folder(load().home) / "postgres.log"
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOG_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError as error:
        raise SetupError(Message("{path}: {strerror}", path=path, strerror=error.strerror)) from error
    serious = [
        line for line in lines if any(mark in line for mark in _SERIOUS) and "is starting up" not in line
    ][-SHOWN_MAX:]
    for line in serious or [gettext("nothing serious")]:
        _say(line[:300])


def _until(wrong: Callable[[], list[str]], within_s: float) -> float:
    """Ask until nothing is wrong; the seconds that took. Raises SetupError with what is still wrong."""
    began = time.monotonic()
    while True:
        try:
            found = wrong()
        except SetupError as fault:  # no database: it may come
            found = [str(fault)]
        if not found:
            return time.monotonic() - began
        if time.monotonic() - began >= within_s:
            raise SetupError(Message("probe.failed", found="; ".join(found[:SHOWN_MAX])))
        time.sleep(_POLL_S)


def _read(question: Callable[[psycopg.Connection], list[str]]) -> list[str]:
    """The database's answer. Raises SetupError that says why there is none."""
    settings = load()
    url = settings.database.owner_url or settings.database.url
    if not url:
        server = find_running(settings.home)
        if server is None:
            raise SetupError(Message("the database isn't running"))
        url = server.owner_url
    try:
        with psycopg.connect(
            url, autocommit=True, connect_timeout=5, options="-c statement_timeout=60000"
        ) as connection:
            return question(connection)
    except psycopg.OperationalError as error:
        text = " ".join(str(error).split())[:200]
        raise SetupError(Message("the database isn't responding: {text}", text=text)) from error


def _wrong_books(connection: psycopg.Connection) -> list[str]:
    wrong = [f"pool {row[0]} of {row[1]}: {row[2]} held + {row[3]} sold, lines draw {row[4]}"
             for row in connection.execute(INVARIANTS["pools"]).fetchmany(SHOWN_MAX)]  # fmt: skip
    wrong += [
        f"a person has {row[3]} places on {row[2]}"
        for row in connection.execute(INVARIANTS["twice"]).fetchmany(SHOWN_MAX)
    ]
    wrong += [f"card {row[0]}: {row[3]} of {row[2]} used, lines took {row[4]}"
              for row in connection.execute(INVARIANTS["entitlements"]).fetchmany(SHOWN_MAX)]  # fmt: skip
    return wrong


def _late_work(connection: psycopg.Connection) -> list[str]:
    row = connection.execute(SQL["late_work"], {"late_s": _LATE_S}).fetchone()
    holds, events, jobs = (0, 0, 0) if row is None else row
    named = ((holds, "holds past their time"), (events, "events not told"), (jobs, "jobs of dead workers"))
    return [f"{count} {what}" for count, what in named if count]


def _of_database(connection: psycopg.Connection) -> list[str]:
    row = connection.execute(SQL["of_database"]).fetchone()
    if row is None:
        return []
    return [
        f"PostgreSQL {row[0]}, up since {row[1]}, {row[2]} connections, {'standby' if row[3] else 'primary'}"
    ]


def _apart(connection: psycopg.Connection) -> list[str]:
    row = connection.execute(SQL["clock"]).fetchone()
    theirs: datetime = row[0] if row is not None else datetime.now(UTC)
    return [str((datetime.now(UTC) - theirs).total_seconds())]


def _data(settings: Settings) -> Path:
    folder = base_folder(settings.home)
    if not folder.exists():
        raise SetupError(Message("{home} has no embedded database", home=settings.home))
    return folder


def _processes(home: Path) -> Iterator[str]:
    """Our own processes by their environment, and the postmaster with its children."""
    server = find_running(home)
    wanted = f"WENYUE_HOME={home}".encode()
    for entry in sorted(Path("/proc").iterdir(), key=lambda one: one.name.zfill(8)):
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            is_ours = wanted in (entry / "environ").read_bytes().split(b"\0") and "wenyue.cli" in words
        except OSError:
            continue
        is_database = server is not None and server.pid in {int(entry.name), int(parent)}
        if is_ours or is_database:
            shown = " ".join(words[2:5] if is_ours else words[:3])
            yield f"{entry.name:>7} {_STATES.get(state, state):<22} {shown[:100]}"


def _say(line: str) -> None:
    typer.echo(line)
