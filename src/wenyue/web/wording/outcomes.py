"""What every `booking.Outcome` says to a person: title, explanation, what to do next, and what was taken.

The refusals of the rules stand with what they are about: session, people and places in `refusals`, the card in `cards`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Final

from wenyue.booking import Outcome
from wenyue.locale import Message, translations
from wenyue.policy import Reached
from wenyue.web.wording import TIMEZONE, OutcomeWords, Taken, say_instant
from wenyue.web.wording.cards import CARD_OUTCOMES
from wenyue.web.wording.refusals import LIMIT_NOTES, PEOPLE_OUTCOMES, PLACE_OUTCOMES, SLOT_OUTCOMES


@dataclass(frozen=True, slots=True)
class Said:
    """One outcome, said in one language. `code` is stable and may be shown to the service desk."""

    code: str
    title: str
    explanation: str
    next_step: str
    taken: str


def say(
    outcome: Outcome,
    locale: str,
    *,
    at: datetime | None = None,
    reached: Reached | None = None,
    lines: tuple[int, ...] = (),
    is_change: bool = False,
    timezone: str = TIMEZONE,
) -> Said:
    """`outcome` in the language of `locale`.

    `at` (shown as the wall clock of `timezone`), `reached` and `lines` are the answer's. `is_change`: the request wanted
    to change or cancel a booking that exists, so a refusal says that it stands unchanged.
    """
    words = WORDS[outcome]
    title, explanation, next_step = _texts(outcome, locale)
    if at is not None and words.at_note is not None:
        note = words.at_note.say(locale, at=say_instant(at, locale, timezone))
        explanation = two_sentences(explanation, note, locale)
    if reached is not None:
        note = LIMIT_NOTES[reached.kind].about(reached.most).say(locale, used=reached.used)
        explanation = two_sentences(explanation, note, locale)
    if lines and words.lines_note is not None:
        listed = translations(locale).pgettext("between names", ", ").join(map(str, lines))
        explanation = two_sentences(explanation, words.lines_note.say(locale, lines=listed), locale)
    taken = Taken.UNCHANGED if is_change and words.taken is Taken.NOTHING else words.taken
    return Said(
        code=outcome.name.lower(),
        title=title,
        explanation=explanation,
        next_step=next_step,
        taken=_taken(taken, locale),
    )


@cache
def _texts(outcome: Outcome, locale: str) -> tuple[str, str, str]:
    """Title, explanation and next step, looked up once: refusals of the hot endpoint are said from here."""
    words = WORDS[outcome]
    return words.title.say(locale), words.explanation.say(locale), words.next_step.say(locale)


@cache
def _taken(taken: Taken, locale: str) -> str:
    return taken.value.say(locale)


def two_sentences(first: str, second: str, locale: str) -> str:
    """Both, with the gap that the language puts between sentences."""
    return translations(locale).pgettext("sentences", "{first} {second}", first=first, second=second)


_SUCCESS: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.CONFIRMED: OutcomeWords(
        Message("outcome.confirmed.title"),
        Message("outcome.confirmed.explanation"),
        Message("outcome.confirmed.next_step"),
        Taken.BOOKED,
    ),
    Outcome.HELD: OutcomeWords(
        Message("outcome.held.title"),
        Message("outcome.held.explanation"),
        Message("outcome.held.next_step"),
        Taken.HELD,
    ),
    Outcome.CANCELLED: OutcomeWords(
        Message("outcome.cancelled.title"),
        Message("outcome.cancelled.explanation"),
        Message("outcome.cancelled.next_step"),
        Taken.RETURNED,
    ),
    Outcome.RESCHEDULED: OutcomeWords(
        Message("outcome.rescheduled.title"),
        Message("outcome.rescheduled.explanation"),
        Message("outcome.rescheduled.next_step"),
        Taken.BOOKED,
    ),
}

_TRANSIENT: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.BUSY: OutcomeWords(
        Message("outcome.busy.title"),
        Message("outcome.busy.explanation"),
        Message("outcome.busy.next_step"),
    ),
    Outcome.TOO_LATE: OutcomeWords(
        Message("outcome.too_late.title"),
        Message("outcome.too_late.explanation"),
        Message("outcome.too_late.next_step"),
    ),
    Outcome.UNKNOWN: OutcomeWords(
        Message("outcome.unknown.title"),
        Message("outcome.unknown.explanation"),
        Message("outcome.unknown.next_step"),
        Taken.UNCERTAIN,
    ),
    Outcome.STALE_FACTS: OutcomeWords(
        Message("outcome.stale_facts.title"),
        Message("outcome.stale_facts.explanation"),
        Message("outcome.stale_facts.next_step"),
    ),
}

_BOOKING: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.ID_REUSED: OutcomeWords(
        Message("outcome.id_reused.title"),
        Message("outcome.id_reused.explanation"),
        Message("outcome.id_reused.next_step"),
    ),
    Outcome.NOT_FOUND: OutcomeWords(
        Message("outcome.not_found.title"),
        Message("outcome.not_found.explanation"),
        Message("outcome.not_found.next_step"),
    ),
    Outcome.LOGIN_ENDED: OutcomeWords(
        Message("outcome.login_ended.title"),
        Message("outcome.login_ended.explanation"),
        Message("outcome.login_ended.next_step"),
        Taken.NOTHING,
    ),
    Outcome.LINE_UNKNOWN: OutcomeWords(
        Message("outcome.line_unknown.title"),
        Message("outcome.line_unknown.explanation"),
        Message("outcome.line_unknown.next_step"),
        Taken.UNCHANGED,
        lines_note=Message("outcome.line_unknown.lines_note"),
    ),
    Outcome.WRONG_STATE: OutcomeWords(
        Message("outcome.wrong_state.title"),
        Message("outcome.wrong_state.explanation"),
        Message("outcome.wrong_state.next_step"),
        Taken.UNCHANGED,
    ),
    Outcome.ALREADY_REDEEMED: OutcomeWords(
        Message("outcome.already_redeemed.title"),
        Message("outcome.already_redeemed.explanation"),
        Message("outcome.already_redeemed.next_step"),
        Taken.UNCHANGED,
    ),
    Outcome.TERMS_FORBID: OutcomeWords(
        Message("outcome.terms_forbid.title"),
        Message("outcome.terms_forbid.explanation"),
        Message("outcome.terms_forbid.next_step"),
        Taken.UNCHANGED,
        Message("outcome.terms_forbid.at_note"),
    ),
}

WORDS: Final[Mapping[Outcome, OutcomeWords]] = MappingProxyType(
    {
        **_SUCCESS,
        **_TRANSIENT,
        **_BOOKING,
        **SLOT_OUTCOMES,
        **CARD_OUTCOMES,
        **PEOPLE_OUTCOMES,
        **PLACE_OUTCOMES,
    }
)
