"""What all wording is made of: a sentence in both languages, the words for an outcome, an instant.

Shared by all faces; the siblings `wording_….py` hold the sentences, each for what it words. zh-CN is the first language,
English is complete; a house test holds both to that.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from wenyue.locale import Message, translations
from wenyue.locale.formats import TIMEZONE, say_day, say_instant

__all__ = ["TIMEZONE", "OutcomeWords", "Taken", "Text", "say_day", "say_instant", "say_wait"]


class Text(NamedTuple):
    """One sentence in both languages."""

    zh: str
    en: str

    def say(self, locale: str) -> str:
        """The sentence in `locale`: English for "en…", Chinese for everything else."""
        return self.en if locale.startswith("en") else self.zh


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

    title: Text | Message
    explanation: Text | Message
    next_step: Text | Message
    taken: Taken = Taken.NOTHING
    at_note: Text | Message | None = None
    lines_note: Text | Message | None = None


def say_wait(at: datetime, now: datetime, locale: str) -> str:
    """That too many secrets were tried, and when the next may be tried; the same whether the login exists or not."""
    minutes = max(1, -(-int((at - now).total_seconds()) // 60))
    return translations(locale).ngettext(
        "Too many tries. Try again in {n} minute.", "Too many tries. Try again in {n} minutes.", minutes
    )
