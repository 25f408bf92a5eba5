"""Activation, sign-in and companions: what they ask for, what they answer, every refusal, and the pure rules."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from wenyue.cards.dates import activation_deadline, validity_window
from wenyue.cards.model import CardRules, CardState
from wenyue.core.documents import age_on


class CardProblem(StrEnum):
    """Why a card was not activated, opened or changed. Values are stable; the words are web's."""

    NUMBER_MISTYPED = "card_number_mistyped"  # the check digit says so
    NUMBER_UNKNOWN = "card_number_unknown"  # also: somebody else's card, in changes
    NUMBER_DEAD = "card_number_dead"  # a lost number, replaced since: dead for ever (昆山)
    PIN_WRONG = "card_pin_wrong"  # `tries_left` says how many remain
    PIN_LOCKED = "card_pin_locked"  # too many wrong PINs; `at` says until when
    NOT_SHIPPED = "card_not_shipped"
    NOT_ACTIVATED = "card_not_activated"  # signing in with a card nobody has activated
    ACTIVE_ELSEWHERE = "card_active_elsewhere"  # another person has activated it
    HOLDER_KNOWN = (
        "card_holder_known"  # staff saw whose document this is: sign in with a card of theirs first
    )
    # a card is with this document and name, typed by whoever: sign in with it, or say that it is not yours
    HOLDER_CLAIMED = "card_holder_claimed"
    DEADLINE_PASSED = "card_deadline_passed"  # `on_date`: the last day it could be activated
    TOO_YOUNG = "card_too_young"
    TOO_OLD = "card_too_old"
    BIRTH_UNKNOWN = "card_birth_unknown"  # the type has an age rule, the document no birth date: ask for it
    EXPIRED = "card_expired"
    FROZEN = "card_frozen"  # reported lost
    DEAD = "card_dead"  # cancelled
    NOT_FROZEN = "card_not_frozen"  # only a card reported lost is replaced
    PIN_GIVEN = "card_pin_given"  # the new number's PIN was used, or shown too long ago: it is not shown anew
    PROOF_NEEDED = "card_proof_needed"  # a login alone does not unfreeze or replace it
    COMPANIONS_FULL = "card_companions_full"
    COMPANION_CHANGES = "card_companion_changes"  # too many different people were companions of this card
    COMPANION_IS_HOLDER = "card_companion_is_holder"


@dataclass(frozen=True, slots=True)
class Denied:
    """An expected refusal with what a page needs to say about it. Commit it: it may have counted a wrong PIN."""

    problem: CardProblem
    tries_left: int | None = None
    at: datetime | None = None
    on_date: date | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """First and last day of a card; no first day: from the first visit on."""

    first: date | None
    last: date | None


def activation_terms(rules: CardRules, issued: date, birth: date | None, today: date) -> Validity | Denied:
    """The validity a shipped card gets when a person born on `birth` activates it `today`, or why it does not."""
    deadline = activation_deadline(rules.activation, issued)
    if deadline is not None and today > deadline:
        return Denied(CardProblem.DEADLINE_PASSED, on_date=deadline)
    denied = age_problem(birth, today, rules.holder_age_min, rules.holder_age_max)
    if denied is not None:
        return denied
    first, last = validity_window(rules, issued, today)
    if last is not None and last < today:
        return Denied(CardProblem.EXPIRED, on_date=last)
    return Validity(first, last)


def age_problem(birth: date | None, today: date, low: int | None, high: int | None) -> Denied | None:
    """Why a person of this birth date is outside the ages (full years, both included), or None."""
    if low is None and high is None:
        return None
    if birth is None:
        return Denied(CardProblem.BIRTH_UNKNOWN)
    age = age_on(birth, today)
    if low is not None and age < low:
        return Denied(CardProblem.TOO_YOUNG)
    return Denied(CardProblem.TOO_OLD) if high is not None and age > high else None


def state_problem(state: CardState) -> CardProblem | None:
    """Why a card in this state cannot be opened by its holder, or None."""
    return {
        CardState.PRINTED: CardProblem.NOT_SHIPPED,
        CardState.SHIPPED: CardProblem.NOT_ACTIVATED,
        CardState.FROZEN: CardProblem.FROZEN,
        CardState.REPLACED: CardProblem.NUMBER_DEAD,
        CardState.CANCELLED: CardProblem.DEAD,
    }.get(state)
