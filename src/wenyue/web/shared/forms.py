"""Forms, read with bounds: a body too large, malformed or in the wrong encoding is an ordinary answer, never a fault."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from wenyue.core.limits import BODY_BYTES_MAX

YEARS: Final = range(1900, 2200)  # beyond them sums of days and zones leave the calendar
_FIELDS_MAX: Final = 300
_WAIT_S: Final = 10.0
_VALUE_LENGTH_MAX: Final = 512
# Every field of a form is one line: a break in it is a blank, and what nobody types goes, also what turns a line around.
_BREAKS: Final = re.compile("[\t-\r\x85\u2028\u2029]+")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with a field and how to mend it; `field` is its id on the page."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """What was submitted: every value is one line without control characters, cut at 512 characters."""

    values: dict[str, list[str]] = field(repr=False)

    def one(self, name: str, default: str = "") -> str:
        """The first value of the field, without blanks at the ends."""
        found = self.values.get(name)
        return found[0].strip() if found else default

    def many(self, name: str, limit: int) -> list[str]:
        """At most `limit` values of the field, in order."""
        return self.values.get(name, [])[:limit]

    def number(self, name: str, low: int, high: int) -> int | None:
        """The field as a whole number within the bounds, else None."""
        return whole_number(self.one(name), low, high)


def whole_number(raw: str, low: int, high: int) -> int | None:
    """ASCII digits between the bounds, else None."""
    if not raw.isascii() or not raw.isdigit() or len(raw) > 19:
        return None
    number = int(raw)
    return number if low <= number <= high else None


def parse_day(raw: str) -> date | None:
    """`YYYY-MM-DD` of one of YEARS, else None."""
    if len(raw) != 10 or not raw.isascii():
        return None
    try:
        found = date.fromisoformat(raw)
    except ValueError:
        return None
    return found if found.year in YEARS else None


async def read_form(request: Request) -> Form | None:
    """The URL-encoded form of the request, or None when it is none, too large, or did not arrive."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return None
    body = bytearray()
    try:
        async with asyncio.timeout(_WAIT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    return None
    except (ClientDisconnect, TimeoutError):
        return None
    return parse_form(bytes(body))


def parse_form(body: bytes) -> Form | None:
    """The form that the bytes spell; None when it has too many fields."""
    values: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        return None
    for name, value in pairs:
        line = _CONTROLS.sub("", _BREAKS.sub(" ", value))
        values.setdefault(name[:64], []).append(line[:_VALUE_LENGTH_MAX])
    return Form(values)
