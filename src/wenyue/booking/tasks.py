"""Work that bookings leave for later: holds that ran out, people who did not come, sessions ahead, an earlier version's notes."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wenyue import events
from wenyue.booking.decisions.facts import Rulebook
from wenyue.booking.engine.engine import Engine
from wenyue.booking.model import BookingState, ChangeKind, ChangeRequest, EventKind, Outcome
from wenyue.booking.persistence.literals import array, rows_json
from wenyue.booking.persistence.store import due_holds
from wenyue.booking.slots.slot_planning import OpenedCount, open_all_ahead
from wenyue.core.clock import local_date
from wenyue.core.limits import EXPIRY_BATCH_MAX, OUTBOX_ROWS_MAX, SESSIONS_AHEAD_DAYS
from wenyue.platform.database.advisory_lock import try_lock
from wenyue.platform.database.db import Database, Tx, queries

_SQL: Final = queries("wenyue.booking", "tasks.sql")
_NO_SHOW_GRACE_S: Final = 2 * 3600  # a gate that was offline still hands in its scans
_SLOTS_SETTLED_MAX: Final = 200  # per run …
_PLACES_SETTLED_MAX: Final = (
    20_000  # … and what was sold of them, but for the last: a statement takes a second at most
)
_NO_SHOWS_MAX: Final = 500  # per run
_DECIDED_WITHIN_S: Final = 10.0  # of no-shows; the transaction around them may stand idle for 15 s
_NOTES_KEPT_DAYS: Final = 7
_NOTES_DROPPED_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class Due:
    """What a worker could do now."""

    notes: bool
    holds: bool
    subscribers: frozenset[str]


async def look_for_due(db: Database, now: datetime) -> Due:
    """Two cheap statements, for a worker that has found nothing to do: who would find something."""
    known = array(int(kind) for kind in EventKind)
    async with db.connection() as tx:
        [(notes, holds)] = await (
            await tx.execute(_SQL["anything_due"], {"kinds": known, "now": now})
        ).fetchall()
        subscribers = await events.due(tx, now)
    return Due(notes=bool(notes), holds=bool(holds), subscribers=subscribers)


async def expire_holds(db: Database, engine: Engine, now: datetime) -> int:
    """Expire holds past their time, at most EXPIRY_BATCH_MAX; returns how many. Several workers at once do no harm."""
    async with db.connection() as tx:
        due = await due_holds(tx, now, EXPIRY_BATCH_MAX)
    requests = [ChangeRequest(ChangeKind.EXPIRE, booking_id, "system:expiry") for booking_id in due]
    answers = await asyncio.gather(*(engine.change(request) for request in requests))
    return sum(answer.outcome is Outcome.CANCELLED for answer in answers)


async def carry_over(tx: Tx, now: datetime) -> bool:
    """Append the notes of an earlier version, at most OUTBOX_ROWS_MAX, to the log of events; true when more may wait.

    In one transaction: a note is either still waiting or an event. Notes of a kind that this version does not know stay.
    Several workers at once share the notes.
    """
    known = array(int(kind) for kind in EventKind)
    cursor = await tx.execute(_SQL["take_notes"], {"kinds": known, "limit": OUTBOX_ROWS_MAX})
    notes = await cursor.fetchall()
    if not notes:
        return False
    for _, kind, ids, at in notes:
        one = EventKind(kind).event
        row = {"kind": events.kind_of(one), "version": one.version, "ids": ids}
        if ids:
            await tx.execute(events.APPEND, {"rows": rows_json([row]), "now": at})
    await tx.execute(_SQL["notes_done"], {"ids": array(row[0] for row in notes), "now": now})
    return len(notes) == OUTBOX_ROWS_MAX


async def drop_old_notes(tx: Tx, now: datetime) -> bool:
    """Delete notes that were carried over a week ago; true when more may be there."""
    before = now - timedelta(days=_NOTES_KEPT_DAYS)
    cursor = await tx.execute(_SQL["drop_notes"], {"before": before, "limit": _NOTES_DROPPED_MAX})
    return cursor.rowcount == _NOTES_DROPPED_MAX


async def mark_no_shows(tx: Tx, engine: Engine, now: datetime) -> bool:
    """Settle sessions that nobody of a booking came to once their day and the preset's grace are over; true when more wait.

    Every session is looked through once (`settled_at`), oldest first; the engine decides each booking under lock, and each line
    by itself (`missing.miss`): a booking over several days is settled day by day, and becomes NO_SHOW with the last of them.
    What could not be decided now leaves its sessions unsettled for the next run.
    """
    presets = engine.rulebook.presets
    late_s = {code: preset.entry_late_s for code, preset in presets.items()}
    bounds: dict[str, object] = {
        "now": now,
        "grace_s": _NO_SHOW_GRACE_S,
        "late_s": json.dumps(late_s),
        "default_late_s": late_s.get("default", 0),
        "limit": _SLOTS_SETTLED_MAX,
        "places": _PLACES_SETTLED_MAX,
    }
    if not await try_lock(tx, "no-shows"):
        return False
    slots = [row[0] for row in await (await tx.execute(_SQL["over_slots"], bounds)).fetchall()]
    if not slots:
        return False
    wanted: dict[str, object] = {
        "slots": array(slots),
        "confirmed": int(BookingState.CONFIRMED),
        "limit": _NO_SHOWS_MAX,
    }
    missed = await (await tx.execute(_SQL["nobody_came"], wanted)).fetchall()
    requests = [
        ChangeRequest(ChangeKind.NO_SHOW, booking_id, "system:no-show", slots=tuple(over))
        for booking_id, over in missed
    ]
    # Nobody waits for these answers: on a busy machine they may take longer than a person would.
    answers = await asyncio.gather(
        *(engine.change(request, deadline_s=_DECIDED_WITHIN_S) for request in requests)
    )
    if any(answer.outcome.is_transient for answer in answers):
        return any(answer.outcome.is_success for answer in answers)
    if len(missed) == _NO_SHOWS_MAX and any(answer.outcome.is_success for answer in answers):
        return True  # the rest of these sessions comes next
    await tx.execute(_SQL["settle_slots"], {"slots": array(slots), "now": now})
    return True


async def open_ahead(tx: Tx, book: Rulebook, now: datetime) -> OpenedCount | None:
    """Open every product's coming sessions; None when another worker is at it.

    One day more than SESSIONS_AHEAD_DAYS: what is released at midnight must be there before midnight.
    """
    if not await try_lock(tx, "sessions ahead"):
        return None
    today = local_date(now, book.timezone)
    return await open_all_ahead(tx, book.calendar, book.presets, today, SESSIONS_AHEAD_DAYS + 1)
