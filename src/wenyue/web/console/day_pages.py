"""The days of a venue, a month at a time: what is open, closed and taken, and from each day the changes that can be proposed."""

import re
from datetime import date, timedelta
from typing import Final

from starlette.responses import Response

from wenyue.booking import touched
from wenyue.catalogue import closures
from wenyue.core.clock import days, local_date
from wenyue.locale import text_in
from wenyue.locale.formats import MONTH_AND_YEAR, say_day, say_number
from wenyue.web.console.change_pages import operator_of
from wenyue.web.console.context import OperatorContext, get
from wenyue.web.console.proposal_pages import name_of, venue_of
from wenyue.web.shared.i18n import say_full_date
from wenyue.web.shared.request_context import redirect

_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
_MONTHS_AHEAD_MAX: Final = 26


async def show_days(context: OperatorContext) -> Response:
    """One month of one venue; without a venue, which."""
    operator = operator_of(context)
    if operator is None:
        return redirect(context.signin_path)
    query = context.request.query_params
    async with context.services.db.reading() as tx:
        venue = await venue_of(tx, operator, query.get("venue", ""))
        if venue is None:
            return redirect("/console/changes/new")
        today = local_date(context.now, venue.timezone)
        first = _month(query.get("month", ""), today)
        last = _next(first) - timedelta(days=1)
        found = await touched.venue_days(tx, venue.id, max(first, today), last)
        standing = (await closures(tx, [venue.id], max(first, today), last)).get(venue.id, [])
    told = {
        day: text_in(one.reason, context.locale)
        for one in standing
        if one.product_id is None
        for day in days(max(one.from_date, first), min(one.to_date, last))
    }
    return context.page(
        "days",
        section="changes",
        venue=name_of(context, venue),
        venue_id=venue.id,
        month=say_day(first, context.locale, MONTH_AND_YEAR),
        days=[
            _shown(context, day, found.get(day), told.get(day, "")) for day in days(max(first, today), last)
        ],
        earlier=f"{first - timedelta(days=1):%Y-%m}" if first > today else "",
        later=f"{_next(first):%Y-%m}" if (first - today).days < _MONTHS_AHEAD_MAX * 30 else "",
    )


def _month(raw: str, today: date) -> date:
    """The first of the month that is asked for, this one at least and not too far ahead."""
    this = today.replace(day=1)
    asked = _MONTH.fullmatch(raw)
    first = date(int(asked[1]), int(asked[2]), 1) if asked else this
    return first if this <= first <= this + timedelta(days=(_MONTHS_AHEAD_MAX + 1) * 31) else this


def _next(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _shown(context: OperatorContext, day: date, one: touched.VenueDay | None, told: str) -> dict[str, str]:
    """A line of the page. `tone` and `mark`: of its state."""
    sessions, figures = 0 if one is None else one.sessions, ""
    if one is not None and sessions:
        figures = context.ngettext(
            "{n} session, {taken} of {all} taken",
            "{n} sessions, {taken} of {all} taken",
            sessions,
            taken=say_number(one.taken, context.locale),
            all=say_number(one.capacity, context.locale),
        )
    if one is not None and one.day_capacity is not None:
        limit = context.gettext("daily capacity {n}", n=say_number(one.day_capacity, context.locale))
        figures = f"{figures} · {limit}" if figures else limit
    if one is None or not sessions:
        state = ("", "clock", context.gettext("Not open yet"))
    elif one.closed == sessions:
        state = ("bad", "x", context.pgettext("sale", "Closed"))
    elif one.closed:
        state = ("warn", "tight", context.gettext("Partly closed"))
    else:
        state = ("good", "check", context.gettext("Open"))
    if told and state[0] == "":
        state = ("bad", "x", context.gettext("Closed that day"))
    return {
        "date": day.isoformat(),
        "said": say_full_date(day, context.locale),
        "figures": figures,
        "told": told,
        "tone": state[0],
        "mark": state[1],
        "state": state[2],
    }


routes: Final = [get("/console/days", show_days)]
