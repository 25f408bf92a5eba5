"""The trip: what a traveller has put together but not booked yet, kept in a signed cookie without personal data."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from wenyue.container import Services
from wenyue.core.personal import Vault
from wenyue.web.shared import whole_number
from wenyue.web.shared.forms import parse_day
from wenyue.web.shared.session import clear_cookie, read_cookie, set_cookie, signed, unsigned

TRIP_COOKIE: Final = "wy_trip"
TRIP_ITEMS_MAX: Final = 30
TRIP_PEOPLE_MAX: Final = 21
_TRIP_AGE_S: Final = 24 * 3600
_BIGGEST_ID: Final = 2**63 - 1
_COUNT_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class TripItem:
    """One slot, found again by its product and day; `count` is for places that carry no names."""

    product_id: int
    on_date: date
    slot_id: int
    count: int = 1

    def written(self) -> str:
        """`product.date.slot.count`, as in the cookie and in hidden fields."""
        return f"{self.product_id}.{self.on_date:%Y%m%d}.{self.slot_id}.{self.count}"


@dataclass(frozen=True, slots=True)
class Trip:
    """Items in the order they were chosen, and the visitors (ids of the traveller's own list)."""

    items: tuple[TripItem, ...] = ()
    people: tuple[int, ...] = ()

    def adding(self, items: tuple[TripItem, ...]) -> "Trip":
        """With further items; a slot chosen again takes the new count. Beyond TRIP_ITEMS_MAX nothing is added."""
        new = {item.slot_id for item in items}
        kept = tuple(item for item in self.items if item.slot_id not in new)
        return replace(self, items=(kept + items)[:TRIP_ITEMS_MAX])

    def without(self, slot_id: int) -> "Trip":
        """Without one slot."""
        return replace(self, items=tuple(item for item in self.items if item.slot_id != slot_id))


def parse_item(raw: str) -> TripItem | None:
    """What `written` wrote; None for anything else."""
    parts = raw.split(".")
    if len(parts) != 4 or len(parts[1]) != 8:
        return None
    product_id = whole_number(parts[0], 1, _BIGGEST_ID)
    slot_id = whole_number(parts[2], 1, _BIGGEST_ID)
    count = whole_number(parts[3], 1, _COUNT_MAX)
    on_date = parse_day(f"{parts[1][:4]}-{parts[1][4:6]}-{parts[1][6:]}")
    if product_id is None or slot_id is None or count is None or on_date is None:
        return None
    return TripItem(product_id, on_date, slot_id, count)


def trip_of(request: Request, vault: Vault) -> Trip:
    """The trip in the request's cookie; an empty one when there is none or it was altered."""
    written = unsigned(read_cookie(request, TRIP_COOKIE), vault, "trip")
    if not written:
        return Trip()
    items_part, _, people_part = written.partition("|")
    items = [item for item in map(parse_item, items_part.split("~")[:TRIP_ITEMS_MAX]) if item]
    people = [
        one for raw in people_part.split("~")[:TRIP_PEOPLE_MAX] if (one := whole_number(raw, 1, _BIGGEST_ID))
    ]
    return Trip(tuple(items), tuple(people))


def set_trip(response: Response, trip: Trip, services: Services) -> None:
    """Keep the trip in the browser, or forget an empty one."""
    is_secure = services.settings.web.is_secure
    if not trip.items and not trip.people:
        clear_cookie(response, TRIP_COOKIE, is_secure=is_secure)
        return
    written = "~".join(item.written() for item in trip.items) + "|" + "~".join(map(str, trip.people))
    set_cookie(
        response, TRIP_COOKIE, signed(written, services.vault, "trip"), is_secure=is_secure, age_s=_TRIP_AGE_S
    )
