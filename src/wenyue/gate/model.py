"""The gate slice's nouns: what is asked, what is known, and every answer a gate can give."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from wenyue.booking import Admission

PRESENTED_LENGTH_MAX: Final = 600  # characters a scanner or a person may send
GATE_NAME_MAX: Final = 40
REASON_LENGTH_MAX: Final = 200
UNDO_WINDOW_S: Final = 2 * 3600
RECENT_MAX: Final = 50


class Reason(StrEnum):
    """Why the gate opens or not. The values are stable: they are stored and sent; the wording lives in the faces."""

    ADMIT = "admit"
    CHOOSE_VISITOR = "choose_visitor"  # a party: which of them stands here?

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
    is_presented: bool = True  # false: only the party's company of the person who stands here


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
    is_closed: bool = False  # the venue, today
    is_ambiguous: bool = False  # a typed code that two bookings share
    banned: frozenset[bytes] = frozenset()  # persons banned everywhere


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision. `at`: used at, opens at, or closed at. `choices`: the party, for CHOOSE_VISITOR."""

    reason: Reason
    place: Admission | None = None
    at: datetime | None = None
    choices: tuple[Admission, ...] = ()

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
