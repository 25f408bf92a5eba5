"""Everything a batch is decided from; decisions move it forward, so that later ones see earlier ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from wenyue.booking.model import ExistingBooking, OpenLine, PoolFacts, SlotFacts
from wenyue.cards import CardFacts, CardRules
from wenyue.core.clock import zone
from wenyue.policy import AccountLimits, HolidayCalendar, Preset


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules that operators configure; replaced as a whole when they change."""

    card_types: Mapping[str, CardRules]
    presets: Mapping[str, Preset]
    calendar: HolidayCalendar
    timezone: str = "Asia/Shanghai"
    limits: AccountLimits = field(default_factory=AccountLimits)
    has_open_cards: bool = field(
        init=False
    )  # some type of card pays for whoever its holder names in a booking

    def __post_init__(self) -> None:
        is_open = any(rules.admits == "anyone" for rules in self.card_types.values())
        object.__setattr__(self, "has_open_cards", is_open)


@dataclass(slots=True)
class Facts:
    """The state of the world for one batch, at `now`, under lock where it counts."""

    now: datetime
    book: Rulebook
    is_locked: bool = (
        True  # the pools are locked; otherwise they were read with room to spare and are guarded
    )
    slots: dict[int, SlotFacts] = field(default_factory=dict[int, SlotFacts])
    pools: dict[int, PoolFacts] = field(default_factory=dict[int, PoolFacts])
    cards: dict[int, CardFacts] = field(default_factory=dict[int, CardFacts])
    existing: dict[UUID, ExistingBooking] = field(default_factory=dict[UUID, ExistingBooking])
    places: set[tuple[bytes, date, int]] = field(default_factory=set[tuple[bytes, date, int]])
    bans: dict[bytes, list[tuple[str, datetime]]] = field(
        default_factory=dict[bytes, list[tuple[str, datetime]]]
    )
    numbers: set[tuple[bytes, date, int]] = field(default_factory=set[tuple[bytes, date, int]])
    open: dict[int, dict[tuple[UUID, int], OpenLine]] = field(
        default_factory=dict[int, dict[tuple[UUID, int], OpenLine]]
    )  # holder -> (booking, line) -> what the account has
    # Holders of one request in this batch: nobody looks at what they have afterwards.
    once: set[int] = field(default_factory=set[int])
    # Person -> (the accounts that are theirs, keys of the names they are known under), of the visitors whose names are compared.
    names: dict[bytes, tuple[set[int | None], set[bytes]]] = field(
        default_factory=dict[bytes, tuple[set[int | None], set[bytes]]]
    )
    holds: dict[int, int] = field(default_factory=dict[int, int])  # holder -> live holds
    cancels: dict[bytes, list[tuple[str, date]]] = field(default_factory=dict[bytes, list[tuple[str, date]]])
    moved: dict[int, int] = field(default_factory=dict[int, int])  # holder -> moves of today, at the venues
    ended: set[str] = field(default_factory=set[str])  # logins of the batch that are good no more
    local_now: datetime = field(init=False)  # `now` on the venues' wall clock

    def __post_init__(self) -> None:
        self.local_now = self.now.astimezone(zone(self.book.timezone))


def account_subject(holder_id: int) -> bytes:
    """The key under which strikes and bans of an account are kept (persons have their person key)."""
    return b"account:%d" % holder_id
