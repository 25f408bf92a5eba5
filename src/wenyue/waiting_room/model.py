"""The nouns of the waiting room: places in the queue, rooms, what its keeper sees, and what a visitor is told."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Final

from wenyue.locale import Texts

RANK_BITS: Final = 48  # a rank is a whole number that every browser computes exactly
RANK_END: Final = 1 << RANK_BITS
TOKEN_TTL_S: Final = 600
TURNS_MAX: Final = 20  # tokens of one account in one room, one after the other
EPOCH_S: Final = 5
POLL_S: Final = 2
RATE_MAX: Final = 2_000.0  # unless an operator says otherwise …
RATE_MOST: Final = 100_000.0  # … and at most this
ROOMS_MAX: Final = 20  # open at once
PRODUCTS_MAX: Final = 50  # of one room
ROOM_DAYS_MAX: Final = 62
EPOCHS_MAX: Final = 20_000  # more than a day of five seconds each
ACCOUNTS_PER_CHUNK: Final = 8_192
CHUNKS_MAX: Final = 20_000  # 163 million accounts, 20 MB


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where somebody stands: the epoch of arrival, then the rank. Smaller comes first."""

    epoch: int = 0
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Pass:
    """What a signed pass says: this account arrived in this epoch."""

    room_id: int
    account_id: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Token:
    """What a signed token says: this account may book until then."""

    room_id: int
    account_id: int
    expires_at: datetime


class RoomState(StrEnum):
    """What a visitor reads about a room."""

    WAITING = "waiting"  # before the release
    OPEN = "open"  # people come in
    PAUSED = "paused"  # an operator has stopped it for a while
    SOLD_OUT = "sold_out"
    CLOSED = "closed"  # nothing is guarded any more


@dataclass(frozen=True, slots=True)
class Room:
    """One room as the database has it. `seed` is None before the release; `onward` is a path of this site."""

    id: int
    code: str
    title: Texts
    venue_id: int | None
    product_ids: tuple[int, ...]
    from_day: date
    to_day: date
    onward: str
    release_at: datetime
    poll_s: int
    epoch_s: int
    rate_max: float
    commitment: bytes
    sealed_seed: bytes = field(repr=False)
    seed: bytes | None
    is_paused: bool
    message: Texts
    created_at: datetime
    released_at: datetime | None
    closed_at: datetime | None
    kept_at: datetime | None
    threshold: Place
    rate: float
    pace: float
    goodput_best: float
    places_left: int | None
    file: str


@dataclass(frozen=True, slots=True)
class NewRoom:
    """What an operator decides."""

    code: str
    title: Texts
    venue_id: int | None
    product_ids: tuple[int, ...]
    from_day: date
    to_day: date
    onward: str
    release_at: datetime
    poll_s: int = POLL_S
    epoch_s: int = EPOCH_S
    rate_max: float = RATE_MAX


@dataclass(frozen=True, slots=True)
class LoadSignal:
    """How one web process fares. `goodput_per_s`: requests answered well; `shed_per_s`: refused for lack of room."""

    goodput_per_s: float = 0.0
    latency_p99_ms: float = 0.0
    limit: float = 0.0
    in_flight: int = 0
    waiting: int = 0
    shed_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many came in which epoch: (epoch, people), in order, none twice."""

    epochs: tuple[tuple[int, int], ...] = ()

    @property
    def total(self) -> int:
        """Everybody."""
        return sum(people for _, people in self.epochs)


class Why(Enum):
    """Why the threshold rises, or does not."""

    RISING = "rising"
    NOT_RELEASED = "not_released"
    PAUSED = "paused"
    SOLD_OUT = "sold_out"
    NO_SIGNAL = "no_signal"  # nobody says how the web processes fare
    SLOW = "slow"
    SHEDDING = "shedding"
    COLLAPSING = "collapsing"  # much less is done than shortly before, though people wait
    ALL_IN = "all_in"  # whoever came is let in


@dataclass(frozen=True, slots=True)
class KeeperFacts:
    """Everything the next threshold is decided from. `load` None: no fresh signal."""

    now: datetime
    kept_at: datetime | None
    released_at: datetime | None
    release_at: datetime
    epoch_s: int
    is_paused: bool
    places_left: int | None
    threshold: Place
    rate: float
    rate_max: float
    pace: float
    goodput_best: float
    crowd: Crowd
    load: LoadSignal | None


@dataclass(frozen=True, slots=True)
class Advance:
    """The next threshold, never below the last one, and what the keeper remembers."""

    threshold: Place
    rate: float
    pace: float
    goodput_best: float
    why: Why


class RoomProblem(StrEnum):
    """Why a pass or a token is not given. Values are codes of the API."""

    UNKNOWN = "room_unknown"
    CLOSED = "room_closed"
    NOT_YOURS = "room_pass_bad"  # not ours, altered, of another room or another account
    NOT_YET = "room_not_yet"
    TURNS_USED = "room_turns_used"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class PassGiven:
    """A pass, what it says, and the code under which its bearer stands in the public record."""

    text: str
    epoch: int
    code: str


@dataclass(frozen=True, slots=True)
class TokenGiven:
    """A token and until when it is good."""

    text: str
    expires_at: datetime


class RefusedFor(StrEnum):
    """Why a booking is refused before anything else is done with it."""

    NOT_ADMITTED = "no_token"
    EXPIRED = "expired"
    NOT_READY = "not_ready"  # this process has not read yet which slots are guarded


@dataclass(frozen=True, slots=True)
class Refusal:
    """A booking that must go through the room first. `address` '' when it is not known yet."""

    reason: RefusedFor
    room_code: str = ""

    @property
    def address(self) -> str:
        """The page of the room."""
        return f"/room/{self.room_code}" if self.room_code else ""


@dataclass(frozen=True, slots=True)
class Step:
    """One rise of the threshold."""

    at: datetime
    threshold: Place


@dataclass(frozen=True, slots=True)
class Exchange:
    """One token that was given: to whom (the public code), where they stood, and the threshold in force."""

    code: str
    turn: int
    place: Place
    threshold: Place
    at: datetime
