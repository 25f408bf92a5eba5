"""What a batch's decisions write: rows to insert, counters to move, state to change. Filled by rules, applied by store."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from wenyue.booking.model import BookingState, EventKind
from wenyue.policy import StrikeKind


class BookingRow(Struct, frozen=True, gc=False):
    """A new row of booking.booking; bytes travel as base64."""

    id: UUID
    body_hash: bytes
    state: int
    channel: int
    holder_id: int | None
    card_id: int | None
    hold_until: datetime | None
    total_minor: int
    currency: str
    party: bytes
    source: str | None
    source_key: str | None


class LineRow(Struct, frozen=True):
    """A new row of booking.line."""

    booking_id: UUID
    line_no: int
    slot_id: int
    product_id: int
    venue_id: int
    on_date: date
    quantity: int
    price_minor: int
    pool_ids: tuple[int, ...]
    card_id: int | None
    entitlement_no: int | None


class PlaceRow(Struct, frozen=True, gc=False, omit_defaults=True):
    """A new row of booking.place."""

    booking_id: UUID
    line_no: int
    visitor_no: int
    person_key: bytes
    scope: int
    on_date: date
    number_key: bytes | None = None


class TakenOutRow(Struct, frozen=True, gc=False):
    """A named place that left a line; the line keeps `quantity` places (0: it is given back whole).

    `is_disowned`: its person took it out; else whoever booked it gave it back.
    """

    booking_id: UUID
    line_no: int
    visitor_no: int
    quantity: int
    is_disowned: bool


class StateRow(Struct, frozen=True, gc=False):
    """A state change of an existing booking."""

    id: UUID
    state: int
    hold_until: datetime | None
    total_minor: int


class ReasonRow(Struct, frozen=True, gc=False):
    """Why a booking was cancelled, sealed."""

    id: UUID
    reason: bytes


class AuditRow(Struct, frozen=True):
    """One entry of the record: who did what to which booking."""

    at: datetime
    actor: str
    action: str
    subject: UUID
    detail: dict[str, object] | None


@dataclass(slots=True)
class Strike:
    """A counted failure: a missed visit, a late cancellation or a cancellation that a preset limits."""

    subjects: tuple[bytes, ...]
    policy_code: str
    kind: StrikeKind
    on_date: date
    booking_id: UUID


def _no_events() -> list[dict[EventKind, list[UUID]]]:
    return [{}]


@dataclass(slots=True)
class Effects:
    """Everything one batch writes."""

    now: datetime
    bookings: list[BookingRow] = field(default_factory=list[BookingRow])
    lines: list[LineRow] = field(default_factory=list[LineRow])
    places: list[PlaceRow] = field(default_factory=list[PlaceRow])
    states: list[StateRow] = field(default_factory=list[StateRow])
    reasons: list[ReasonRow] = field(default_factory=list[ReasonRow])
    released: list[tuple[UUID, int]] = field(
        default_factory=list[tuple[UUID, int]]
    )  # (booking, line) given back
    missed: list[tuple[UUID, int]] = field(default_factory=list[tuple[UUID, int]])  # (booking, line)
    taken_out: list[TakenOutRow] = field(default_factory=list[TakenOutRow])
    pools: dict[int, list[int]] = field(
        default_factory=dict[int, list[int]]
    )  # id -> [held delta, sold delta]
    entitlements: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    audit: list[AuditRow] = field(default_factory=list[AuditRow])
    events: list[dict[EventKind, list[UUID]]] = field(
        default_factory=_no_events
    )  # in order; each booking once in each
    strikes: list[Strike] = field(default_factory=list[Strike])
    moved: dict[int, int] = field(default_factory=dict[int, int])  # holder -> moves
    told: set[UUID] = field(default_factory=set[UUID])  # who is in the last of `events`
    replays: int = 0

    @property
    def is_empty(self) -> bool:
        """Nothing to write."""
        return not (self.bookings or self.states or self.lines)

    def move_pools(self, pool_ids: tuple[int, ...], state: BookingState, quantity: int) -> None:
        """Draw `quantity` places (negative: give back) from each pool's counter for `state`."""
        column = 0 if state is BookingState.HELD else 1
        for pool_id in pool_ids:
            self.pools.setdefault(pool_id, [0, 0])[column] += quantity

    def spend(self, card_id: int, no: int, quantity: int) -> None:
        """Use (negative: return) an entitlement."""
        key = (card_id, no)
        self.entitlements[key] = self.entitlements.get(key, 0) + quantity

    def append_event(self, kind: EventKind, booking_id: UUID) -> None:
        """Append to the log of events: one row a kind, and further rows for a booking to which more than one thing happened."""
        if booking_id in self.told:
            self.events.append({})
            self.told.clear()
        self.told.add(booking_id)
        self.events[-1].setdefault(kind, []).append(booking_id)

    def record(
        self, actor: str, action: str, booking_id: UUID, detail: dict[str, object] | None = None
    ) -> None:
        """Append to the audit record."""
        self.audit.append(AuditRow(self.now, actor, action, booking_id, detail))
