"""Planning: which pools and slots a product's calendar templates come to on which days. Pure; `opening` stores them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from wenyue import catalogue
from wenyue.booking.model import Channel
from wenyue.catalogue import Closure, Product, SessionPlan, Template, Venue
from wenyue.core.clock import at_local, days
from wenyue.locale import DEFAULT, SOURCE, Texts
from wenyue.policy import HolidayCalendar, Preset, release_at, sales_end_at

DAYS_AHEAD_MAX: Final = 400
_CHANNELS: Final = tuple(channel.name.lower() for channel in Channel)
GENERAL: Final = Channel.ONLINE.name.lower()  # channels without a reserve share what the reserves leave
_WEEKDAYS: Final = (
    ("一", "Mondays"),
    ("二", "Tuesdays"),
    ("三", "Wednesdays"),
    ("四", "Thursdays"),
    ("五", "Fridays"),
    ("六", "Saturdays"),
    ("日", "Sundays"),
)
_WEEKLY_REASONS: Final[Sequence[Texts]] = [
    {DEFAULT: f"周{chinese}例行闭馆", SOURCE: f"Closed on {english}"} for chinese, english in _WEEKDAYS
]
NOT_IN_TIMETABLE: Final[Texts] = {
    DEFAULT: "节假日安排调整，当日不设此场次",
    SOURCE: "The holiday arrangement changed: no such session on this day",
}
# By these words, the Chinese, the calendar finds again what it closed: a closure by hand says something else, and lifting one
# opens none.
CALENDAR_REASONS: Final = tuple(one[DEFAULT] for one in (*_WEEKLY_REASONS, NOT_IN_TIMETABLE))


class NewPool(msgspec.Struct, frozen=True):
    """A row for `add_pools`."""

    kind: str
    venue_id: int
    product_id: int | None
    on_date: date
    starts_at: datetime | None
    channel: str | None
    capacity: int
    is_open: bool


class NewSlot(msgspec.Struct, frozen=True):
    """A row for `add_slots`. `channels`: which pool (by the channel it is named after) each channel draws from."""

    product_id: int
    venue_id: int
    on_date: date
    starts_at: datetime
    ends_at: datetime
    release_at: datetime
    closes_at: datetime
    price_minor: int
    currency: str
    label: Texts
    counts_in_day: (
        bool  # its visitors count against the carrying capacity of the venue's day, where there is one
    )
    channels: dict[str, str]
    is_open: bool
    closed_reason: Texts
    source: str | None = None  # the list that brought it


@dataclass(frozen=True, slots=True)
class Opening:
    """What a product's days are planned from; all of one venue and one product."""

    venue: Venue
    product: Product
    templates: Sequence[Template]
    preset: Preset
    closures: Sequence[Closure]
    prices: Mapping[date, int]


def plan(
    opening: Opening, calendar: HolidayCalendar, from_day: date, to_day: date
) -> list[tuple[NewSlot, list[NewPool]]]:
    """Pure: the slots of these days, each with the pools that it needs."""
    last = min(to_day, from_day + timedelta(days=DAYS_AHEAD_MAX))
    return [one for day in days(from_day, last) for one in _plan_day(opening, day, calendar.day_kind(day))]


def _plan_day(opening: Opening, day: date, day_kind: str) -> Iterator[tuple[NewSlot, list[NewPool]]]:
    day_capacity = day_capacity_of(opening, day, day_kind)
    reason = closed_reason(opening, day, day_kind)
    venue, product, preset = opening.venue, opening.product, opening.preset
    for session in catalogue.sessions_for(opening.templates, day, day_kind):
        starts_at = at_local(day, session.starts, venue.timezone)
        ends_day = day + timedelta(days=1) if session.is_overnight else day
        ends_at = at_local(ends_day, session.ends, venue.timezone)
        own_price = product.price_minor if session.price_minor is None else session.price_minor
        slot = NewSlot(
            product_id=product.id,
            venue_id=venue.id,
            on_date=day,
            starts_at=starts_at,
            ends_at=ends_at,
            release_at=release_at(preset, day, venue.timezone),
            closes_at=sales_end_at(preset, starts_at, ends_at, venue.timezone),
            price_minor=opening.prices.get(day, own_price),
            currency=product.currency,
            label=session.label,
            counts_in_day=day_capacity is not None or product.is_first_gate,
            channels=_channels(session),
            is_open=not reason,
            closed_reason=reason,
        )
        yield slot, _pools(slot, session, day_capacity)


def day_capacity_of(opening: Opening, day: date, day_kind: str) -> int | None:
    """The template's approved carrying capacity, or the preset's cap for this kind of day: the strictest of those given."""
    stated = catalogue.day_capacity_for(opening.templates, day, day_kind)
    cap = {str(kind): figure for kind, figure in opening.preset.day_caps.items()}.get(day_kind)
    figures = [figure for figure in (stated, cap) if figure is not None]
    return min(figures, default=None)


def day_capacities(planned: Iterable[tuple[NewSlot, list[NewPool]]]) -> dict[int, int]:
    """The carrying capacity of the day by venue. The first session that has one makes the day's pool, as when it is stored."""
    found: dict[int, int] = {}
    for _, pools in planned:
        for pool in pools:
            if pool.kind == "day":
                found.setdefault(pool.venue_id, pool.capacity)
    return found


def closed_reason(opening: Opening, day: date, day_kind: str) -> Texts:
    """Why the day is closed to the product; empty: it is not."""
    weekday = day.weekday()
    if weekday in opening.preset.closed_weekdays and day_kind != "holiday":
        # Before any closure: when that is lifted, the calendar's own closing day is still to be known as one.
        return _WEEKLY_REASONS[weekday]
    closure = catalogue.closure_on(opening.closures, opening.product.id, day)
    return {} if closure is None else closure.reason


def _channels(session: SessionPlan) -> dict[str, str]:
    """Channel → the channel whose pool it draws from; empty without reserves (then only the session's pool limits)."""
    if not session.reserves:
        return {}
    return {name: name if name in session.reserves else GENERAL for name in _CHANNELS}


def _pools(slot: NewSlot, session: SessionPlan, day_capacity: int | None) -> list[NewPool]:
    def pool(kind: str, capacity: int, channel: str | None = None) -> NewPool:
        return NewPool(
            kind=kind,
            venue_id=slot.venue_id,
            product_id=None if kind == "day" else slot.product_id,
            on_date=slot.on_date,
            starts_at=None if kind == "day" else slot.starts_at,
            channel=channel,
            capacity=capacity,
            is_open=slot.is_open or kind != "session",
        )

    pools = [pool("session", session.capacity)]
    if day_capacity is not None:
        pools.append(pool("day", day_capacity))
    if session.reserves:
        reserves: dict[str, int] = {str(name): count for name, count in session.reserves.items()}
        reserves.setdefault(GENERAL, max(0, session.capacity - sum(reserves.values())))
        pools += [pool("channel", count, name) for name, count in reserves.items()]
    return pools
