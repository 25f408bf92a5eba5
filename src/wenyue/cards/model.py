"""The cards slice's nouns: what a card type says, the facts of one card, a wanted use, and every refusal.

`CardRules` is the parsed form of `cards.card_type.rules`: everything a card type decides is data in it. Entries are
counted in places: one person admitted once is one.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import IntEnum
from typing import Literal, Protocol

import msgspec

from wenyue.locale import Texts


class CardState(IntEnum):
    """A card's life. Only ACTIVE pays for anything; REPLACED and CANCELLED are the end."""

    PRINTED = 1
    SHIPPED = 2  # can be activated
    ACTIVE = 3
    FROZEN = 4  # 挂失
    REPLACED = 5
    CANCELLED = 6
    EXPIRED = 7


class CardRefusal(IntEnum):
    """Why a card does not pay, smallest first; the same names and numbers as in `booking.Outcome`."""

    CARD_UNKNOWN = 40
    CARD_NOT_ACTIVE = 41
    CARD_FROZEN = 42
    CARD_DEAD = 43
    CARD_NOT_YET_VALID = 44
    CARD_EXPIRED = 45
    CARD_BLACKOUT = 46
    CARD_NOT_COVERED = 47
    CARD_LEAD_TIME = 48
    CARD_PERSON = 49
    CARD_PARTY = 50
    CARD_EXHAUSTED = 51
    CARD_PERIOD = 52
    CARD_INTERVAL = 53
    CARD_SAME_VENUE_DAY = 54
    CARD_OPEN_RESERVATION = 55  # reservations not yet used (上海迪士尼 2020: one)


class HolidayNames(Protocol):
    """What the rules need of `policy.HolidayCalendar`."""

    def holiday_names(self, day: date, /) -> frozenset[str]:
        """The official Chinese names of the holidays in whose days off `day` lies; empty when none."""
        ...


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a card type: immutable, and a misspelt field is an error instead of a rule that is not there."""


class Scope(_Strict, frozen=True, kw_only=True):
    """Which venues and products: every non-empty field must agree; `codes` and `tags` together name the venues."""

    codes: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    except_codes: frozenset[str] = frozenset()
    kinds: frozenset[Literal["attraction", "hotel", "restaurant", "transport"]] = frozenset()
    product_kinds: frozenset[Literal["session", "night", "table", "seat"]] = frozenset()
    gate: Literal["any", "first", "second"] = "any"  # first: 首道门票 only; second: 二次消费 inside only


class Blackout(_Strict, frozen=True, kw_only=True):
    """Days the card does not count: a named holiday, a range of dates, or a range of month-days every year.

    `from_md` after `to_md` runs over New Year. `scope` narrows it (森林防火 closes mountain sites only).
    """

    holiday: str = ""
    from_date: date | None = None
    to_date: date | None = None
    from_md: str = ""  # MM-DD
    to_md: str = ""
    scope: Scope | None = None
    note_zh: str = ""


class Limit(_Strict, frozen=True, kw_only=True):
    """At most `max` entries in each calendar day, ISO week or calendar month, or on the whole card."""

    max: int
    per: Literal["day", "week", "month", "card"]
    by: Literal["venue", "all"] = "all"


class EntitlementRule(_Strict, frozen=True, kw_only=True):
    """One pool of entries: `granted` None is 不限; the pool's number is its place in the list."""

    name: Texts
    granted: int | None = None
    scope: Scope = Scope()
    limits: tuple[Limit, ...] = ()
    interval_days: int = 0  # days that must lie between two visits of one venue; 0: none


class Activation(_Strict, frozen=True, kw_only=True):
    """How long after issue a card can be activated, and whether it starts by itself."""

    within_months: int | None = None
    within_days: int | None = None
    until: date | None = None
    auto_after_days: int | None = None  # validity starts then at the latest, activated or not


class Validity(_Strict, frozen=True, kw_only=True):
    """When the card starts counting and for how long; both ends are included."""

    starts: Literal["activation", "issue", "fixed", "first_use"] = "activation"
    plus_days: int = 0  # effective that many days later
    fixed_from: date | None = None
    months: int | None = None
    days: int | None = None
    until: date | None = None  # the last day whatever the length says


class Lead(_Strict, frozen=True, kw_only=True):
    """How early at the latest: minutes before the start, and calendar days before (until a wall time, if given)."""

    minutes: int = 0
    days: int = 0
    until: time | None = None


class Release(_Strict, frozen=True, kw_only=True):
    """How early at the earliest: `days` before the visit, from `time` on (venue wall clock)."""

    days: int
    time: time


class CardRules(_Strict, frozen=True, kw_only=True):
    """Everything a card type decides. Made by `parse_rules`, which also checks what a type cannot."""

    person_type: Literal["single", "family", "parent_child", "senior"] = "single"
    medium: Literal["physical", "electronic", "both"] = "both"
    price_minor: int = 0
    replacement_fee_minor: int = 0
    sold_from_md: str = ""  # the yearly sales window, MM-DD; empty: all year
    sold_to_md: str = ""
    holder_age_min: int | None = None  # at activation, full years
    holder_age_max: int | None = None
    companions_max: int = 0  # named persons besides the holder
    companion_age_max: int | None = None
    admits: Literal["holder", "named", "anyone"] = "holder"
    needs_holder: bool = False  # the holder must be one of the visitors
    party_max: int = 1  # entries in one line
    open_max: int | None = None  # reservations not yet used
    activation: Activation = Activation()
    validity: Validity = Validity()
    blackouts: tuple[Blackout, ...] = ()
    lead: Lead = Lead()
    release: Release | None = None
    limits: tuple[Limit, ...] = ()  # over all entitlements together
    entitlements: tuple[EntitlementRule, ...]


class CardType(_Strict, frozen=True, kw_only=True):
    """One card type: its code, its names, its rules, and where the rules come from."""

    code: str
    name: Texts
    source: str
    is_demo: bool = False
    rules: CardRules


class EntitlementFacts(msgspec.Struct, gc=False):
    """A locked entitlement row. `used` changes while a batch is decided."""

    granted: int | None
    used: int


@dataclass(frozen=True, slots=True)
class Use:
    """Entries this card already pays for: a live line. `is_redeemed`: everybody in it has gone in."""

    venue_id: int
    on_date: date
    entitlement_no: int
    quantity: int
    is_redeemed: bool = field(default=False, compare=False)


class CardFacts(msgspec.Struct):
    """A locked card. `entitlements` and `uses` change while a batch is decided (`take`, `give_back`)."""

    id: int
    type_code: str
    state: CardState
    valid_from: date | None
    valid_to: date | None
    holder_key: bytes | None
    holder_id: int | None
    companions: frozenset[bytes] = frozenset()
    entitlements: dict[int, EntitlementFacts] = msgspec.field(default_factory=dict[int, EntitlementFacts])
    uses: list[Use] = msgspec.field(default_factory=list[Use])

    def take(self, use: Use) -> None:
        """Note a use that was just granted, so that the next decision in the batch sees it."""
        self.entitlements[use.entitlement_no].used += use.quantity
        self.uses.append(use)

    def give_back(self, use: Use) -> None:
        """Undo one earlier `take` (or loaded use) equal to `use`. Raises ValueError when there is none."""
        self.uses.remove(use)
        self.entitlements[use.entitlement_no].used -= use.quantity


class WantedUse(msgspec.Struct, gc=False):
    """One line a card is asked to pay for. `starts_at` is venue-local, as `now_local` is."""

    venue_id: int
    venue_code: str
    venue_kind: str
    venue_tags: frozenset[str]
    product_kind: str
    is_first_gate: bool
    on_date: date
    starts_at: datetime
    quantity: int
    person_keys: tuple[bytes, ...] = ()
