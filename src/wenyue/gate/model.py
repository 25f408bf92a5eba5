"""The gate slice's nouns: what is asked, what is known, and every answer a gate can give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from wenyue.accounts import Staff
from wenyue.booking import Admission
from wenyue.locale import Texts

PRESENTED_LENGTH_MAX: Final = 600  # characters a scanner or a person may send
GATE_NAME_MAX: Final = 40
REASON_LENGTH_MAX: Final = 200
UNDO_WINDOW_S: Final = 2 * 3600
RECENT_MAX: Final = 50
PARTY_MAX: Final = 50
WHY_SHARED_NUMBER: Final = "shared_number"  # several persons have this number: choose by nationality and name
PERSONS_MAX: Final = 5  # of one document number, whose places are looked at
DIRECTIONS_MAX: Final = 3  # visits named beside a refusal


class Reason(StrEnum):
    """Why the gate opens or not. The values are stable: they are stored and sent; the wording is web's."""

    ADMIT = "admit"
    CHOOSE_VISITOR = "choose_visitor"  # a party: which of them stands here?
    UNDONE = "undone"  # 已撤销: this scan let somebody in and was taken back since; never decided, only told of an ADMIT

    ALREADY_USED = "already_used"  # 已核销
    NOT_YET = "not_yet"  # 未生效
    WRONG_DAY = "wrong_day"  # 非当日
    EXPIRED = "expired"  # 已过期
    WRONG_VENUE = "wrong_venue"  # 非本场馆
    VENUE_CLOSED = "venue_closed"  # 闭园
    CANCELLED = "cancelled"  # 已取消
    HELD_UNPAID = "held_unpaid"  # 未确认
    CARD_FROZEN = "card_frozen"  # 已挂失
    CARD_DEAD = "card_dead"  # 已补卡 / 已注销
    CARD_NOT_ACTIVE = "card_not_active"  # 未激活
    CARD_EXPIRED = "card_expired"  # 卡已到期
    PERSON_BANNED = "person_banned"
    NEEDS_MANUAL = "needs_manual"  # 人工通道
    SHOW_DOCUMENT = "show_document"  # 出示证件: others booked for the person whose document the card's account only claims
    MINOR_WAITS = "minor_waits"  # a minor ahead of the accompanying adult

    UNKNOWN_CODE = "unknown_code"
    BAD_SIGNATURE = "bad_signature"
    DOCUMENT_INVALID = "document_invalid"
    NO_BOOKING = "no_booking"  # 此证件今日无预约
    NOT_IN_PARTY = "not_in_party"


class Presented(StrEnum):
    """What kind of thing was held up."""

    VOUCHER = "voucher"
    CODE = "code"
    CARD = "card"
    DOCUMENT = "document"
    NOTHING = "nothing"  # unreadable


class CardStanding(StrEnum):
    """What a card's state means at a gate."""

    GOOD = "good"
    FROZEN = "frozen"
    DEAD = "dead"
    NOT_ACTIVE = "not_active"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that what was presented could mean, with what the rules need beside it."""

    place: Admission
    entry_early_s: int = 0  # the preset's grace
    entry_late_s: int = 0
    birth: date | None = None
    minor_age_max: int | None = (
        None  # up to this age a person needs an adult of the same line inside; None: no rule
    )
    card: CardStanding = CardStanding.GOOD
    closed: Texts | None = None  # closed that day: why
    is_presented: bool = True  # false: only the party's company of the person who stands here
    is_withheld: bool = (
        False  # somebody else booked it for whoever has the document, which the card's account only typed
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything one admission is decided from."""

    presented: Presented
    venue_id: int
    today: date  # at the venue
    problem: Reason | None = None  # what was presented could not be read, or means nothing
    card: CardStanding = CardStanding.GOOD  # of a card that was presented itself
    candidates: tuple[Candidate, ...] = ()
    visitor_no: int | None = None  # the gate keeper's choice …
    line_no: int | None = None  # … and of which line, when one person has several
    is_ambiguous: bool = False  # a typed code that two bookings share
    is_shared_number: bool = False  # a document's number that several persons have: which of them?
    banned: Mapping[bytes, datetime] = field(
        default_factory=dict[bytes, datetime]
    )  # persons banned everywhere: until


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision. `at`: used at (at which `gate`, by which scan), opens at, or closed at."""

    reason: Reason
    place: Admission | None = None
    at: datetime | None = None
    gate: str = ""
    scan_id: UUID | None = None
    choices: tuple[Admission, ...] = ()  # CHOOSE_VISITOR: who may go in now
    others: tuple[Admission, ...] = ()  # refused: what else is booked, the next first
    waiting: tuple[Admission, ...] = ()  # minors of the same party, who may follow an adult

    @property
    def is_admitted(self) -> bool:
        """The gate opens."""
        return self.reason is Reason.ADMIT


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One presentation at a gate. `scan_id` was minted by the gate: the same scan twice is one scan."""

    scan_id: UUID
    venue_id: int
    gate: str
    staff_id: int | None
    presented: str = field(repr=False)
    visitor_no: int | None = None
    line_no: int | None = None
    venue_ids: frozenset[int] | None = None  # where the keeper may let people in; None: everywhere


class Choice(msgspec.Struct, frozen=True):
    """One place of a party that the gate keeper may pick. Names are masked, filled in for showing and never stored."""

    booking_id: UUID
    line_no: int
    visitor_no: int
    quantity: int
    product: Texts
    is_waiting: bool = False  # a minor: only after an adult of the same line
    kind: str = (
        ""  # of the document, and its nationality (ISO 3166 alpha-3), where several persons have the number
    )
    nationality: str = ""
    name: str = ""
    document: str = ""


class Visit(msgspec.Struct, frozen=True):
    """Where and when a person is expected instead."""

    venue_id: int
    venue: Texts
    product: Texts
    on_date: date
    starts_at: datetime
    timezone: str


class ScanAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate shows; the same again for the same scan. Everything but names and documents is stored.

    `when`: used at (ALREADY_USED), opens at (NOT_YET, WRONG_DAY), closed at (EXPIRED). `why`: the documents error
    code behind DOCUMENT_INVALID; WHY_SHARED_NUMBER with CHOOSE_VISITOR. `others`: the next visits of whoever is
    refused. `visitor_no` counts from 0; `quantity` places were admitted by an ADMIT.
    UNDONE, with `undone_at`: an ADMIT that was taken back since; ADMIT is what is stored.
    """

    scan_id: UUID
    at: datetime
    venue_id: int
    gate: str
    reason: Reason
    presented: Presented
    why: str = ""
    booking_id: UUID | None = None
    line_no: int | None = None
    visitor_no: int | None = None
    quantity: int = 0
    venue: Texts = {}
    product: Texts = {}
    label: Texts = {}
    timezone: str = "Asia/Shanghai"
    on_date: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    when: datetime | None = None
    used_gate: str = ""
    used_scan_id: UUID | None = None  # the scan that used the place: what an undo names
    closed: Texts = {}
    choices: tuple[Choice, ...] = ()
    others: tuple[Visit, ...] = ()
    is_elsewhere: bool = False  # something is booked today, at a venue that is not this keeper's to know
    name: str = ""
    document: str = ""
    is_replay: bool = False
    undone_at: datetime | None = None


class UndoOutcome(StrEnum):
    """What became of taking a scan back."""

    UNDONE = "undone"  # also when it was before
    UNKNOWN_SCAN = "unknown_scan"  # no such scan, or another venue's
    NOT_ADMITTED = "not_admitted"  # nobody was let in by it
    TOO_LATE = "too_late"
    REASON_NEEDED = "reason_needed"
    SECOND_NEEDED = "second_needed"  # beyond the cap: somebody with the right to confirm does so
    SECOND_UNFIT = "second_unfit"  # the keeper again, or somebody without `undo.confirm` at this venue


@dataclass(frozen=True, slots=True)
class UndoLimits:
    """How often a keeper takes back alone: of one place, and in one day at all."""

    per_place: int = 1
    per_day: int = 10


@dataclass(frozen=True, slots=True)
class UndoFacts:
    """What taking an admission back is decided from. Counts are of what was taken back before."""

    venue_id: int
    is_admission: bool
    at: datetime
    staff_id: int | None
    place_count: int = 0
    keeper_count: int = 0  # of this keeper, today
    second: Staff | None = None


class ScanIdReused(Exception):
    """This scan id was used for another presentation: mint a new one for every scan."""


class VenueUnknown(Exception):
    """There is no venue with this id."""


class LookupKind(StrEnum):
    """What somebody is looked up by."""

    NAME = "name"
    PHONE = "phone"
    REFERENCE = "reference"  # the booking's number in the old system that it was imported from


class LookupProblem(StrEnum):
    """Why nobody was looked up. Nothing was written down either."""

    NOTHING_ASKED = "lookup_nothing_asked"  # no name, too few digits
    TOO_OFTEN = "lookup_too_often"


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """Who asks, where, and for whom; `days` before and after today are looked at."""

    venue_id: int
    staff_id: int
    kind: LookupKind
    text: str = field(repr=False)
    days: int


class Standing(StrEnum):
    """What has become of a visit that was found."""

    BOOKED = "booked"
    USED = "used"  # by everybody
    HELD = "held"
    VOID = "void"  # cancelled, lapsed or moved
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """One person of a visit, masked."""

    visitor_no: int
    name: str
    document: str
    is_used: bool


@dataclass(frozen=True, slots=True)
class FoundVisit:
    """One line of a booking that was found, at the asking venue on a near day. The contact is masked."""

    booking_id: UUID
    line_no: int
    quantity: int
    standing: Standing
    product: Texts
    label: Texts
    on_date: date
    starts_at: datetime
    ends_at: datetime
    timezone: str
    contact: str
    phone: str
    people: tuple[FoundPerson, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The visits of at most LOOKUP_FOUND_MAX bookings; `is_more`: the term has more than that."""

    visits: tuple[FoundVisit, ...]
    is_more: bool = False
