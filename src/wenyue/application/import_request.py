"""What reservations of an old system need before they come in, and what they draw from once it is there."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct

from wenyue.booking.slots.importing import NewSlot, Places, SlotDraw
from wenyue.catalogue import Product, Venue


class DrawKey(NamedTuple):
    """A session of a product of a venue, both by code. `starts_at` None: whatever the product has on that date."""

    venue: str
    product: str
    on_date: date
    starts_at: datetime | None


class PrepareImport(Struct, frozen=True):
    """`source`: the old system's data. Venues and products are known by their codes; of `slots` their ids are filled in here."""

    source: str
    venues: tuple[tuple[Venue, str], ...]  # each with its currency
    products: Mapping[str, tuple[Product, ...]]  # by venue
    slots: Mapping[DrawKey, NewSlot]


class Prepared(Struct, frozen=True):
    """What reservations draw from. `places`: left, only of a rehearsal: they go down as rows are rehearsed."""

    venue_ids: dict[str, int]
    today: date
    draws: dict[DrawKey, SlotDraw]
    slots_opened: int
    places: Places
