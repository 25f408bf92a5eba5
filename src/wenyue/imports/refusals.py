"""Why a row is not taken: what stands where, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

from wenyue.locale import Message


class Reason(StrEnum):
    """Why a row was refused; stable, for reports. The words are `fix`'s."""

    COLUMN_COUNT = "column-count"
    LINE_TOO_LONG = "line-too-long"
    BAD_CHARACTER = "bad-character"
    MISSING = "missing"
    NOT_A_NUMBER = "not-a-number"
    NEGATIVE = "negative"
    TOO_LARGE = "too-large"
    TOO_LONG = "too-long"
    BAD_DATE = "bad-date"
    BAD_TIME = "bad-time"
    BAD_CODE = "bad-code"
    BAD_NAME = "bad-name"
    BAD_DOCUMENT = "bad-document"
    BAD_PHONE = "bad-phone"
    UNKNOWN_WORD = "unknown-word"
    UNKNOWN_VENUE = "unknown-venue"
    UNKNOWN_PRODUCT = "unknown-product"
    BAD_COUNTRY = "bad-country"
    ZERO_NIGHTS = "zero-nights"
    NO_ADULTS = "no-adults"
    NO_GUESTS = "no-guests"
    UNKNOWN_STATUS = "unknown-status"
    UNKNOWN_SESSION = "unknown-session"
    SAME_BOOKING = "same-booking"  # another row of it was refused
    KEY_TWICE = "key-twice"
    KEY_RUINED = "key-ruined"
    KEY_AMBIGUOUS = "key-ambiguous"
    SOLD_OUT = "sold-out"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that was not taken. `column`: its name in the file; `value`: shown short; `fix`: what to do."""

    reason: Reason
    column: str
    value: str
    fix: Message


class RowRefused(Exception):
    """Raised while a row is read; carries the refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason.value)
        self.refusal = refusal
