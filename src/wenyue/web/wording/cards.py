"""What the API and the pages say about a card: why it does not pay for a booking, or is not activated, opened or changed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.booking import Outcome
from wenyue.cards import CardProblem, Denied
from wenyue.locale import Message, translations
from wenyue.locale.formats import say_full_date
from wenyue.web.wording import OutcomeWords, say_instant

CARD_OUTCOMES: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.CARD_UNKNOWN: OutcomeWords(
        Message("outcome.card_unknown.title"),
        Message("outcome.card_unknown.explanation"),
        Message("outcome.card_unknown.next_step"),
    ),
    Outcome.CARD_NOT_ACTIVE: OutcomeWords(
        Message("outcome.card_not_active.title"),
        Message("outcome.card_not_active.explanation"),
        Message("outcome.card_not_active.next_step"),
    ),
    Outcome.CARD_FROZEN: OutcomeWords(
        Message("outcome.card_frozen.title"),
        Message("outcome.card_frozen.explanation"),
        Message("outcome.card_frozen.next_step"),
    ),
    Outcome.CARD_DEAD: OutcomeWords(
        Message("outcome.card_dead.title"),
        Message("outcome.card_dead.explanation"),
        Message("outcome.card_dead.next_step"),
    ),
    Outcome.CARD_NOT_YET_VALID: OutcomeWords(
        Message("outcome.card_not_yet_valid.title"),
        Message("outcome.card_not_yet_valid.explanation"),
        Message("outcome.card_not_yet_valid.next_step"),
        at_note=Message("outcome.card_not_yet_valid.at_note"),
    ),
    Outcome.CARD_EXPIRED: OutcomeWords(
        Message("outcome.card_expired.title"),
        Message("outcome.card_expired.explanation"),
        Message("outcome.card_expired.next_step"),
    ),
    Outcome.CARD_BLACKOUT: OutcomeWords(
        Message("outcome.card_blackout.title"),
        Message("outcome.card_blackout.explanation"),
        Message("outcome.card_blackout.next_step"),
    ),
    Outcome.CARD_NOT_COVERED: OutcomeWords(
        Message("outcome.card_not_covered.title"),
        Message("outcome.card_not_covered.explanation"),
        Message("outcome.card_not_covered.next_step"),
    ),
    Outcome.CARD_LEAD_TIME: OutcomeWords(
        Message("outcome.card_lead_time.title"),
        Message("outcome.card_lead_time.explanation"),
        Message("outcome.card_lead_time.next_step"),
        at_note=Message("outcome.card_lead_time.at_note"),
    ),
    Outcome.CARD_PERSON: OutcomeWords(
        Message("outcome.card_person.title"),
        Message("outcome.card_person.explanation"),
        Message("outcome.card_person.next_step"),
    ),
    Outcome.CARD_PARTY: OutcomeWords(
        Message("outcome.card_party.title"),
        Message("outcome.card_party.explanation"),
        Message("outcome.card_party.next_step"),
    ),
    Outcome.CARD_EXHAUSTED: OutcomeWords(
        Message("outcome.card_exhausted.title"),
        Message("outcome.card_exhausted.explanation"),
        Message("outcome.card_exhausted.next_step"),
    ),
    Outcome.CARD_PERIOD: OutcomeWords(
        Message("outcome.card_period.title"),
        Message("outcome.card_period.explanation"),
        Message("outcome.card_period.next_step"),
    ),
    Outcome.CARD_INTERVAL: OutcomeWords(
        Message("outcome.card_interval.title"),
        Message("outcome.card_interval.explanation"),
        Message("outcome.card_interval.next_step"),
        at_note=Message("outcome.card_interval.at_note"),
    ),
    Outcome.CARD_SAME_VENUE_DAY: OutcomeWords(
        Message("outcome.card_same_venue_day.title"),
        Message("outcome.card_same_venue_day.explanation"),
        Message("outcome.card_same_venue_day.next_step"),
    ),
    Outcome.CARD_OPEN_RESERVATION: OutcomeWords(
        Message("outcome.card_open_reservation.title"),
        Message("outcome.card_open_reservation.explanation"),
        Message("outcome.card_open_reservation.next_step"),
    ),
}

CARD_PROBLEMS: Final[Mapping[CardProblem, Message]] = MappingProxyType(
    {
        CardProblem.NUMBER_MISTYPED: Message("card_problem.number_mistyped"),
        CardProblem.NUMBER_UNKNOWN: Message("card_problem.number_unknown"),
        CardProblem.NUMBER_DEAD: Message("card_problem.number_dead"),
        CardProblem.PIN_WRONG: Message("card_problem.pin_wrong"),
        CardProblem.PIN_LOCKED: Message("card_problem.pin_locked"),
        CardProblem.NOT_SHIPPED: Message("card_problem.not_shipped"),
        CardProblem.NOT_ACTIVATED: Message("card_problem.not_activated"),
        CardProblem.ACTIVE_ELSEWHERE: Message("card_problem.active_elsewhere"),
        CardProblem.HOLDER_KNOWN: Message("card_problem.holder_known"),
        CardProblem.HOLDER_CLAIMED: Message("card_problem.holder_claimed"),
        CardProblem.DEADLINE_PASSED: Message("card_problem.deadline_passed"),
        CardProblem.TOO_YOUNG: Message("card_problem.too_young"),
        CardProblem.TOO_OLD: Message("card_problem.too_old"),
        CardProblem.BIRTH_UNKNOWN: Message("card_problem.birth_unknown"),
        CardProblem.EXPIRED: Message("card_problem.expired"),
        CardProblem.FROZEN: Message("card_problem.frozen"),
        CardProblem.DEAD: Message("card_problem.dead"),
        CardProblem.NOT_FROZEN: Message("card_problem.not_frozen"),
        CardProblem.PIN_GIVEN: Message("card_problem.pin_given"),
        CardProblem.PROOF_NEEDED: Message("card_problem.proof_needed"),
        CardProblem.COMPANIONS_FULL: Message("card_problem.companions_full"),
        CardProblem.COMPANION_CHANGES: Message("card_problem.companion_changes"),
        CardProblem.COMPANION_IS_HOLDER: Message("card_problem.companion_is_holder"),
    }
)


def say_denied(denied: Denied, locale: str) -> str:
    """The refusal in one sentence, with what is left or until when."""
    texts, text = translations(locale), CARD_PROBLEMS[denied.problem].say(locale)
    if denied.problem is CardProblem.PIN_WRONG and denied.tries_left is not None:
        text = texts.ngettext(
            "{what} ({n} try left)", "{what} ({n} tries left)", denied.tries_left, what=text
        )
    if denied.at is not None:
        text = texts.gettext("{what} (until {at})", what=text, at=say_instant(denied.at, locale))
    if denied.on_date is not None:
        day = say_full_date(denied.on_date, locale)
        text = texts.pgettext("day", "{what} ({day})", what=text, day=day)
    return text
