"""Telling subscribers of events: one bounded step at a time, each in one transaction with the subscriber's position.

A step belongs to one subscriber. Any number of workers may call it at once: one of them has the turn. What is told, and in which
order, is written down in docs/adr/0029-events.md.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

import msgspec

from wenyue.events.decoding import Happened, UnknownEvent, decode
from wenyue.events.subscriber import Subscriber
from wenyue.platform.database.db import Tx, queries
from wenyue.platform.failure import where

EVENTS_MAX: Final = 200  # of a batch, and what its last row has more
ROWS_MAX: Final = 200  # looked at for a batch
BATCH_WITHIN_S: Final = 20.0
ONE_WITHIN_S: Final = 5.0
ONE_BY_ONE_WITHIN_S: Final = 20.0  # what is not tried by then is tried in the next step
OUTAGE_SUBJECTS: Final = 5  # so many, and all of them failed: it is the subscriber that is out of order
_SUBJECTS_MAX: Final = 50  # tried again in a step
_BEHIND_MAX: Final = 100  # events of one subject in a step
_NEWER_AGAIN_AFTER: Final = timedelta(minutes=1)  # an event of a newer version waits for a newer worker
_NEWER: Final = "UnknownEvent"
_SQL: Final = queries("wenyue.events", "delivery.sql")
_encode: Final = msgspec.json.Encoder().encode


class _Row(msgspec.Struct, frozen=True):
    """An event to set aside."""

    subject: str
    event_id: int
    tries: int = 0
    due_at: datetime | None = None
    parked_at: datetime | None = None
    error: str = ""


class _Newer(msgspec.Struct, frozen=True):
    """An event that this version cannot read."""

    no: int
    subject: str


async def register(tx: Tx, subscribers: Iterable[Subscriber]) -> None:
    """Make the subscribers known; those that are known already stay where they are."""
    for one in subscribers:
        await tx.execute(_SQL["register"], {"name": one.name, "from_oldest": one.is_from_oldest})


async def due(tx: Tx, now: datetime) -> frozenset[str]:
    """The names of those that have something to do."""
    return frozenset(row[0] for row in await (await tx.execute(_SQL["due"], {"now": now})).fetchall())


async def tell_next(tx: Tx, one: Subscriber, now: datetime) -> bool:
    """Tell the subscriber of the next batch; true when more may wait at once.

    Raises only what ends the transaction: then nothing was done, and it is told again.
    """
    row = await (await tx.execute(_SQL["take"], {"name": one.name, "now": now})).fetchone()
    if row is None:
        return False
    is_under_way, after_id, failures = row
    if not is_under_way:
        aimed = await (await tx.execute(_SQL["aim"], {"name": one.name})).fetchone()
        if aimed is None:
            return False
        after_id = aimed[0]
    asked = {"name": one.name, "ignored": one.ignored, "rows": ROWS_MAX, "events": EVENTS_MAX}
    page = await (await tx.execute(_SQL["page"], asked)).fetchall()
    told, newer = _read(page)
    set_aside = await _tell(tx, one, told, newer, failures=failures, now=now)
    if set_aside is None:
        return False
    if set_aside:
        rows = _encode(set_aside).decode()
        await tx.execute(_SQL["set_aside"], {"name": one.name, "rows": rows, "now": now})
    is_end = not page or (len(page) == page[0][-1] < ROWS_MAX)
    after_id = page[-1][0] if page else after_id
    moved = {"name": one.name, "after_id": after_id, "is_end": is_end, "now": now}
    await tx.execute(_SQL["move"], moved)
    return not is_end


def _read(page: Sequence[tuple[Any, ...]]) -> tuple[list[Happened], list[_Newer]]:
    told: list[Happened] = []
    newer: list[_Newer] = []
    for no, is_mine, at, kind, version, booking_ids, subject, body, _ in page:
        if not is_mine:
            continue
        for booking_id in booking_ids or (None,):
            try:
                told.append(Happened(no, at, decode(kind, version, booking_id, body)))
            except (
                UnknownEvent,
                msgspec.ValidationError,
            ):  # what cannot be read at all fails when it is tried again
                newer.append(_Newer(no, subject if booking_id is None else f"booking:{booking_id}"))
    return told, newer


async def _tell(
    tx: Tx,
    one: Subscriber,
    told: Sequence[Happened],
    newer: Sequence[_Newer],
    *,
    failures: int,
    now: datetime,
) -> list[_Row] | None:
    """What to set aside; None when the subscriber itself is out of order and rests."""
    subjects = {event.event.subject for event in told} | {event.subject for event in newer}
    held: set[str] = set()
    if subjects:
        asked: dict[str, object] = {"name": one.name, "subjects": list(subjects)}
        held = {row[0] for row in await (await tx.execute(_SQL["held_back"], asked)).fetchall()}
    aside: dict[tuple[str, int], _Row] = {}
    first_newer: dict[str, int] = {}
    for event in newer:
        is_first = event.subject not in held and event.subject not in first_newer
        first_newer.setdefault(event.subject, event.no)
        again_at = now + _NEWER_AGAIN_AFTER if is_first else None
        aside[event.subject, event.no] = _Row(event.subject, event.no, 0, again_at, None, _NEWER)
    ready: list[Happened] = []
    for event in told:
        subject = event.event.subject
        if subject in held or event.no > first_newer.get(subject, event.no):
            aside[subject, event.no] = _Row(subject, event.no)
        else:
            ready.append(event)
    if not ready or (len(ready) > 1 and await _handled(tx, one, ready, BATCH_WITHIN_S) is None):
        return list(aside.values())
    failed = await _tell_one_by_one(tx, one, ready, now, is_last=failures >= one.tries)
    tried = {event.event.subject for event in ready}
    at_fault = {row.subject: row.error for row in failed if row.tries}
    if failures < one.tries and len(tried) >= OUTAGE_SUBJECTS and at_fault.keys() == tried:
        error = next(iter(at_fault.values()))
        until = one.again_at(failures + 1, now)
        await tx.execute(_SQL["rest"], {"name": one.name, "until": until, "error": error})
        return None
    return [*aside.values(), *failed]


async def _tell_one_by_one(
    tx: Tx, one: Subscriber, told: Sequence[Happened], now: datetime, *, is_last: bool
) -> list[_Row]:
    """What failed, and what waits behind it. `is_last`: all of it was tried often enough, what fails is parked."""
    rows: list[_Row] = []
    held: set[str] = set()
    until = monotonic() + ONE_BY_ONE_WITHIN_S
    for event in told:
        subject = event.event.subject
        if subject in held:
            rows.append(_Row(subject, event.no))
            continue
        if monotonic() > until:
            rows.append(_Row(subject, event.no, 0, now))
            held.add(subject)
            continue
        error = await _handled(tx, one, [event], ONE_WITHIN_S)
        if error is not None:
            is_parked = is_last or one.tries == 1
            again_at = None if is_parked else one.again_at(1, now)
            rows.append(_Row(subject, event.no, 1, again_at, now if is_parked else None, error))
            held.add(subject)
    return rows


async def _handled(tx: Tx, one: Subscriber, told: Sequence[Happened], within_s: float) -> str | None:
    """Handle these or nothing of them: None, or what failed. Raises what ended the connection."""
    try:
        async with asyncio.timeout(within_s), tx.transaction():
            await one.handle(tx, told)
    except Exception as error:  # whatever a handler does wrong is this subscriber's alone
        if tx.closed or tx.broken:
            raise
        return where(error)
    return None


async def tell_again(tx: Tx, one: Subscriber, now: datetime) -> bool:
    """Try subjects again whose time has come; true when more may wait at once. Raises as `tell_next`."""
    row = await (await tx.execute(_SQL["take"], {"name": one.name, "now": now})).fetchone()
    if row is None:
        return False
    asked: dict[str, object] = {"name": one.name, "now": now, "limit": _SUBJECTS_MAX}
    subjects = [row[0] for row in await (await tx.execute(_SQL["due_subjects"], asked)).fetchall()]
    until = monotonic() + ONE_BY_ONE_WITHIN_S
    for subject in subjects:
        if monotonic() > until:
            return True
        await _tell_subject(tx, one, subject, now)
    return len(subjects) == _SUBJECTS_MAX


async def _tell_subject(tx: Tx, one: Subscriber, subject: str, now: datetime) -> None:
    """Its events in order, until one fails, is parked or is of a newer version."""
    asked: dict[str, object] = {"name": one.name, "subject": subject, "limit": _BEHIND_MAX}
    rows = await (await tx.execute(_SQL["undelivered_of"], asked)).fetchall()
    done: list[int] = []
    stopped: dict[str, object] | None = None
    for event_id, tries, is_parked, *stored in rows:
        if is_parked:
            break
        error = await _told_again(tx, one, subject, event_id, stored)
        if error is not None:
            stopped = {"event_id": event_id} | _after_failure(one, tries, error, now)
            break
        done.append(event_id)
    named: dict[str, object] = {"name": one.name, "subject": subject}
    await tx.execute(_SQL["nobody_due"], named)
    if done:
        await tx.execute(_SQL["delivered"], named | {"ids": done})
    if stopped is not None:
        await tx.execute(_SQL["try_again"], named | stopped)
    elif len(done) == _BEHIND_MAX:
        await tx.execute(_SQL["due_now"], named | {"now": now})


async def _told_again(
    tx: Tx, one: Subscriber, subject: str, event_id: int, stored: Sequence[Any]
) -> str | None:
    """None when it was handled, or is not wanted; else what failed."""
    at, kind, version, is_booking, body = stored
    try:
        event = decode(kind, version, UUID(subject.removeprefix("booking:")) if is_booking else None, body)
    except (UnknownEvent, msgspec.ValidationError) as error:
        return _NEWER if isinstance(error, UnknownEvent) else where(error)
    if type(event) not in one.wants:
        return None
    return await _handled(tx, one, [Happened(event_id, at, event)], ONE_WITHIN_S)


def _after_failure(one: Subscriber, tries: int, error: str, now: datetime) -> dict[str, object]:
    """When it is tried again. What is of a newer version waits, and does not count as tried."""
    if error == _NEWER:
        return {"tries": tries, "due_at": now + _NEWER_AGAIN_AFTER, "parked_at": None, "error": error}
    is_over = tries + 1 >= one.tries
    return {
        "tries": tries + 1,
        "due_at": None if is_over else one.again_at(tries + 1, now),
        "parked_at": now if is_over else None,
        "error": error,
    }
