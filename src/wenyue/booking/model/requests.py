"""What the engine is asked, and what it answers."""

from datetime import date, datetime
from enum import IntEnum
from uuid import UUID

from msgspec import Struct

from wenyue.booking.model.kinds import BookingState, Channel
from wenyue.booking.model.outcomes import Outcome
from wenyue.policy import Reached, StrikeKind


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
    # CANCEL: only these lines, and of these (or of all) only these visitors' places; neither: the whole booking.
    # MOVE: of the lines that move only these visitors' places; none: everybody's.
    lines: tuple[int, ...] = ()
    visitors: tuple[int, ...] = ()
    births: tuple[
        date | None, ...
    ] = ()  # of the party, by visitor number, where some leave it: no minors stay alone
    slots: tuple[int, ...] = ()  # NO_SHOW: which sessions of the booking are over; none: all that have ended

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
