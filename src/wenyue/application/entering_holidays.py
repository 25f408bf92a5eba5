"""Entering holidays: what it would touch, and how it is done in a transaction that has begun."""

from typing import Any

from wenyue.application.operating import Act, NotDone
from wenyue.booking import replanning, touched
from wenyue.booking.slots.replanning import HolidayEntry
from wenyue.changes import Counts, Effect, Looked
from wenyue.core.clock import days
from wenyue.core.duties import Right
from wenyue.events import append, kinds
from wenyue.policy import DayKind, load_calendar


async def look_at_holidays(act: Act, request: HolidayEntry) -> Looked | NotDone:
    """What it would touch: sessions of these dates everywhere, and the places taken in them. Bookings stand.

    `was`: by date its kind and the names of its holiday. It always loosens: a day that has fewer sessions has other prices,
    terms and days on which cards rest, too.
    """
    replanning.check_entry(request)
    if not act.operator.may(Right.HOLIDAYS_SET, None):
        return NotDone.EVERY_VENUE
    calendar = await load_calendar(act.tx)
    dates = list(days(request.from_day, request.to_day))
    was: dict[str, Any] = {
        one.isoformat(): [calendar.day_kind(one), "、".join(sorted(calendar.holiday_names(one)))]
        for one in dates
    }
    new = calendar
    for one in dates:
        new = new.entering(one, request.day_kind, request.name_zh)
    is_other = any(
        (calendar.day_kind(one), calendar.holiday_name(one)) != (new.day_kind(one), new.holiday_name(one))
        for one in dates
    )
    here = await touched.of_all_venues(act.tx, request.from_day, request.to_day)
    return Looked(None, Effect.LOOSENS, was, Counts(here.sessions, here.places), is_other=is_other)


async def do_enter_holidays(act: Act, request: HolidayEntry) -> list[DayKind] | NotDone:
    """The kinds that the dates had. Sessions that are open follow when the event is heard: a date a transaction."""
    if not act.operator.may(Right.HOLIDAYS_SET, None):
        return NotDone.EVERY_VENUE
    was = await replanning.enter_holidays(act.tx, request, now=act.now, actor=act.operator.name)
    await append(act.tx, [kinds.CalendarEntered(request.from_day, request.to_day, tuple(was))], act.now)
    return was
