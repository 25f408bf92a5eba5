"""The record of what was done, in the console: the newest first, looked through by who, what, venue and day."""

import re
from datetime import time, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from wenyue.application.on_server import NotAllowed
from wenyue.application.read_record import TEXT_MAX, Found, NotRead, ReadRecord, read_record
from wenyue.core.clock import at_local
from wenyue.locale import Message
from wenyue.web.console.context import OperatorContext, get
from wenyue.web.shared.forms import parse_day
from wenyue.web.wording import say_instant

DETAIL_MAX: Final = 240  # characters of one entry that are shown
_FIELDS: Final = ("who", "what", "venue", "day")
_CURSOR: Final = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
_SAYS: Final = {
    NotRead.WHO_UNKNOWN: (
        "who",
        Message("Login not found. Enter other identities in full, such as system:expiry."),
    ),
    NotRead.WHAT_WRONG: (
        "what",
        Message("Enter an action or how it begins, such as staff or slots.closed."),
    ),
    NotRead.VENUE_UNKNOWN: (
        "venue",
        Message("Venue not found. Enter the venue's code."),
    ),
}


async def show_record(context: OperatorContext) -> Response:
    """One page of it; that it was read is recorded."""
    query = context.request.query_params
    values = {name: query.get(name, "")[:TEXT_MAX].strip() for name in _FIELDS}
    day = parse_day(values["day"]) if values["day"] else None
    if values["day"] and day is None:
        text = context.gettext("Enter a date, such as 2027-10-01.")
        return _page(context, values, None, {"field": "day", "text": text})
    zone = context.services.rulebook.timezone
    from_at = None if day is None else at_local(day, time.min, zone)
    to_at = None if day is None else at_local(day + timedelta(days=1), time.min, zone)
    cursor = _CURSOR.fullmatch(query.get("before", ""))
    before = (int(cursor[1]), int(cursor[2])) if cursor else None
    if before is not None and max(before) >= 2**63:
        before = None
    request = ReadRecord(values["who"], values["what"], values["venue"], from_at, to_at, before)
    try:
        found = await read_record(context.services, context.operator, request)
    except NotAllowed:
        return context.message(
            403,
            context.gettext("The record covers all venues"),
            context.gettext("Only administrators and auditors of all venues can view it."),
        )
    if isinstance(found, NotRead):
        field, text = _SAYS[found]
        return _page(context, values, None, {"field": field, "text": context.say(text)})
    return _page(context, values, found)


def _page(
    context: OperatorContext, values: dict[str, str], found: Found | None, wrong: dict[str, str] | None = None
) -> Response:
    lines: list[dict[str, str]] = []
    older = ""
    if found is not None:
        zone = context.services.rulebook.timezone
        for one, detail in zip(found.page.entries, found.page.details, strict=True):
            lines.append(
                {
                    "at": say_instant(one.at, context.locale, zone),
                    "who": found.logins.get(one.actor, one.actor),
                    "what": one.action,
                    "about": one.subject,
                    "detail": "" if detail == "{}" else shorten(detail),
                }
            )
        if found.page.before is not None:
            asked = {name: value for name, value in values.items() if value}
            older = urlencode(asked | {"before": f"{found.page.before[0]}-{found.page.before[1]}"})
    return context.page(
        "record",
        status=422 if wrong else 200,
        section="record",
        values=values,
        wrong=dict.fromkeys(_FIELDS, "") | ({wrong["field"]: wrong["text"]} if wrong else {}),
        errors=[wrong] if wrong else [],
        lines=lines,
        older=older,
        is_filtered=any(values.values()),
    )


def shorten(text: str) -> str:
    """At most DETAIL_MAX characters of it."""
    return text if len(text) <= DETAIL_MAX else f"{text[:DETAIL_MAX]}…"


routes: Final = [get("/console/record", show_record)]
