"""Bookings of another system, as they are written here."""

from datetime import date, datetime
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from wenyue.booking.model import BookingState


class SlotDraw(NamedTuple):
    """What a place on one product and date draws from. `scope`: what one person can have once there (booking.place)."""

    slot_id: int
    product_id: int
    venue_id: int
    on_date: date
    pool_ids: tuple[int, ...]
    scope: int = 0


class ImportedPlace(NamedTuple):
    """A named place of a line: who, by their number in the party and the keyed indexes of their document; when they came."""

    visitor_no: int
    person_key: bytes
    number_key: bytes | None
    redeemed_at: datetime | None = None


class ImportedLine(NamedTuple):
    """One slot of an imported booking. `places`: all of it by name, or none. `redeemed_at`: when unnamed guests came."""

    draw: SlotDraw
    quantity: int
    price_minor: int
    redeemed_at: datetime | None
    places: tuple[ImportedPlace, ...] = ()

    @property
    def came(self) -> list[tuple[int, datetime]]:
        """Who came when, by visitor number; unnamed guests are number 0."""
        if not self.places:
            return [] if self.redeemed_at is None else [(0, self.redeemed_at)]
        return [(one.visitor_no, one.redeemed_at) for one in self.places if one.redeemed_at is not None]


class ImportedBooking(msgspec.Struct, frozen=True):
    """A booking of another system. `source_key` is its name there; the id follows from both, so a re-run has the same."""

    id: UUID
    source_key: str
    body_hash: bytes
    state: BookingState
    created_at: datetime
    changed_at: datetime
    total_minor: int
    currency: str
    party: bytes  # sealed
    lines: tuple[ImportedLine, ...]


class ImportOutcome(IntEnum):
    """What became of one imported booking."""

    WRITTEN = 0
    KNOWN = 1  # an earlier run wrote it, and it says the same
    CHANGED = 2  # an earlier run wrote it, and it said something else then; left as it is
    SOLD_OUT = 3  # a pool has no place left; nothing was written
    UPDATED = 4  # an earlier run wrote it; now it is as the row says
    CANCELLED = 5  # … and now it is cancelled
    AMBIGUOUS = 6  # an earlier run wrote one whose key may be the same number; nothing was written
