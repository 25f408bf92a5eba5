"""What a row of a list of sessions comes to on each of its days. Pure."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

from wenyue.booking.slots.importing import ListedSession
from wenyue.catalogue import OpeningHours, Product, Venue
from wenyue.core.clock import at_local
from wenyue.imports.refusals import Reason, Refusal
from wenyue.imports.sessions import SessionRow
from wenyue.locale import Message

_NIGHT: Final = (time(14), time(12))  # of a room whose list does not say it
_RIDE_OR_MEAL: Final = timedelta(minutes=120)  # of which the list says only when it begins
_PAST_MIDNIGHT_MAX: Final = timedelta(hours=8)


def sessions_of(
    row: SessionRow, product: Product, week: Sequence[OpeningHours], *, has_own_price: bool
) -> list[ListedSession] | Refusal:
    """The sessions of the row. `week`: its venue's opening hours, of a visit without times.

    `has_own_price`: it is a product that is sold already, and costs what it costs, whatever the row says.
    """
    hours = {one.weekday: (one.opens, one.closes) for one in week}
    found: list[ListedSession] = []
    for day in row.days():
        span = _span(row, product, hours.get(day.weekday()))
        if span is None and hours:
            continue  # the venue is closed on this weekday
        if span is None:
            return _refusal(row, Message("say when it begins and ends: the venue has no opening hours here"))
        if (problem := _too_long(product, *span)) is not None:
            return _refusal(row, problem)
        price = None if has_own_price else row.price_minor
        found.append(ListedSession(product.id, day, *span, row.capacity, row.label, price))
    return found or _refusal(row, Message("the venue is closed on all of its dates"))


def moment(one: ListedSession, venue: Venue) -> datetime:
    """When it begins."""
    return at_local(one.on_date, one.starts, venue.timezone)


def _span(row: SessionRow, product: Product, hours: tuple[time, time] | None) -> tuple[time, time] | None:
    if row.starts is None:
        return _NIGHT if product.kind == "night" else hours
    if row.ends is not None:
        return row.starts, row.ends
    if product.kind == "night":
        return row.starts, _NIGHT[1]
    if product.kind == "session":
        return (row.starts, hours[1]) if hours is not None else None
    return row.starts, _after(row.starts, _RIDE_OR_MEAL)


def _after(start: time, span: timedelta) -> time:
    minutes = start.hour * 60 + start.minute + int(span.total_seconds()) // 60
    return time(minutes // 60 % 24, minutes % 60)


def _too_long(product: Product, starts: time, ends: time) -> Message | None:
    """A night ends on the next day; what else runs past midnight does not run for long: else the two are swapped."""
    if ends > starts or product.kind == "night":
        return None
    begun = timedelta(hours=starts.hour, minutes=starts.minute)
    length = timedelta(days=1, hours=ends.hour, minutes=ends.minute) - begun
    return None if length <= _PAST_MIDNIGHT_MAX else Message("it ends before it begins: are the two swapped?")


def _refusal(row: SessionRow, fix: Message) -> Refusal:
    times = "-".join(f"{one:%H:%M}" for one in (row.starts, row.ends) if one is not None)
    return Refusal(Reason.BAD_TIME, "", times or str(row.first), fix)
