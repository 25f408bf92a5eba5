"""What a row of an old system means for the booking that an earlier run made of it. Pure."""

from collections import Counter
from datetime import date
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from wenyue.booking.model import BookingState
from wenyue.booking.slots.imported import ImportedBooking

DRAWING: Final = (BookingState.CONFIRMED, BookingState.NO_SHOW)


class Difference(StrEnum):
    """What a row says that the booking here does not."""

    STATUS = "status"
    WHEN = "when"  # its product, dates or session
    QUANTITY = "quantity"
    PRICE = "price"
    DETAILS = "details"  # who comes, when it was made or changed


class Step(IntEnum):
    """What is done to the booking here."""

    NOTHING = 0
    CANCEL = 1  # its places are given back
    SETTLE = 2  # it keeps its places; its state, its visits that took place, what is said of it
    REPLACE = 3  # its places are given back, and others taken
    LEAVE = 4  # somebody changed it here, or it is over: it is told


class StoredLine(NamedTuple):
    """A line of it. `persons`: keyed, of its named places; `came`: how many of its places were used."""

    line_no: int
    slot_id: int
    on_date: date
    quantity: int
    price_minor: int
    pool_ids: tuple[int, ...]
    is_live: bool
    persons: tuple[bytes, ...] = ()
    came: int = 0


class StoredBooking(msgspec.Struct, frozen=True):
    """A booking that an earlier run brought. `is_as_left`: nobody changed it since; `has_come`: somebody was let in here."""

    id: UUID
    source_key: str
    body_hash: bytes
    state: BookingState
    total_minor: int
    is_as_left: bool
    has_come: bool
    lines: tuple[StoredLine, ...]

    @property
    def live(self) -> tuple[StoredLine, ...]:
        """The lines that stand."""
        return tuple(line for line in self.lines if line.is_live)

    @property
    def drawn(self) -> Counter[int]:
        """Places that it takes, by pool."""
        found: Counter[int] = Counter()
        for line in self.live:
            for pool_id in line.pool_ids:
                found[pool_id] += line.quantity
        return found


def differences(stored: StoredBooking, row: ImportedBooking) -> tuple[Difference, ...]:
    """What the row says that the booking here does not; DETAILS when all that can be compared is the same."""
    if (stored.state is BookingState.CANCELLED) != (row.state is BookingState.CANCELLED):
        return (Difference.STATUS,)
    found: list[Difference] = []
    has_come = sum(line.came for line in stored.live) != sum(len(line.came) for line in row.lines)
    if stored.state is not row.state or (row.state is BookingState.CONFIRMED and has_come):
        found.append(Difference.STATUS)
    if row.state is not BookingState.CANCELLED:
        here, there = Counter[int](), Counter[int]()
        for line in stored.live:
            here[line.slot_id] += line.quantity
        for line in row.lines:
            there[line.draw.slot_id] += line.quantity
        if set(here) != set(there):
            found.append(Difference.WHEN)
        elif here != there:
            found.append(Difference.QUANTITY)
    if stored.total_minor != row.total_minor:
        found.append(Difference.PRICE)
    return tuple(found) or (Difference.DETAILS,)


def step_of(stored: StoredBooking, row: ImportedBooking, today: date) -> Step:
    """What is done. A status is followed; anything else only of a visit to come that nobody touched here."""
    is_cancelled = row.state is BookingState.CANCELLED
    if stored.body_hash == row.body_hash or (is_cancelled and stored.state is BookingState.CANCELLED):
        return Step.NOTHING
    if is_cancelled:
        may = stored.state in DRAWING and not stored.has_come
        return Step.CANCEL if may else Step.LEAVE
    said = differences(stored, row)
    if (
        stored.state in DRAWING
        and set(said) <= {Difference.STATUS, Difference.DETAILS}
        and _is_same(stored, row)
    ):
        is_news = stored.is_as_left or stored.state is BookingState.CONFIRMED
        return Step.SETTLE if is_news and not stored.has_come else Step.LEAVE
    is_ahead = all(line.on_date >= today for line in stored.live) and all(
        line.draw.on_date >= today for line in row.lines
    )
    return Step.REPLACE if stored.is_as_left and not stored.has_come and is_ahead else Step.LEAVE


def _is_same(stored: StoredBooking, row: ImportedBooking) -> bool:
    """The same places of the same persons in the same order: lines can stay as they are."""
    here = [(line.slot_id, line.quantity, line.price_minor, line.persons) for line in stored.live]
    there = [
        (line.draw.slot_id, line.quantity, line.price_minor, tuple(one.person_key for one in line.places))
        for line in row.lines
    ]
    return here == there
