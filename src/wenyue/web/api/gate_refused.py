"""What the gate's API refuses, whichever of its parts is asked: who is not staff, has another duty, or works elsewhere."""

from typing import Final

from starlette.responses import Response

from wenyue.accounts import Login, Staff
from wenyue.application.on_duty import NotAtPost
from wenyue.core.duties import Right
from wenyue.locale import Message
from wenyue.web.shared.problem import PROBLEM_TYPE, FieldError, plain_problem
from wenyue.web.wording.api import API_WORDS
from wenyue.web.wording.gate_api import GATE_API_WORDS

_NOT_AT_POST: Final = {
    NotAtPost.NO_VENUE: (404, "not_found", API_WORDS["not_found"], "/venue"),
    NotAtPost.NOT_THEIRS: (403, "not_your_venue", GATE_API_WORDS["not_your_venue"], "/venue"),
    NotAtPost.NO_GATE: (422, "gate_needed", GATE_API_WORDS["gate_needed"], "/gate"),
}


class Refused(Exception):
    """Carries a problem out of a handler; never leaves the gate's API."""

    def __init__(self, status: int, code: str, words: Message, pointer: str = "") -> None:
        self.status, self.code, self.words, self.pointer = status, code, words, pointer


def staff_of(login: Login) -> Staff:
    """The member of staff who asks. Raises Refused (403)."""
    if login.staff is None:
        raise Refused(403, "staff_only", GATE_API_WORDS["staff_only"])
    return login.staff


def staff_with(login: Login, right: Right) -> Staff:
    """The member of staff who asks, and may do it at some place. Raises Refused (403)."""
    staff = staff_of(login)
    if not staff.may_anywhere(right):
        raise Refused(403, "not_your_duty", GATE_API_WORDS["not_your_duty"])
    return staff


def not_at_post(why: NotAtPost) -> Refused:
    """That they do not do this there."""
    return Refused(*_NOT_AT_POST[why])


def problem_of(refused: Refused, locale: str) -> Response:
    """The refusal as RFC 9457 says it."""
    title = refused.words.say(locale)
    errors = [FieldError(refused.pointer, refused.code, title)] if refused.pointer else None
    payload = plain_problem(refused.status, refused.code, title, errors=errors)
    return Response(payload, refused.status, media_type=PROBLEM_TYPE.decode())
