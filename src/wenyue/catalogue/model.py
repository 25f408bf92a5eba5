"""The catalogue's nouns. A row that comes from the database has an id; one that goes in (`id` 0) is known by its code."""

from datetime import date, time
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from wenyue.catalogue.facts import VenueFacts
from wenyue.locale import Texts

VenueKind = Literal["attraction", "hotel", "restaurant", "transport"]
ProductKind = Literal["session", "night", "table", "seat"]
PersonRule = Literal["venue_day", "slot", "none"]
TemplateDayKind = Literal["any", "workday", "weekend", "holiday"]
ReserveChannel = Literal["online", "phone", "window", "group", "ota", "elderly", "emergency"]

_Capacity = Annotated[int, Meta(ge=0, le=10_000_000)]
_Minor = Annotated[int, Meta(ge=0, le=1_000_000_000)]
EVERY_WEEKDAY = 0b111_1111
ROMANISED_NAME: Final = "romanised-name"  # tag of a venue whose English name we made from the Chinese one


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """A place with gates of its own. `code` is its stable name; coordinates are degrees (WGS 84).

    `aliases`: other names by which people look for it, in any language.
    """

    code: str
    kind: VenueKind
    name: Texts
    province: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    level: str = ""
    timezone: str = "Asia/Shanghai"
    tags: tuple[str, ...] = ()
    summary: Texts = {}
    source: str = ""
    is_demo: bool = False
    is_active: bool = True
    aliases: tuple[str, ...] = ()
    facts: VenueFacts = VenueFacts()
    id: int = 0


class OpeningHours(msgspec.Struct, frozen=True):
    """Wall times of one weekday (Monday = 0); a weekday without a row is closed."""

    venue_id: int
    weekday: int
    opens: time
    closes: time
    last_entry: time


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """Something of a venue that is sold by the slot. Money is in minor units (分). `source`: the list that brought it."""

    venue_id: int
    code: str
    kind: ProductKind
    name: Texts
    price_minor: int
    currency: str = "CNY"
    policy_code: str = "default"
    needs_visitors: bool = True
    person_rule: PersonRule = "venue_day"
    is_first_gate: bool = True
    is_active: bool = True
    source: str = ""
    id: int = 0


class PlannedSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One session of a template, in wall time. `ends` not after `starts` means the next day (a room night)."""

    starts: time
    ends: time
    capacity: _Capacity
    label: Texts = {}
    price_minor: _Minor | None = None
    reserves: dict[ReserveChannel, _Capacity] = {}


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """Which sessions a product has on a kind of day. Of the templates that match a date, the highest `priority` wins.

    `weekdays`: bit 0 = Monday. `day_capacity`: the venue's approved carrying capacity of the day, when it has one.
    """

    product_id: int
    valid_from: date
    valid_to: date | None = None
    day_kind: TemplateDayKind = "any"
    weekdays: int = EVERY_WEEKDAY
    priority: int = 0
    day_capacity: int | None = None
    sessions: tuple[PlannedSession, ...]
    id: int = 0


class SessionPlan(msgspec.Struct, frozen=True):
    """One session of one day as `sessions_for` plans it; a session that runs past midnight has `is_overnight`."""

    starts: time
    ends: time
    capacity: int
    label: Texts
    price_minor: int | None
    reserves: dict[ReserveChannel, int]

    @property
    def is_overnight(self) -> bool:
        """`ends` is on the next day."""
        return self.ends <= self.starts


class NewClosure(msgspec.Struct, frozen=True, kw_only=True):
    """A closure to announce: of a venue, or of one of its products; both dates included."""

    venue_id: int
    product_id: int | None = None
    from_date: date
    to_date: date
    reason: Texts
    source: str = ""


class Closure(msgspec.Struct, frozen=True, kw_only=True):
    """An announced closure that nobody lifted."""

    id: int
    venue_id: int
    product_id: int | None
    from_date: date
    to_date: date
    reason: Texts
    source: str
