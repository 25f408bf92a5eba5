"""The facts that a decision is made from: slots, pools, and what is booked already."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from wenyue.booking.model.kinds import BookingState, Channel

BANNED_ANY_POLICY: Final = ""  # a ban under this policy code counts everywhere


class OpenLine(Struct, frozen=True, gc=False):
    """A live line of an account on a day that is not over. `scope`: of its named places; None: they are unnamed."""

    slot_id: int
    product_id: int
    venue_id: int
    on_date: date
    quantity: int
    is_money: bool  # costs money: nothing is paid when it is booked
    scope: int | None


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """What never changes about a slot without its pool's revision changing too; cached per process."""

    id: int
    product_id: int
    venue_id: int
    on_date: date
    starts_at: datetime
    ends_at: datetime
    release_at: datetime
    closes_at: datetime
    price_minor: int
    currency: str
    pool_ids: tuple[int, ...]
    channel_pools: dict[str, int]
    is_open: bool
    revision: int
    product_kind: str
    person_rule: str  # venue_day | slot | none
    needs_visitors: bool
    policy_code: str
    is_first_gate: bool
    venue_code: str
    venue_kind: str
    venue_tags: frozenset[str]
    timezone: str = "Asia/Shanghai"  # the venue's wall clock


@dataclass(slots=True)
class LineFacts:
    """A stored line of an existing booking."""

    line_no: int
    slot_id: int
    venue_id: int
    on_date: date
    quantity: int
    price_minor: int
    pool_ids: tuple[int, ...]
    card_id: int | None
    entitlement_no: int | None
    is_live: bool
    places: tuple[tuple[int, bytes, int], ...] = ()  # (visitor number, person key, scope)
    redeemed: int = 0
    came: frozenset[int] = frozenset()  # visitor numbers that went in
    numbers: dict[int, bytes] = field(default_factory=dict[int, bytes])  # visitor number -> number key
    is_missed: bool = False  # nobody came, and it was counted
    staying: int = 0  # of a part of a line that moves alone: the places that stay in the line


@dataclass(slots=True)
class ExistingBooking:
    """A stored booking; `own_key` and `lines` only for bookings that a change request locked.

    `own_key`: the person whose account booked it, if staff saw the document: one that was only typed speaks for nobody.
    """

    id: UUID
    body_hash: bytes
    state: BookingState
    channel: Channel
    holder_id: int | None
    card_id: int | None
    hold_until: datetime | None
    total_minor: int
    currency: str = "CNY"
    own_key: bytes | None = None
    lines: list[LineFacts] = field(default_factory=list[LineFacts])


@dataclass(slots=True)
class PoolFacts:
    """A locked pool. `left` goes down as a batch is decided.

    `target`: the pool is closed, and its capacity goes down to this with every place given back.
    """

    id: int
    kind: str
    capacity: int
    held: int
    sold: int
    is_open: bool
    revision: int
    target: int | None = None

    def follow_target(self) -> None:
        """Bring the capacity down with what was given back; at the target the pool is open again (`booking.follow_target`)."""
        if self.target is not None:
            self.capacity = max(self.target, self.held + self.sold)
            if self.capacity == self.target:
                self.target, self.is_open = None, True

    @property
    def left(self) -> int:
        """Places that can still be given."""
        return self.capacity - self.held - self.sold
