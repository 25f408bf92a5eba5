"""Problem details (RFC 9457): the body of every refusal of the API, and the exception that a handler leaves with."""

from datetime import datetime
from typing import Final

import msgspec

from wenyue.web.wording.api import say_problem

PROBLEM_TYPE: Final = b"application/problem+json; charset=utf-8"
PROBLEM_PAGES: Final = "/docs/problems#"


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field that must be mended: where, what (code), and how (in the caller's language).

    `pointer` is a JSON pointer into the body ('' for the body itself); `parameter` names what is not in the body:
    `query.limit`, `path.booking_id`, `header.idempotency-key`.
    """

    pointer: str = ""
    code: str = ""
    detail: str = ""
    parameter: str = ""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a refusal. `outcome` is stable and for programs, `title`, `detail` and `next` are for people."""

    type: str
    title: str
    status: int
    detail: str = ""
    next: str = ""
    taken: str = ""
    outcome: str = ""
    is_transient: bool = False
    id: str | None = None
    line: int | None = None
    visitor: int | None = None
    at: datetime | None = None
    limit: str = ""  # which limit of the account was reached
    most: int | None = None  # … how much it allows
    used: int | None = None  # … and how much of it is used already
    lines: tuple[int, ...] = ()  # the line numbers that the booking has
    price_minor: int | None = None  # what a place of the line costs now
    errors: list[FieldError] = []
    room: str = ""  # the address of the waiting room that the booking must go through first


encode_problem: Final = msgspec.json.Encoder().encode


def plain_problem(
    status: int,
    code: str,
    title: str,
    detail: str = "",
    errors: list[FieldError] | None = None,
    *,
    at: datetime | None = None,
    room: str = "",
) -> bytes:
    """A problem that is not a booking outcome: bad JSON, no login, a field that must be mended."""
    return encode_problem(
        Problem(
            PROBLEM_PAGES + code,
            title,
            status,
            detail=detail,
            outcome=code,
            at=at,
            errors=errors or [],
            room=room,
        )
    )


class RequestRefused(Exception):
    """The request is refused at the edge; `code` names the wording, `errors` the fields to mend."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        errors: list[FieldError] | None = None,
        after_s: int = 0,
    ) -> None:
        self.status, self.code, self.detail, self.errors = status, code, detail, errors or []
        self.after_s = after_s  # when to ask again

    def payload(self, locale: str) -> bytes:
        """The problem body in the caller's language."""
        return plain_problem(self.status, self.code, say_problem(self.code, locale), self.detail, self.errors)
