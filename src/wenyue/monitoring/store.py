"""Gathering facts from the database, and keeping what the monitor knows there. Every statement runs on the caller's `tx`."""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final, cast

from psycopg import Error
from psycopg.errors import Diagnostic
from psycopg.types.json import Jsonb

from wenyue.audit import Anchor, Link, differing, verify_from
from wenyue.core.clock import utc_now
from wenyue.core.personal import SealKeys
from wenyue.locale import SOURCE, text_in
from wenyue.monitoring.conduct_rules import RETENTION_GRACE_DAYS
from wenyue.monitoring.event_rules import NOBODY, OLD_NOTES
from wenyue.monitoring.model import (
    AbuseFacts,
    Alert,
    Beat,
    ChangeFacts,
    DatabaseFacts,
    EventFacts,
    RecordFacts,
    ReplicationFacts,
    RetentionFacts,
    Severity,
    StaffAct,
    StaffActs,
    Standby,
    TaskFacts,
    UndoFacts,
)
from wenyue.monitoring.rules import HOLD_OVERDUE_S
from wenyue.platform.database.db import Tx, queries

BEATS_MAX: Final = 500
SLOT_IDLE_BYTES: Final = 512 << 20  # of log that a slot keeps: a quiet server fills no segment in days
SLOT_IDLE_S: Final = 2 * 86_400.0  # a backup is taken every day
STAFF_ACTS_MAX: Final = (
    19  # one less than the findings that a check may have: one more says how many there were
)
TURN_S: Final = 150.0  # two rounds and a half: a monitor that dies is followed by another within that time
PUSH_DEADLINE_S: Final = 5.0
_SAYS_LENGTH_MAX: Final = 200
_SQL: Final = queries("wenyue.monitoring")


def name_of(kind: str, node: str) -> str:
    """What the process of this kind on this machine is called where signs of life are kept: `worker:web-1`."""
    return f"{kind}:{re.sub('[^a-z0-9._-]', '-', node.lower())[:60]}"


async def beat(tx: Tx, partner: str, every_s: int, says: str = "") -> None:
    """Say that `partner` lives, and will say so again within `every_s` seconds (at most 31 days).

    `partner` is a short lower-case name; for our own processes see `name_of`. After three silent periods operators are told.
    Raises psycopg.errors.CheckViolation for a name or period that is none.
    """
    await tx.execute(_SQL["beat"], {"partner": partner, "every_s": every_s, "says": says[:_SAYS_LENGTH_MAX]})


async def retire(tx: Tx, partner: str) -> bool:
    """Nobody waits for `partner` any more, until it speaks again; false when nobody did."""
    return (await tx.execute(_SQL["retire"], {"partner": partner})).rowcount > 0


async def health(tx: Tx, node: str, clock: Callable[[], datetime] = utc_now) -> DatabaseFacts:
    """The database as it is, the monitor's own write and the clocks. Raises psycopg.Error when it is away."""
    await tx.execute("SELECT 1")  # what follows measures the server, not the connecting
    began, before = perf_counter(), clock()
    row = await _one(tx, "health")
    took_s = perf_counter() - began
    ahead_s = (before - cast(datetime, row[6])).total_seconds() + took_s / 2
    problem, pushed_ms = ("", 0.0)
    if not (row[0] or row[1]):
        problem, pushed_ms = await _push(tx, node, ahead_s)
    return DatabaseFacts(
        took_ms=took_s * 1000,
        is_in_recovery=row[0],
        is_read_only=row[1],
        connections=row[2],
        connections_max=row[3],
        transaction_age=row[4],
        oldest_open_s=row[5],
        clock_ahead_s=ahead_s,
        write_problem=problem,
        pushed_ms=pushed_ms,
    )


async def _push(tx: Tx, node: str, ahead_s: float) -> tuple[str, float]:
    """(what is wrong with a commit of our own, its milliseconds). A warning on it means that no standby confirmed it."""
    warnings: list[str] = []

    def listen(notice: Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            warnings.append(notice.sqlstate or "")

    tx.add_notice_handler(listen)
    began = perf_counter()
    try:
        async with asyncio.timeout(PUSH_DEADLINE_S):
            await tx.execute(_SQL["push"], {"node": node, "ahead_s": ahead_s})
    except TimeoutError:
        return f"no answer within {PUSH_DEADLINE_S:g} s", (perf_counter() - began) * 1000
    except Error as error:
        return f"{type(error).__name__} {error.sqlstate or ''}".strip(), (perf_counter() - began) * 1000
    finally:
        tx.remove_notice_handler(listen)
    problem = "the commit was not confirmed by a standby" if warnings else ""
    return problem, (perf_counter() - began) * 1000


async def nodes(tx: Tx) -> tuple[tuple[str, float], ...]:
    """(node, how far its clock is ahead of the database's), of those that spoke within minutes."""
    return tuple((name, ahead) for name, ahead in await (await tx.execute(_SQL["nodes"])).fetchall())


async def take_turn(tx: Tx, node: str) -> bool:
    """Whether this node looks after what all nodes share, for the next TURN_S."""
    cursor = await tx.execute(_SQL["take_turn"], {"node": node, "for_s": TURN_S})
    return await cursor.fetchone() is not None


async def replication(tx: Tx, wanted: int) -> ReplicationFacts:
    """Who follows this server; `wanted`: how many the operator expects."""
    sync_names, lost, idle = await _one(
        tx, "promises", {"idle_bytes": SLOT_IDLE_BYTES, "idle_s": SLOT_IDLE_S}
    )
    rows = await (await tx.execute(_SQL["standbys"])).fetchall()
    return ReplicationFacts(
        sync_names, tuple(Standby(*row) for row in rows), tuple(lost), wanted, tuple(idle)
    )


async def task_facts(tx: Tx) -> TaskFacts:
    """Holds, jobs and sessions that wait."""
    return TaskFacts(*await _one(tx, "later", {"overdue_s": HOLD_OVERDUE_S}))


async def changes(tx: Tx) -> ChangeFacts:
    """What operators changed alone, or are about to."""
    unreviewed, waiting, alone = await _one(tx, "changes")
    return ChangeFacts(unreviewed, waiting, tuple(alone))


async def events(tx: Tx) -> list[EventFacts]:
    """How far the subscribers of events have come."""
    named: dict[str, object] = {"old_notes": OLD_NOTES, "nobody": NOBODY}
    return [EventFacts(*row) for row in await (await tx.execute(_SQL["events"], named)).fetchall()]


async def undos(tx: Tx) -> UndoFacts:
    """Admissions taken back within a day."""
    return UndoFacts(*await _one(tx, "undos"))


async def staff_acts(tx: Tx) -> StaffActs:
    """What administrators did with the staff within an hour."""
    rows = await (await tx.execute(_SQL["staff_acts"], {"limit": STAFF_ACTS_MAX})).fetchall()
    return StaffActs(tuple(StaffAct(*row[:4]) for row in rows), rows[0][4] if rows else 0)


async def beats(tx: Tx) -> list[Beat]:
    """Who is waited for, at most BEATS_MAX."""
    return [Beat(*row) for row in await (await tx.execute(_SQL["beats"], {"limit": BEATS_MAX})).fetchall()]


async def record(
    tx: Tx, link: Link, keys: SealKeys | None, anchors: Collection[Anchor], accepted: Collection[Anchor]
) -> tuple[RecordFacts, Link, bool]:
    """The record's age, its links after `link` verified, its anchors compared: (facts, where it stands now, at the end)."""
    unsealed_s, links = await _one(tx, "record_age")
    after, broken, is_at_end = await verify_from(tx, link, keys, accepted=accepted)
    other = await differing(tx, anchors)
    return RecordFacts(unsealed_s, broken, after.no, links, len(other), len(anchors)), after, is_at_end


async def open_alerts(tx: Tx) -> dict[str, Alert]:
    """What fires on behalf of all nodes, by subject: whoever takes the turn goes on with it."""
    found: dict[str, Alert] = {}
    rows = await (await tx.execute(_SQL["open_alerts"])).fetchall()
    for id_, subject, severity, fired_at, says, texts in rows:
        found[subject] = Alert(
            id=id_,
            subject=subject,
            check=subject.partition(":")[0],
            severity=Severity(severity),
            texts=texts or {SOURCE: says},  # the release before keeps English alone
            since=fired_at,
            rounds=99,
            fired_at=fired_at,
            told_at=fired_at,
            told=1,
            is_shared=True,
        )
    return found


async def save_alert(tx: Tx, alert: Alert, node: str, resolved_at: datetime | None) -> None:
    """Keep an alert's present state in the history."""
    row: dict[str, object] = {
        "id": alert.id,
        "node": "" if alert.is_shared else node,
        "subject": alert.subject,
        "severity": alert.severity.value,
        "fired_at": alert.fired_at or alert.since,
        "resolved_at": resolved_at,
        "says": text_in(alert.texts, SOURCE),
        "texts": Jsonb(dict(alert.texts)),
    }
    await tx.execute(_SQL["save_alert"], row)


async def silences(tx: Tx) -> dict[str, tuple[datetime, str]]:
    """What is silenced now: subject → (until, why)."""
    rows = await (await tx.execute(_SQL["silences"])).fetchall()
    return {subject: (until, why) for subject, until, why in rows}


async def silence(tx: Tx, subject: str, until: datetime, why: str) -> None:
    """Tell nobody about `subject` until then; an end in the past lifts it."""
    await tx.execute(_SQL["silence"], {"subject": subject, "until": until, "why": why[:_SAYS_LENGTH_MAX]})


async def load_pass(tx: Tx, name: str) -> tuple[dict[str, Any], datetime, datetime | None, int]:
    """(where the next step of the pass begins, when it began, when one was last complete, rows so far)."""
    row = await (await tx.execute(_SQL["load_pass"], {"name": name})).fetchone()
    if row is None:
        return {}, datetime.now(UTC), None, 0
    return row[0], row[1], row[2], row[3]


async def save_pass(
    tx: Tx,
    name: str,
    *,
    place: Mapping[str, object],
    began_at: datetime,
    finished_at: datetime | None,
    rows: int,
) -> None:
    """Keep where the next step begins."""
    known: dict[str, object] = {
        "name": name,
        "place": Jsonb(dict(place)),
        "began_at": began_at,
        "finished_at": finished_at,
        "looked_at": rows,
    }
    await tx.execute(_SQL["save_pass"], known)


async def _one(tx: Tx, name: str, params: dict[str, object] | None = None) -> tuple[Any, ...]:
    row = await (await tx.execute(_SQL[name], params)).fetchone()
    if row is None:
        raise LookupError(name)
    return row


async def suspicious(tx: Tx) -> list[AbuseFacts]:
    """Open findings of abuse, by pattern."""
    return [AbuseFacts(*row) for row in await (await tx.execute(_SQL["suspicious"])).fetchall()]


async def retention(tx: Tx) -> list[RetentionFacts]:
    """How far behind erasing is, by kind."""
    cursor = await tx.execute(_SQL["retention"], {"grace_days": RETENTION_GRACE_DAYS})
    return [RetentionFacts(*row) for row in await cursor.fetchall()]


async def demo_logins(tx: Tx) -> list[str]:
    """The demo's logins that can sign in."""
    return [login for (login,) in await (await tx.execute(_SQL["demo_logins"])).fetchall()]
