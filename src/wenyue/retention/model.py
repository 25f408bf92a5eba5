"""What is kept for a time, and for how long."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

DAYS_MIN: Final = 30
DAYS_MAX: Final = 3660


class Kind(StrEnum):
    """What is overwritten, and from which day its period counts."""

    BOOKINGS = (
        "bookings"  # names, documents, contact, phone and why it was cancelled: from the last visit's day
    )
    MESSAGES = "messages"  # texts and phones: from the day they were written
    REASONS = "reasons"  # why an admission was taken back: from that day
    VISITORS = "visitors"  # common visitors: from the day of the last place that their account had for them, or of adding them


@dataclass(frozen=True, slots=True)
class Period:
    """A period in force; what is of days before `due_before` (UTC) is due, and `through` is how far erasing has come."""

    kind: Kind
    days: int
    through: date
    due_before: date
    changed_at: datetime
