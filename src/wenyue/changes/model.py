"""The changes slice's nouns: what an operator proposed, what it would touch, and what became of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

LASTS: Final = timedelta(hours=24)  # a proposal that nobody decided upon
DELAY: Final = timedelta(minutes=10)  # before what one operator proposed alone takes effect
REVIEWED_WITHIN: Final = timedelta(hours=24)
REASON_LENGTH_MAX: Final = 200
WAITING_OF_PERSON_MAX: Final = 20  # proposals of one person that wait at a time
WAITING_OF_VENUE_MAX: Final = 60  # and of one venue: nobody fills the list of those who decide
OF_PERSON_A_DAY_MAX: Final = 1_000  # everything that one person proposes in 24 hours
LISTED_MAX: Final = 100
PAGES_MAX: Final = 100
BOUND_MAX: Final = 10**12
GROWTH_MIN: Final = (
    100  # places that may be taken more than when it was proposed, where nobody stated a bound
)


class Effect(StrEnum):
    """Which way a change goes."""

    RESTRICTS = "restricts"  # stops sales, closes, lowers a cap: one person, at once, reviewed afterwards
    LOOSENS = "loosens"  # opens, refunds, cancels, changes a price: a second person first


class State(StrEnum):
    """What became of a proposal."""

    WAITING = "waiting"
    APPLIED = "applied"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    FAILED = "failed"  # approved, or its time had come, and the act itself refused by then


class Refusal(StrEnum):
    """Why a decision was not taken; nothing was changed by it."""

    OWN = "own_change"  # whoever proposed it does not approve it
    NOT_OWN = "not_own_change"  # only whoever proposed it withdraws it
    DECIDED = "change_decided"
    EXPIRED = "change_expired"
    DIFFERENT = "change_different"  # it is not what the person saw
    MOVED_ON = "change_moved_on"  # what it would change has changed meanwhile: propose it again
    BEYOND_BOUNDS = "change_beyond_bounds"  # it touches more by now than was stated: propose it again
    NOT_REVIEWABLE = "change_not_reviewable"  # it did not take effect by one person, or was reviewed
    BOUNDS_LOW = "change_bounds_low"  # it touches more already than was stated
    TOO_MANY = "change_too_many"  # as many as may wait, or as one person may propose in a day
    ID_REUSED = "change_id_reused"  # something else was proposed under this id
    NOTHING = "change_nothing"  # everything is as it is asked for already
    LEFT = "change_proposer_left"  # whoever proposed it may not any more: it is taken back
    FACTOR_OLD = "change_factor_old"  # whoever decides proves their second factor once more
    UNKNOWN = "change_unknown"  # there is none, or its venue is not theirs


class Counts(Struct, frozen=True):
    """What a change touches now. `money_minor`: of all its places, in minor units (分)."""

    sessions: int = 0
    places: int = 0
    money_minor: int = 0


class Load(Struct, frozen=True):
    """What was proposed already: waiting, of the person and of the venue; and by the person within 24 hours."""

    of_person: int
    of_venue: int
    in_a_day: int


class Bounds(Struct, frozen=True):
    """What it may touch at most when it takes effect: live counts move within them, beyond them it is proposed again."""

    places: int
    money_minor: int


class Looked(Struct, frozen=True):
    """A change as it would be done now. `was`: the changed fields as they are; plain JSON values."""

    venue_id: int | None  # None: every venue
    effect: Effect
    was: Mapping[str, Any]
    counts: Counts
    is_other: bool = True  # anything would be other than it is


class Change(Struct, frozen=True):
    """A proposal. `request` is what the act `kind` is asked, as plain JSON values; `digest` binds a decision to all of it.

    `applies_at`: when it takes effect by itself, where one operator works alone. `review_by`: until when somebody else looks
    at what took effect by one person.
    """

    id: UUID
    kind: str
    venue_id: int | None
    effect: Effect
    request: Mapping[str, Any]
    was: Mapping[str, Any]
    counts: Counts
    bounds: Bounds
    reason: str
    digest: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    state: State = State.WAITING
    applies_at: datetime | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    decision: str = ""  # what whoever decided said of it, or why it failed
    review_by: datetime | None = None
    reviewed_by: str = ""
    reviewed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything is still decided about it."""
        return self.state is State.WAITING

    @property
    def awaits_review(self) -> bool:
        """Whether it took effect by one person and nobody else has looked yet."""
        return self.review_by is not None and self.reviewed_at is None
