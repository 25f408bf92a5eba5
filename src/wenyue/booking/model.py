"""The booking slice's nouns: requests, outcomes, the facts a decision is made from, and what a decision writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from wenyue.events import BookingEvent, Event, kinds
from wenyue.policy import Reached, StrikeKind


class BookingState(IntEnum):
    """A booking's life. HELD and CONFIRMED draw from pools; a NO_SHOW keeps what it drew."""

    HELD = 1
    CONFIRMED = 2
    CANCELLED = 3
    EXPIRED = 4
    NO_SHOW = 5


class Channel(IntEnum):
    """Where a booking came from; a slot may keep a reserve (a pool of its own) for a channel."""

    ONLINE = 1
    PHONE = 2
    WINDOW = 3
    GROUP = 4
    OTA = 5
    ELDERLY = 6
    EMERGENCY = 7


class EventKind(IntEnum):
    """What travellers are told about a booking; messages are kept under its number."""

    CONFIRMED = 1
    HELD = 2
    CANCELLED = 3
    RESCHEDULED = 4
    EXPIRED = 5
    NO_SHOW = 6
    DISOWNED = 7

    @property
    def event(self) -> type[BookingEvent]:
        """The event of the log that it is."""
        return _EVENTS[self]

    @classmethod
    def of(cls, event: type[Event]) -> "EventKind":
        """What kind an event of the log is. Raises KeyError for one of which travellers are not told."""
        return _KINDS[event]


_EVENTS: Final[Mapping[EventKind, type[BookingEvent]]] = {
    EventKind.CONFIRMED: kinds.BookingConfirmed,
    EventKind.HELD: kinds.BookingHeld,
    EventKind.CANCELLED: kinds.BookingCancelled,
    EventKind.RESCHEDULED: kinds.BookingMoved,
    EventKind.EXPIRED: kinds.BookingExpired,
    EventKind.NO_SHOW: kinds.BookingNotCome,
    EventKind.DISOWNED: kinds.PlaceDisowned,
}
_KINDS: Final[Mapping[type[Event], EventKind]] = {one: kind for kind, one in _EVENTS.items()}


class Outcome(IntEnum):
    """Every answer the engine can give, in order of precedence: a request gets the smallest that applies.

    0-9 the place is had; 10-19 transient, the same request may be sent again; 20 and above it was decided.
    """

    CONFIRMED = 0
    HELD = 1
    CANCELLED = 2
    RESCHEDULED = 3

    BUSY = 10  # the queue is full or the database is away: nothing was done
    TOO_LATE = 11  # the deadline passed before the request was started: nothing was done
    UNKNOWN = 12  # the connection died during COMMIT: ask again with the same id
    STALE_FACTS = 13  # internal: a cached fact changed under the batch; the batcher decides again

    ID_REUSED = 20  # this id was used with another body
    NOT_FOUND = 21
    WRONG_STATE = 22  # e.g. confirming a cancelled booking
    ALREADY_REDEEMED = 23
    TERMS_FORBID = 24  # the cancellation or change deadline has passed
    LOGIN_ENDED = 25  # the login that asked was ended or ran out meanwhile: nothing was done
    LINE_UNKNOWN = 26  # a move names a line that the booking has no more, or one twice; `lines` are there

    SLOT_UNKNOWN = 30
    SLOT_CLOSED = 31  # 闭园
    NOT_RELEASED = 32  # 未开放
    SALES_ENDED = 33
    CHANNEL_CLOSED = 34
    PRICE_CHANGED = 35
    CURRENCIES_MIXED = 36  # one booking is paid in one currency

    CARD_UNKNOWN = 40
    CARD_NOT_ACTIVE = 41
    CARD_FROZEN = 42
    CARD_DEAD = 43  # replaced or cancelled
    CARD_NOT_YET_VALID = 44
    CARD_EXPIRED = 45
    CARD_BLACKOUT = 46
    CARD_NOT_COVERED = 47  # the product is not in the card's scope
    CARD_LEAD_TIME = 48
    CARD_PERSON = 49  # a visitor who is neither holder nor a companion the card allows
    CARD_PARTY = 50
    CARD_EXHAUSTED = 51
    CARD_PERIOD = 52  # per-day, -week or -month limit reached
    CARD_INTERVAL = 53
    CARD_SAME_VENUE_DAY = 54  # once per day per venue
    CARD_OPEN_RESERVATION = 55  # so many unused reservations at a time

    ACCOUNT_BANNED = 60
    PARTY_SIZE = 62  # of one line, or of everything that the account has there
    MINOR_ALONE = 63
    VISITORS_NEEDED = 64
    TOO_MANY_OPEN = 65
    CANCEL_LIMIT = 66
    PERSON_REPEATED = 67  # this very request names the person twice for one day (or session)
    MOVE_LIMIT = 69  # this booking was moved as often as its account may

    SOLD_OUT = 80
    DAY_FULL = 81  # approved carrying capacity of the day
    CHANNEL_FULL = 82

    # What tells something of a person who may be somebody else comes last: only whoever would have booked them hears it.
    NAME_DIFFERS = 90  # staff saw another name on the document; looked at before anything else of the person
    PERSON_BANNED = 91
    PERSON_TWICE = 92  # this person already has a place that day (or in that session)
    NUMBER_TWICE = 93  # the document's number has a place there under another kind or nationality

    @property
    def is_success(self) -> bool:
        """The caller has what it asked for."""
        return self < Outcome.BUSY

    @property
    def is_transient(self) -> bool:
        """The same request with the same id may succeed a moment later."""
        return Outcome.BUSY <= self < Outcome.ID_REUSED

    @property
    def is_full(self) -> bool:
        """No capacity is left."""
        return Outcome.SOLD_OUT <= self < Outcome.NAME_DIFFERS

    @property
    def tells_of_person(self) -> bool:
        """It says something of a document that may be somebody else's: who asked is counted for it."""
        return self >= Outcome.NAME_DIFFERS or self is Outcome.CARD_PERSON


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


class Visitor(Struct, frozen=True, gc=False):
    """One named person of a request; `person_key` is the keyed index of the identity document.

    `number_key`: that of its bare number (`Document.bare_number`), where kind and nationality do not follow from it.
    `name_key`: of the name (`accounts.name_key`), where it is to be compared with the names under which the person is known.
    """

    person_key: bytes
    birth: date | None
    number_key: bytes | None = None
    name_key: bytes | None = None


class WantedLine(Struct, frozen=True, gc=False):
    """One slot and how many places of it. `visitors` are indexes into the request's visitors (empty: unnamed places)."""

    slot_id: int
    quantity: int
    visitors: tuple[int, ...] = ()
    is_on_card: bool = False  # a card entitlement pays
    price_minor: int | None = None  # the price the person was shown, per place; None: whatever it is


class BookingRequest(Struct, frozen=True, gc=False):
    """Book every line, or none. `id` was minted by the client and makes the request idempotent."""

    id: UUID
    body_hash: bytes
    channel: Channel
    holder_id: int | None
    card_id: int | None
    lines: tuple[WantedLine, ...]
    visitors: tuple[Visitor, ...]
    party: bytes  # sealed
    is_hold: bool = False
    hold_ttl_s: int = 900
    actor: str = "traveller"
    source: str | None = None
    source_key: str | None = None
    login: str = (
        ""  # `Login.key` of who asks, looked at again in the batch's transaction; "": the system acts
    )

    def __repr__(self) -> str:
        return f"BookingRequest({self.id}, {len(self.lines)} lines, {len(self.visitors)} visitors)"


class ChangeKind(IntEnum):
    """What a change request asks for."""

    CONFIRM = 1
    CANCEL = 2
    EXPIRE = 3
    MOVE = 4
    NO_SHOW = 5
    DISOWN = 6  # a person takes their place out of a booking that somebody else made


class ChangeRequest(Struct, frozen=True, gc=False):
    """Confirm, cancel, expire, move or miss an existing booking. `holder_id` None: an operator or the system acts.

    DISOWN: `person_key` is the person who acts, or who stands before staff, and `slot_id` where their place is.
    """

    kind: ChangeKind
    booking_id: UUID
    actor: str
    holder_id: int | None = None
    moves: tuple[tuple[int, int], ...] = ()  # MOVE: (line number, new slot id)
    reason: bytes = b""  # CANCEL: why, sealed; kept with the booking as long as its party
    is_forced: bool = False  # an operator may cancel past the deadline; no strike follows
    login: str = ""  # as with a booking
    prices: tuple[
        tuple[int, int], ...
    ] = ()  # MOVE: (line number, price that was shown per place); else the line's own
    person_key: bytes = b""
    slot_id: int = 0

    def __repr__(self) -> str:
        return f"ChangeRequest({self.kind.name}, {self.booking_id})"


class Answer(Struct, frozen=True, gc=False):
    """What the engine says to one request. `line` is the index of the line that decided a refusal, `visitor` likewise."""

    outcome: Outcome
    booking_id: UUID
    is_replay: bool = False
    line: int | None = None
    visitor: int | None = None
    at: datetime | None = (
        None  # NOT_RELEASED: the release instant; PERSON_BANNED, ACCOUNT_BANNED, CANCEL_LIMIT: until; CARD_LEAD_TIME: earliest
    )
    hold_until: datetime | None = None
    total_minor: int = 0
    state: BookingState | None = None
    currency: str = "CNY"
    reached: Reached | None = None  # PARTY_SIZE, TOO_MANY_OPEN, CANCEL_LIMIT: which limit of the account
    lines: tuple[int, ...] = ()  # LINE_UNKNOWN: the line numbers that are there
    price_minor: int | None = None  # PRICE_CHANGED: what a place of the line costs now
    strikes: tuple[StrikeKind, ...] = ()  # CANCELLED, RESCHEDULED: what it counts as under the presets


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
