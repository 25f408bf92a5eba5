"""What all wording is made of: the words for an outcome, whether it took anything, an instant.

Shared by all parts of web; the siblings hold the messages, each for what it words. The texts stand in the catalogues.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from wenyue.locale import Message, translations
from wenyue.locale.formats import TIMEZONE, say_day, say_instant

__all__ = ["TIMEZONE", "OutcomeWords", "Taken", "say_day", "say_instant", "say_wait"]


class Taken(Enum):
    """Whether the answer cost the person a place, an entitlement or money. Money is never taken online here."""

    NOTHING = Message("taken.nothing")
    UNCHANGED = Message("taken.unchanged")
    BOOKED = Message("taken.booked")
    HELD = Message("taken.held")
    RETURNED = Message("taken.returned")
    UNCERTAIN = Message("taken.uncertain")


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """The words for one outcome. `at_note` is said when the answer names an instant; it holds `{at}`.

    `lines_note` is said when the answer names lines of the booking; it holds `{lines}`.
    """

    title: Message
    explanation: Message
    next_step: Message
    taken: Taken = Taken.NOTHING
    at_note: Message | None = None
    lines_note: Message | None = None


def say_wait(at: datetime, now: datetime, locale: str) -> str:
    """That too many secrets were tried, and when the next may be tried; the same whether the login exists or not."""
    minutes = max(1, -(-int((at - now).total_seconds()) // 60))
    return translations(locale).ngettext(
        "Too many tries. Try again in {n} minute.", "Too many tries. Try again in {n} minutes.", minutes
    )
