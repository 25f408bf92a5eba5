"""Appending to the log, and reading it for people. Every function runs in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from wenyue.events.kinds import BookingEvent, Event, kind_of
from wenyue.platform.database.db import Tx, queries

KEPT: Final = timedelta(days=7)  # what everybody has handled, for `replay`
KEPT_MAX: Final = timedelta(days=60)  # what a subscriber has not come to: then it is dropped, and told
DROPPED_MAX: Final = 5_000
_SQL: Final = queries("wenyue.events")
_encode: Final = msgspec.json.Encoder().encode
_STORED_APART: Final = ("kind", "booking_id")

APPEND: Final = _SQL["append"]  # for the booking engine, which pipelines it: `rows` and `now`


class Lag(msgspec.Struct, frozen=True):
    """How far a subscriber has come."""

    name: str
    waiting: int  # rows before it; at most 10,000 are counted
    oldest_s: float
    undelivered: int  # events that failed and are tried again
    parked: int  # subjects of which an event failed too often
    failures: int  # in a row, of everything it tried
    error: str
    moved_at: datetime | None
    lost: int  # events that were dropped before it came to them


async def append(tx: Tx, events: Sequence[Event], now: datetime) -> None:
    """Append in the caller's transaction: one statement, no lock. Nothing to do when empty.

    Whoever appends holds what the event is about locked: that keeps the events of one subject in order.
    """
    if events:
        await tx.execute(APPEND, {"rows": _encode([_row(one) for one in events]).decode(), "now": now})


def _row(event: Event) -> dict[str, object]:
    fields: dict[str, Any] = msgspec.to_builtins(event)
    body = {name: value for name, value in fields.items() if name not in _STORED_APART}
    row: dict[str, object] = {"kind": kind_of(event), "version": event.version}
    if isinstance(event, BookingEvent):
        row["ids"] = [event.booking_id]
    else:
        row["subject"] = event.subject
    return row | ({"body": body} if body else {})


async def drop_old(tx: Tx, now: datetime) -> bool:
    """Drop events that every subscriber is past, a week after they happened; after KEPT_MAX any. True when more may be there.

    What is dropped before a subscriber came to it is counted with the subscriber, for the monitor.
    """
    bounds = {"before": now - KEPT, "limit": DROPPED_MAX}
    gone = (await tx.execute(_SQL["drop_handled"], bounds)).rowcount
    late = {"before": now - KEPT_MAX, "limit": DROPPED_MAX, "now": now}
    await tx.execute(_SQL["count_lost"], late)
    lost = (await tx.execute(_SQL["drop_late"], late)).rowcount
    return max(gone, lost) >= DROPPED_MAX


async def lags(tx: Tx) -> list[Lag]:
    """Every subscriber that was ever made known, by name."""
    return [Lag(*row) for row in await (await tx.execute(_SQL["lags"])).fetchall()]
