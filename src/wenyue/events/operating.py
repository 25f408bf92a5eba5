"""What operators see of the log, and what they do when a subscriber is stuck. Runs as the owner, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.events", "operating.sql")
STUCK_MAX: Final = 200


class NoSubscriber(LookupError):
    """There is no subscriber of that name."""


class NotComeTo(LookupError):
    """The subscriber has not come that far: `first` is the first row that it will be told of anyway."""

    def __init__(self, first: int) -> None:
        super().__init__(first)
        self.first = first


class Row(Struct, frozen=True):
    """A row of the log: of one event, or of the events of one kind that happened to `bookings` bookings at once."""

    id: int
    at: datetime
    kind: str
    version: int
    subject: str
    bookings: int


class Detail(Struct, frozen=True):
    """A row whole. `standings`: subscriber, whether it is past the row, how many of its events are stuck with it."""

    at: datetime
    kind: str
    version: int
    subject: str | None
    booking_ids: Sequence[UUID] | None
    body: dict[str, Any] | None
    standings: list[tuple[str, bool, int]]


class Stuck(Struct, frozen=True):
    """A subject of which a subscriber could not be told something: from `first_id` on, `events` in all."""

    subscriber: str
    subject: str
    first_id: int
    events: int
    tries: int
    is_parked: bool
    since: datetime
    error: str
    due_at: datetime | None


async def newest(tx: Tx, limit: int, *, kind: str | None = None, subject: str | None = None) -> list[Row]:
    """The newest rows. Raises ValueError for a booking whose id is none."""
    booking_id: UUID | None = None
    if subject is not None and subject.startswith("booking:"):
        booking_id, subject = UUID(subject.removeprefix("booking:")), None
    asked: dict[str, object] = {"kind": kind, "subject": subject, "booking_id": booking_id, "limit": limit}
    return [Row(*row) for row in await (await tx.execute(_SQL["newest"], asked)).fetchall()]


async def detail(tx: Tx, id_: int) -> Detail | None:
    """One row, and where each subscriber stands with it."""
    row = await (await tx.execute(_SQL["event"], {"id": id_})).fetchone()
    if row is None:
        return None
    standings = await (await tx.execute(_SQL["standings"], {"id": id_})).fetchall()
    at, kind, version, subject, booking_ids, body = row
    stands = [(name, is_past, stuck) for name, is_past, stuck in standings]
    return Detail(at, kind, version, subject, booking_ids, body, stands)


async def stuck(tx: Tx, name: str | None = None) -> list[Stuck]:
    """What is stuck, at most STUCK_MAX subjects."""
    asked: dict[str, object] = {"name": name, "limit": STUCK_MAX}
    return [Stuck(*row) for row in await (await tx.execute(_SQL["stuck"], asked)).fetchall()]


async def replay(tx: Tx, name: str, from_id: int) -> int:
    """Tell the subscriber of everything from a row on once more; how many rows. Raises NoSubscriber, NotComeTo."""
    await _hold(tx, name)
    [(first,)] = await (await tx.execute(_SQL["not_come_to"], {"name": name})).fetchall()
    if first is not None and first < from_id:
        raise NotComeTo(first)
    await tx.execute(_SQL["replay"], {"name": name, "from_id": from_id})
    [(count, _)] = await (await tx.execute(_SQL["from_there"], {"from_id": from_id})).fetchall()
    return count


async def retry(tx: Tx, name: str, subject: str | None, now: datetime) -> int:
    """Try what is stuck at once, of all subjects or of one; how many events. Raises NoSubscriber."""
    await _hold(tx, name)
    await tx.execute(_SQL["wake"], {"name": name})
    return (await tx.execute(_SQL["try_now"], {"name": name, "subject": subject, "now": now})).rowcount


async def skip(tx: Tx, name: str, subject: str, now: datetime, *, is_all: bool) -> list[int]:
    """Give up the first stuck event of a subject, or all of them; what is left is tried at once. Raises NoSubscriber."""
    await _hold(tx, name)
    asked: dict[str, object] = {"name": name, "subject": subject}
    rows = await (await tx.execute(_SQL["skip_all" if is_all else "skip_first"], asked)).fetchall()
    await tx.execute(_SQL["try_now"], asked | {"now": now})
    return [row[0] for row in rows]


async def forget(tx: Tx, name: str) -> None:
    """A subscriber that no version knows any more is not waited for. Raises NoSubscriber."""
    await _hold(tx, name)
    await tx.execute(_SQL["forget"], {"name": name})


async def _hold(tx: Tx, name: str) -> None:
    if await (await tx.execute(_SQL["hold"], {"name": name})).fetchone() is None:
        raise NoSubscriber(name)
