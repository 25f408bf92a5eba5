"""Every problem code with its status and words, as /docs/problems shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from wenyue.locale import translations
from wenyue.web.api.problems import status_of
from wenyue.web.wording.api import API_WORDS, FIELD_WORDS
from wenyue.web.wording.cards import CARD_PROBLEMS
from wenyue.web.wording.documents import DOCUMENT_ERRORS, NAME_ERRORS, PHONE_ERRORS
from wenyue.web.wording.gate_api import GATE_API_WORDS
from wenyue.web.wording.gate_undo import UNDO_TEXTS
from wenyue.web.wording.outcomes import WORDS

_STATUSES: Final[Mapping[str, int]] = {
    "bad_json": 400,
    "login_needed": 401,
    "travellers_only": 403,
    "not_found": 404,
    "method": 405,
    "slow_body": 408,
    "body_too_large": 413,
    "media_type": 415,
    "busy": 503,
    "overloaded": 503,
    "too_often": 429,
    "account_blocked": 403,
    "not_yet_known": 503,
    "internal": 500,
    "visitors_full": 409,
    "visitors_often": 429,
    "disown_often": 429,
    "document_unseen": 403,
    "holder_seen": 409,
    "holder_second": 403,
    "holder_second_unfit": 403,
    "holder_often": 429,
    "names_full": 409,
    "staff_wrong": 401,
    "staff_locked": 429,
    "staff_code_needed": 401,
    "staff_code_wrong": 401,
    "staff_factor_needed": 403,
    "not_your_venue": 403,
    "waiting_room": 403,
    "room_unknown": 404,
    "room_closed": 409,
    "room_pass_bad": 403,
    "room_not_yet": 409,
    "room_turns_used": 429,
    "holder_unknown": 404,
    "counter_too_often": 429,
    "counter_stopped": 403,
}


@dataclass(frozen=True, slots=True)
class ProblemView:
    """One code. `status` 0: it stands inside another problem, as the code of a field."""

    code: str
    status: int
    title: str
    text: str
    next_step: str


def problem_groups(locale: str) -> list[tuple[str, str, list[ProblemView]]]:
    """(anchor, heading, codes); a code stands once."""
    pgettext = translations(locale).pgettext
    outcomes = [
        ProblemView(
            outcome.name.lower(),
            status_of(outcome),
            words.title.say(locale),
            words.explanation.say(locale),
            words.next_step.say(locale),
        )
        for outcome, words in sorted(WORDS.items())
        if not outcome.is_success
    ]
    requests = [
        ProblemView(code, _STATUSES.get(code, 422), words.say(locale), "", "")
        for code, words in API_WORDS.items()
    ]
    cards = [
        ProblemView(problem.value, 403, words.say(locale), "", "") for problem, words in CARD_PROBLEMS.items()
    ]
    gate = [
        ProblemView(code, _STATUSES.get(code, 422), words.say(locale), "", "")
        for code, words in GATE_API_WORDS.items()
    ] + [ProblemView(outcome.value, 409, words.say(locale), "", "") for outcome, words in UNDO_TEXTS.items()]
    fields = [
        ProblemView(str(code), 0, words.say(locale), "", "")
        for table in (FIELD_WORDS, DOCUMENT_ERRORS, NAME_ERRORS, PHONE_ERRORS)
        for code, words in table.items()
    ]
    named = (
        ("outcomes", pgettext("chapter", "Booking outcomes"), outcomes),
        ("requests", pgettext("chapter", "Requests"), requests),
        ("cards", pgettext("chapter", "Cards"), cards),
        ("gate", pgettext("chapter", "Gate"), gate),
        ("fields", pgettext("chapter", "Fields"), fields),
    )
    seen: set[str] = set()
    return [(id_, heading, _unseen(codes, seen)) for id_, heading, codes in named]


def _unseen(codes: Sequence[ProblemView], seen: set[str]) -> list[ProblemView]:
    fresh = [one for one in codes if one.code not in seen]
    seen.update(one.code for one in codes)
    return fresh
