"""Every booking as it is, by number, page by page: for lists that leave the house."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from wenyue.booking.model import BookingState
from wenyue.platform.database.db import Tx, queries

_PAGE: Final = 500
_SQL: Final = queries("wenyue.booking.slots", "exporting.sql")


class Chosen(NamedTuple):
    """Which bookings: those with a place at the venue (None: any) on these days, both included (None: any)."""

    venue_id: int | None = None
    from_day: date | None = None
    to_day: date | None = None

    @property
    def params(self) -> dict[str, object]:
        """As the statements name them."""
        days = {"from_day": self.from_day or date.min, "to_day": self.to_day or date.max}
        return {"is_all": self == Chosen(), "venue_id": self.venue_id, **days}


class ExportedLine(NamedTuple):
    """Places of one slot. `places`: visitor number and person key of each that is named; `came`: visitor numbers."""

    venue_id: int
    product_id: int
    on_date: date
    starts_at: datetime
    ends_at: datetime
    quantity: int
    price_minor: int
    is_live: bool
    is_missed: bool
    places: tuple[tuple[int, bytes | None], ...]
    came: frozenset[int]


class ExportedBooking(NamedTuple):
    """A booking. `number`: the old system's where an import brought it, else the one it has here; `party` is sealed."""

    id: UUID
    number: str
    state: BookingState
    created_at: datetime
    changed_at: datetime
    total_minor: int
    currency: str
    party: bytes
    lines: tuple[ExportedLine, ...]


async def count_exported(tx: Tx, chosen: Chosen) -> tuple[int, int]:
    """How many bookings there are, and how many holds, which are not exported."""
    await tx.execute(_SQL["longer"])
    [(count, holds)] = await (await tx.execute(_SQL["export_counts"], chosen.params)).fetchall()
    return count, holds


async def exported(tx: Tx, chosen: Chosen) -> AsyncIterator[list[ExportedBooking]]:
    """Pages of them, by number; the transaction's first questions. Holds are left out."""
    await tx.execute(_SQL["longer"])
    sources = [source for (source,) in await (await tx.execute(_SQL["sources"])).fetchall()]
    params = {**chosen.params, "sources": sources if len(sources) > 1 else []}
    async with tx.cursor(name="exported") as numbers:
        await numbers.execute(_SQL["exported"], params)
        while page := await numbers.fetchmany(_PAGE):
            yield await _whole(tx, dict(page))


async def _whole(tx: Tx, numbers: dict[UUID, str]) -> list[ExportedBooking]:
    ids = {"ids": list(numbers)}
    lines: dict[UUID, list[ExportedLine]] = {}
    for row in await (await tx.execute(_SQL["whole_lines"], ids)).fetchall():
        (
            booking_id,
            venue_id,
            product_id,
            on_date,
            starts_at,
            ends_at,
            quantity,
            price,
            is_live,
            is_missed,
            *who,
        ) = row
        named, keys, came = who
        line = ExportedLine(
            venue_id, product_id, on_date, starts_at, ends_at, quantity, price, is_live, is_missed,
            tuple((no, None if key is None else bytes(key)) for no, key in zip(named, keys, strict=True)),
            frozenset(came),
        )  # fmt: skip
        lines.setdefault(booking_id, []).append(line)
    found: dict[UUID, ExportedBooking] = {}
    for row in await (await tx.execute(_SQL["whole_bookings"], ids)).fetchall():
        booking_id, state, created_at, changed_at, total, currency, party = row
        had = standing(BookingState(state), total, lines.get(booking_id, ()))
        found[booking_id] = ExportedBooking(
            booking_id, numbers[booking_id], BookingState(state), created_at, changed_at, total, currency,
            bytes(party), tuple(had),
        )  # fmt: skip
    return [found[booking_id] for booking_id in numbers]


def standing(state: BookingState, total: int, lines: Sequence[ExportedLine]) -> list[ExportedLine]:
    """The lines that a booking has; of a cancelled one those that it had last: after moves those that cost its total."""
    if state is not BookingState.CANCELLED:
        return [one for one in lines if one.is_live]
    for first in range(len(lines)):
        if sum(one.price_minor * one.quantity for one in lines[first:]) == total:
            return list(lines[first:])
    return list(lines)
