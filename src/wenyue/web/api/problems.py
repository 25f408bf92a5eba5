"""Problem details (RFC 9457): one status per outcome, wording from the catalogues."""

from datetime import datetime
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from wenyue.booking import Answer, Outcome
from wenyue.web.shared.problem import PROBLEM_PAGES, Problem, encode_problem
from wenyue.web.wording.outcomes import Said, say

_STATUS: Final = {
    Outcome.BUSY: 503,
    Outcome.TOO_LATE: 503,
    Outcome.UNKNOWN: 503,
    Outcome.STALE_FACTS: 503,
    Outcome.ID_REUSED: 422,
    Outcome.LOGIN_ENDED: 401,
    Outcome.PERSON_REPEATED: 422,
    Outcome.NAME_DIFFERS: 422,
    Outcome.NOT_FOUND: 404,
    Outcome.SLOT_UNKNOWN: 404,
    Outcome.CARD_UNKNOWN: 404,
    Outcome.VISITORS_NEEDED: 422,
    Outcome.PARTY_SIZE: 422,
    Outcome.MINOR_ALONE: 422,
    Outcome.ACCOUNT_BANNED: 403,
    Outcome.PERSON_BANNED: 403,
    Outcome.TOO_MANY_OPEN: 429,
    Outcome.CANCEL_LIMIT: 429,
    Outcome.MOVE_LIMIT: 429,
}
RETRY_AFTER_S: Final = 1


def status_of(outcome: Outcome) -> int:
    """The HTTP status of a refusal: 409 (the state of things forbids it) unless something else says more."""
    return _STATUS.get(outcome, 409)


def answer_problem(answer: Answer, locale: str) -> bytes:
    """The body for a refused request."""
    if answer.reached is not None:
        said = say(answer.outcome, locale, at=answer.at, reached=answer.reached)
        return encode_problem(_limited(answer, said))
    if answer.price_minor is not None:
        return encode_problem(_limited(answer, say(answer.outcome, locale)))
    if answer.at is None:
        return _standing(answer.outcome, answer.line, answer.visitor, locale)
    return encode_problem(_build(answer.outcome, answer.line, answer.visitor, answer.at, locale))


def change_problem(answer: Answer, locale: str) -> bytes:
    """The body for a refused change: the booking stands as it was."""
    said = say(
        answer.outcome, locale, at=answer.at, reached=answer.reached, lines=answer.lines, is_change=True
    )
    return encode_problem(_limited(answer, said))


def _limited(answer: Answer, said: Said) -> Problem:
    """With the limit, the lines or the price that the answer names."""
    problem = _fill(answer.outcome, said, answer.line, answer.visitor, answer.at)
    reached = answer.reached
    if reached is not None:
        name = reached.kind.name.lower()
        problem = replace(problem, limit=name, most=reached.most, used=reached.used)
    return replace(problem, lines=answer.lines, price_minor=answer.price_minor)


@lru_cache(maxsize=2048)
def _standing(outcome: Outcome, line: int | None, visitor: int | None, locale: str) -> bytes:
    """Refusals that name no instant are the same bytes every time: a sold-out hour answers from here."""
    return encode_problem(_build(outcome, line, visitor, None, locale))


def _build(
    outcome: Outcome, line: int | None, visitor: int | None, at: datetime | None, locale: str
) -> Problem:
    return _fill(outcome, say(outcome, locale, at=at), line, visitor, at)


def _fill(
    outcome: Outcome, said: Said, line: int | None, visitor: int | None, at: datetime | None
) -> Problem:
    return Problem(
        type=PROBLEM_PAGES + outcome.name.lower(),
        title=said.title,
        status=status_of(outcome),
        detail=said.explanation,
        next=said.next_step,
        taken=said.taken,
        outcome=outcome.name.lower(),
        is_transient=outcome.is_transient,
        line=line,
        visitor=visitor,
        at=at,
    )
