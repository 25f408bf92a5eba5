"""The accounts slice's nouns: travellers, their common visitors (常用游客), staff, logins."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Final

from msgspec import Struct

from wenyue.core import duties as table
from wenyue.core.documents import Document, mask_document, mask_name
from wenyue.core.duties import Duties, Right
from wenyue.core.personal import Secret

FACTOR_FRESH: Final = timedelta(minutes=10)  # what is risky wants a second factor that was proved since


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """One person as web has parsed them: name (`parse_name`), document (`parse_document`), phone in E.164.

    `birth` is what the person declared; it counts only where the document does not carry a birth date.
    """

    name: str
    document: Document
    phone: str = ""
    birth: date | None = None

    @property
    def born(self) -> date | None:
        """The document's birth date, else the declared one."""
        return self.document.birth or self.birth

    def __repr__(self) -> str:
        return f"Identity({masked_label(self.name, self.document.number)})"


@dataclass(frozen=True, slots=True)
class Traveller:
    """A traveller's account as pages show it; what identifies the person is wrapped."""

    id: int
    person_key: bytes | None
    label: str  # masked: 张*三 11****1949********
    name: Secret[str]
    document_number: Secret[str]
    document_kind: str
    nationality: str | None
    phone: Secret[str]
    birth: date | None
    locale: str

    def is_named(self, name: str) -> bool:
        """Whether this is the name on record: case and blanks do not matter."""
        return _plain(self.name.reveal()) == _plain(name)


@dataclass(frozen=True, slots=True)
class VisitorRecord:
    """One common visitor: what a booking form needs (key, birth, masked label), and the rest wrapped."""

    id: int
    person_key: bytes
    label: str
    is_self: bool
    birth: date | None
    document_kind: str
    nationality: str | None
    name: Secret[str]
    document_number: Secret[str]
    phone: Secret[str]
    expires_on: date | None = None  # last valid day of the document, where it was said


class VisitorRefusal(IntEnum):
    """Why a common visitor was not added."""

    TOO_MANY = 1  # VISITORS_PER_TRAVELLER_MAX are there already
    TOO_OFTEN = 2  # VISITOR_ADDS_PER_DAY tries within a day
    NAME_DIFFERS = 3  # the document is another person's, whose name was proved and is not this


class NameKnown(IntEnum):
    """What is known of the name that somebody gives for another person."""

    NOTHING = 0
    SAME = 1
    ANOTHER = 2


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff, and what they may do (`core.duties`)."""

    id: int
    login: str
    display_name: str
    duties: Duties

    def may(self, right: Right, venue_id: int | None = None, post: str | None = None) -> bool:
        """Whether this person may do it at the venue and post; without a venue: for the whole destination."""
        return table.may(self.duties, right, venue_id, post)

    def may_anywhere(self, right: Right) -> bool:
        """Whether this person may do it at some place: for what belongs to no venue."""
        return table.may_anywhere(self.duties, right)

    def venues_for(self, right: Right) -> frozenset[int] | None:
        """Where this person may do it; None: everywhere."""
        return table.venues_for(self.duties, right)


@dataclass(frozen=True, slots=True)
class StaffRecord:
    """A member of staff in a list. `is_active` false: retired. `has_password` false: cannot sign in."""

    staff: Staff
    is_active: bool
    has_password: bool


class StaffRefusal(IntEnum):
    """Why a staff login failed. WRONG: unknown, retired, or a wrong password; it does not say which."""

    WRONG = 1
    LOCKED = 2  # too many wrong tries from here lately: nothing was checked


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a login of staff begins. `idle_min`: unused for so many minutes it is over; None: never.

    `client`: what it began in, as it is listed: "Chrome · Windows".
    """

    factor_at: datetime | None = None
    idle_min: int | None = None
    client: str = ""


class LoginEnded(Exception):
    """The login was ended, or ran out, since it was looked up: nothing was done."""


class Login(
    Struct, frozen=True
):  # one is made for each traveller who comes: a frozen dataclass takes five times as long
    """Who a token belongs to: exactly one of `traveller_id` and `staff`."""

    traveller_id: int | None
    staff: Staff | None
    expires_at: datetime
    key: str = ""  # the token's SHA-256 in hex: what a change checks in its own transaction; no secret
    device_id: int | None = None  # the gate device on which a PIN began it
    factor_at: datetime | None = None  # when its bearer last proved a second factor
    steps_up: bool = False  # what is risky asks for the factor again
    used_at: datetime | None = None  # of staff, to a few minutes

    def is_factor_old(self, now: datetime) -> bool:
        """Whether what is risky wants the second factor proved once more."""
        return self.steps_up and not self.has_fresh_factor(now)

    def has_fresh_factor(self, now: datetime) -> bool:
        """Whether the second factor was proved lately enough for what is risky."""
        return self.factor_at is not None and timedelta(0) <= now - self.factor_at <= FACTOR_FRESH

    @property
    def actor(self) -> str:
        """As the audit record names them."""
        return f"traveller:{self.traveller_id}" if self.staff is None else f"staff:{self.staff.id}"


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


def masked_label(name: str, number: str) -> str:
    """How a person is shown to themselves in lists: `张*三 11****1949********`."""
    return f"{mask_name(name)} {mask_document(number)}"
