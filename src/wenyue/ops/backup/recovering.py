"""Starts a restored cluster once, lets it replay its log to the wanted instant, gives it this home's passwords, stops it.

While that lasts the cluster trusts whoever reaches its socket: its passwords are those of the source, which this home does
not have. The socket's folder is private (0700), and the first start by `wenyue up` asks for passwords again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg
from psycopg import sql

from wenyue.locale import SOURCE, Message
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.model import Checked
from wenyue.ops.backup.rules import parse_lsn
from wenyue.ops.backup.taking import Reporter
from wenyue.platform.embedded_server.cluster import APP, OWNER, TRUST, configure, provision
from wenyue.platform.embedded_server.owning import change_plain
from wenyue.platform.embedded_server.place import DATABASE, Place
from wenyue.platform.embedded_server.postmaster import halt, is_alive, launch
from wenyue.platform.fault import SetupError

REPLAY_DEADLINE_S: Final = 6 * 3600.0
_POLL_S: Final = 0.1
_AT_LEAST: Final = (
    "max_connections",
    "max_worker_processes",
    "max_wal_senders",
    "max_prepared_transactions",
    "max_locks_per_transaction",
)


@dataclass(frozen=True)
class Goal:
    """How far to replay: until `at` (None: the end), which lies at or before `reach_lsn`."""

    at: datetime | None
    start_lsn: int
    reach_lsn: int
    database: str  # its name at the source
    settings: Mapping[str, str]  # of the source
    timeline: int | None  # of the newest log that is vouched for


def recover(place: Place, goal: Goal, report: Reporter, examine: Callable[[str], Checked]) -> Checked:
    """Replay, provision, examine with the owner's URL, stop. Raises SetupError."""
    configure(place, _overrides(goal))
    access = place.data / "pg_hba.conf"
    change_plain(access, TRUST)
    report.print_line(gettext("replaying the log"))
    try:
        process = launch(place, report.print_line)
    except SetupError as fault:
        raise _explain(fault) from fault
    try:
        reached = _await_end(place, goal, report, lambda: is_alive(process.pid, process))
        if goal.at is None and reached < goal.reach_lsn:
            raise SetupError(
                Message(
                    "the log ends {reach_lsn} bytes before it should: a segment is damaged; give an "
                    "earlier time with --to",
                    reach_lsn=goal.reach_lsn - reached,
                ),
            )
        adopt(place, goal.database)
        provision(place)
        found = examine(place.url(OWNER))
    finally:
        halt(process.pid, process)
    configure(place, {})
    return found


def _overrides(goal: Goal) -> dict[str, str]:
    values = {name: goal.settings[name] for name in _AT_LEAST if name in goal.settings}
    values |= {"restore_command": "false", "recovery_target_action": "promote", "summarize_wal": "off"}
    # Never `latest`, the default: a history that lay in the folder would lead to log that nobody vouches for.
    values["recovery_target_timeline"] = "current" if goal.timeline is None else str(goal.timeline)
    if goal.at is not None:
        values["recovery_target_time"] = goal.at.isoformat(timespec="microseconds")
    return values


def _await_end(place: Place, goal: Goal, report: Reporter, is_living: Callable[[], bool]) -> int:
    """Wait until the replay is over; return the position that it came to."""
    deadline = time.monotonic() + REPLAY_DEADLINE_S
    question = "SELECT pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn(), '0/0')::text"
    while is_living() and time.monotonic() < deadline:
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(
                place.url("postgres", "postgres"), autocommit=True, connect_timeout=10
            ) as connection,
        ):
            while row := connection.execute(question).fetchone():
                position = parse_lsn(row[1])
                span = max(1, goal.reach_lsn - goal.start_lsn)
                report.bytes(gettext("replay"), min(span, max(0, position - goal.start_lsn)), span)
                if not row[0]:
                    return position
                time.sleep(_POLL_S)
        time.sleep(_POLL_S)
    tail = place.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    fatal = next((line for line in tail if "FATAL" in line or "PANIC" in line), "")
    raise _explain(SetupError(Message("the replay ended early: {fatal}", fatal=fatal[-300:])))


def _explain(fault: SetupError) -> SetupError:
    if "before configured recovery target" in fault.message.say(SOURCE):
        return SetupError(
            Message(
                "the log ends before the requested time: a segment is damaged or missing; "
                "give an earlier time with --to"
            ),
        )
    return fault


def adopt(place: Place, database: str) -> None:
    """Give the cluster this home's password, and our names to what the operator's own server called otherwise."""
    with psycopg.connect(
        place.url("postgres", "postgres"), autocommit=True, connect_timeout=10
    ) as connection:
        password = sql.Literal(place.passwords["postgres"])
        connection.execute(sql.SQL("ALTER ROLE postgres PASSWORD {}").format(password))
        if database != DATABASE:
            aside = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(DATABASE), sql.Identifier(f"{DATABASE}_aside")
            )
            with suppress(psycopg.errors.InvalidCatalogName):  # usually there is none of that name
                connection.execute(aside)
            names = sql.Identifier(database), sql.Identifier(DATABASE)
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
    provision(place)
    with psycopg.connect(place.url("postgres"), autocommit=True, connect_timeout=10) as connection:
        row = connection.execute(
            "SELECT pg_get_userbyid(nspowner)::text FROM pg_catalog.pg_namespace WHERE nspname = 'booking'"
        ).fetchone()
        owner = str(row[0]) if row else OWNER
        if owner == "postgres":
            raise SetupError(
                Message(
                    "the tables belong to the superuser postgres, and PostgreSQL can't "
                    "reassign those: give them to an ordinary role at the source and take a "
                    "new backup"
                ),
            )
        if owner not in {OWNER, APP}:
            names = sql.Identifier(owner), sql.Identifier(OWNER)
            connection.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(*names))
