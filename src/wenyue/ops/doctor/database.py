"""Checks of the database itself: version, clock, structure, grants, slots, and what the application may do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import psycopg

from wenyue.accounts.second.rules import Mode as SecondFactor
from wenyue.locale.terminal import gettext, ngettext
from wenyue.ops.backup.command import folder_of
from wenyue.ops.backup.slots import unused
from wenyue.ops.doctor.factors import check_factors
from wenyue.ops.doctor.record import check_record
from wenyue.ops.doctor.report import Finding, Mark
from wenyue.ops.doctor.stored import (
    CONNECT_DEADLINE_S,
    NAMED_MAX,
    SQL,
    check_rules,
    check_search,
    demo_logins,
)
from wenyue.platform.config import Settings
from wenyue.platform.database import grants
from wenyue.platform.database.external import APP_ROLE, VERSION_MIN
from wenyue.platform.database.migrate import pending
from wenyue.platform.embedded_server import find_running
from wenyue.platform.embedded_server.binaries import wheel_programs
from wenyue.platform.fault import SetupError

CLOCK_SKEW_S_MAX: Final = 2.0
KEPT_TABLES: Final = ("booking.booking", "booking.line", "booking.place", "audit.entry")


def check_database(settings: Settings) -> Iterator[Finding]:
    """The database that the settings name, or the embedded one while it runs, and what is stored there."""
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
        text = gettext("the embedded database isn't running")
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
                yield demo_logins(owner, is_wanted=settings.is_demo)
        if not structure.is_fault:
            yield from asyncio.run(check_rules(owner_url))
            yield asyncio.run(check_search(owner_url))
            if settings.staff.second_factor != SecondFactor.OFF:
                yield asyncio.run(check_factors(owner_url))
            yield asyncio.run(check_record(owner_url, settings.home))
    except psycopg.Error as error:
        reason = " ".join(str(error).split())[:240]
        yield Finding(
            Mark.FAULT, gettext("database"), reason, gettext("start it, or correct {name}", name=name)
        )


def _grants(owner: psycopg.Connection) -> Finding:
    """The application may do what its statements do, and no more."""
    found = grants.differences(owner)
    if found:
        text = ngettext(
            "{n} table has grants other than declared: {first}",
            "{n} tables have grants other than declared, the first is {first}",
            len(found),
            first=found[0],
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
    text = gettext("none of this home's backup folders uses {names}", names=", ".join(names[:NAMED_MAX]))
    remedy = gettext(
        "if no other machine or detached disk needs it: SELECT pg_drop_replication_slot('{name}');",
        name=names[0],
    )
    return Finding(Mark.WARNING, subject, text, remedy)


def _clock(connection: psycopg.Connection) -> Finding:
    row = connection.execute(SQL["skew"], {"now": datetime.now(UTC)}).fetchone()
    skew = float(row[0]) if row else 0.0
    text = gettext("{n} s off the database's", n=f"{skew:.2f}")
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
        text = ngettext(
            "{n} migration is missing: {first}",
            "{n} migrations are missing, the first is {first}",
            len(missing),
            first=missing[0],
        )
        return Finding(Mark.FAULT, gettext("structure"), text, gettext("run `wenyue migrate`"))
    return Finding(Mark.GOOD, gettext("structure"), gettext("up to date"))


def _rights(connection: psycopg.Connection) -> Finding:
    """The application may not delete what it must keep, whichever way it gets its rights."""
    subject = gettext("rights")
    try:
        if connection.info.user != APP_ROLE:
            connection.execute(SQL["as_application"])
    except psycopg.Error:
        login = connection.info.user
        text = gettext(
            "{login} can't assume {role}, so the application runs with all of its rights",
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
        row = connection.execute(SQL["may_delete"], {"table": table}).fetchone()
        if row is not None and row[0]:
            text = gettext("{table}: the application may delete rows", table=table)
            return Finding(Mark.FAULT, subject, text, f"REVOKE DELETE, TRUNCATE ON {table} FROM {APP_ROLE};")
    return Finding(Mark.GOOD, subject, gettext("the application can't delete bookings or records"))
