"""The holiday calendar, and what templates make of a day: known dates, and properties over random templates."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.booking.slots.planning import Opening, plan
from wenyue.catalogue import (
    Closure,
    PlannedSession,
    Product,
    Template,
    Venue,
    closure_on,
    day_capacity_for,
    sessions_for,
)
from wenyue.core.clock import local_date
from wenyue.policy import HolidayCalendar, shipped_presets
from wenyue.policy.model import DayKind, Override

PRESETS = shipped_presets()
CALENDAR = HolidayCalendar()
NINE_TO_FIVE = (PlannedSession(time(9), time(17), 10),)


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        (date(2026, 10, 1), "holiday", "国庆节"),
        (date(2026, 10, 3), "holiday", "国庆节"),  # a Saturday inside the holiday
        (date(2026, 10, 10), "workday", ""),  # a working Saturday (调休)
        (date(2026, 9, 20), "workday", ""),  # a working Sunday (调休)
        (date(2026, 10, 11), "weekend", ""),
        (date(2026, 10, 12), "workday", ""),
        (date(2026, 2, 17), "holiday", "春节"),
        (date(2026, 2, 14), "workday", ""),
        (date(2026, 4, 5), "holiday", "清明节"),
        (date(2026, 6, 19), "holiday", "端午节"),
        (date(2026, 9, 25), "holiday", "中秋节"),
        (date(2026, 1, 1), "holiday", "元旦"),
        (date(2026, 5, 1), "holiday", "劳动节"),
        (date(2024, 2, 29), "workday", ""),
        (date(2028, 2, 29), "workday", ""),
        (date(2027, 10, 9), "weekend", ""),  # unpublished: a Saturday is a Saturday
        (date(2027, 10, 1), "holiday", "国庆节"),  # unpublished: the statutory day
        (date(2027, 10, 4), "workday", ""),  # unpublished: a moved day is not guessed
        (date(1999, 10, 1), "workday", ""),
    ],
)
def test_known_days(day: date, kind: str, name: str) -> None:
    assert (CALENDAR.day_kind(day), CALENDAR.holiday_name(day)) == (kind, name)
    assert (CALENDAR.day_kind(day), CALENDAR.holiday_name(day)) == (kind, name)  # remembered


def test_years_without_a_notice_are_flagged() -> None:
    assert CALENDAR.is_published(2026)
    assert not CALENDAR.is_published(2027)
    some = {date(2027, 10, 1): Override("holiday", "国庆节")}
    assert not HolidayCalendar(some).is_published(2027)
    assert HolidayCalendar({**some, date(2027, 2, 6): Override("holiday", "春节")}).is_published(2027)


def test_an_override_wins_over_the_library() -> None:
    calendar = HolidayCalendar(
        {
            date(2026, 10, 10): Override("weekend", "不算"),
            date(2026, 10, 1): Override("workday", ""),
            date(2027, 10, 1): Override("holiday", "国庆节"),
        }
    )
    assert (calendar.day_kind(date(2026, 10, 10)), calendar.holiday_name(date(2026, 10, 10))) == (
        "weekend",
        "",
    )
    assert calendar.day_kind(date(2026, 10, 1)) == "workday"
    assert calendar.holiday_name(date(2027, 10, 1)) == "国庆节"


@given(st.dates(date(1990, 1, 1), date(2060, 12, 31)))
def test_every_day_has_a_kind_and_only_holidays_have_a_name(day: date) -> None:
    kind = CALENDAR.day_kind(day)
    assert kind in {"workday", "weekend", "holiday"}
    assert bool(CALENDAR.holiday_name(day)) == (kind == "holiday")


def test_the_most_special_template_wins() -> None:
    def template(number: int, kind: DayKind | None, priority: int = 0, weekdays: int = 127) -> Template:
        sessions = (PlannedSession(time(number), time(number + 1), number),)
        return Template(
            id=number, product_id=1, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31), sessions=sessions,
            day_kind=kind or "any", priority=priority, weekdays=weekdays, day_capacity=number * 100,
        )  # fmt: skip

    templates = [
        template(1, None), template(2, "weekend"), template(3, "holiday", 5), template(4, None, 3, 1 << 2),
    ]  # fmt: skip

    def chosen(day: date) -> int:
        kind = CALENDAR.day_kind(day)
        [session] = sessions_for(templates, day, kind)
        assert day_capacity_for(templates, day, kind) == session.capacity * 100
        return session.capacity

    assert chosen(date(2026, 10, 13)) == 1  # Tuesday
    assert chosen(date(2026, 10, 17)) == 2  # Saturday
    assert chosen(date(2026, 10, 10)) == 1  # a working Saturday follows the workdays' timetable
    assert chosen(date(2026, 10, 7)) == 3  # a Wednesday, but a holiday
    assert chosen(date(2026, 10, 14)) == 4  # Wednesday
    assert sessions_for(templates, date(2027, 1, 5), "workday") == []
    assert sessions_for(templates, date(2025, 12, 31), "workday") == []
    assert day_capacity_for(templates, date(2027, 1, 5), "workday") is None


def test_closures_cover_a_product_or_the_whole_venue() -> None:
    def closure(number: int, product_id: int | None) -> Closure:
        day = date(2026, 11, number)
        return Closure(
            id=number, venue_id=1, product_id=product_id, from_date=day, to_date=day, reason={"zh-CN": "检修"},
            source="",
        )  # fmt: skip

    closures = [closure(1, None), closure(2, 7)]
    assert closure_on(closures, 8, date(2026, 11, 1)) is closures[0]
    assert closure_on(closures, 7, date(2026, 11, 2)) is closures[1]
    assert closure_on(closures, 8, date(2026, 11, 2)) is None
    assert closure_on(closures, 7, date(2026, 11, 3)) is None


_minutes = st.integers(0, 24 * 60 - 1)


@st.composite
def _sessions(draw: st.DrawFn) -> tuple[PlannedSession, ...]:
    """Sessions of one day that follow each other."""
    edges = sorted(draw(st.lists(_minutes, min_size=2, max_size=12, unique=True)))
    times = [time(minute // 60, minute % 60) for minute in edges]
    return tuple(
        PlannedSession(
            starts,
            ends,
            draw(st.integers(0, 10_000)),
            reserves=draw(
                st.dictionaries(
                    st.sampled_from(["phone", "window", "elderly"]), st.integers(0, 500), max_size=3
                )
            ),
        )
        for starts, ends in zip(times[::2], times[1::2], strict=False)
    )


@st.composite
def _templates(draw: st.DrawFn) -> list[Template]:
    return [
        Template(
            id=number,
            product_id=1,
            valid_from=draw(st.dates(date(2024, 1, 1), date(2026, 12, 1))),
            valid_to=draw(st.none() | st.dates(date(2026, 1, 1), date(2028, 12, 1))),
            day_kind=draw(st.sampled_from(["any", "workday", "weekend", "holiday"])),
            weekdays=draw(st.integers(1, 127)),
            priority=draw(st.integers(0, 2)),
            day_capacity=draw(st.none() | st.integers(0, 50_000)),
            sessions=draw(_sessions()),
        )
        for number in range(draw(st.integers(0, 4)))
    ]


_days = st.dates(date(2024, 1, 1), date(2028, 12, 31)) | st.sampled_from(
    [date(2024, 2, 29), date(2028, 2, 29), date(2026, 10, 10), date(2026, 2, 28), date(2026, 12, 31)]
)


@given(
    _templates(),
    _days,
    st.sampled_from(sorted(PRESETS)),
    st.sampled_from(["Asia/Shanghai", "Asia/Kathmandu"]),
)
def test_planned_slots_lie_in_their_day_and_never_overlap(
    templates: list[Template], day: date, code: str, timezone: str
) -> None:
    preset = PRESETS[code]
    venue = Venue(id=1, code="v", kind="attraction", name={"zh-CN": "景区"}, timezone=timezone)
    product = Product(id=1, venue_id=1, code="p", kind="session", name={"zh-CN": "票"}, price_minor=100)
    opening = Opening(venue, product, templates, preset, [], {})
    planned = plan(opening, CALENDAR, day, day)
    assert plan(opening, CALENDAR, day, day) == planned
    slots = [slot for slot, _ in planned]
    for before, after in pairwise(slots):
        assert before.starts_at < before.ends_at <= after.starts_at
    for slot, pools in planned:
        assert slot.on_date == day == local_date(slot.starts_at, timezone)
        assert slot.starts_at < slot.ends_at <= slot.starts_at + timedelta(days=1)
        assert slot.release_at <= slot.starts_at
        assert preset.same_day_booking or local_date(slot.closes_at - timedelta(seconds=1), timezone) < day
        assert all(pool.capacity >= 0 for pool in pools)
        assert [pool.kind for pool in pools].count("session") == 1
        assert slot.counts_in_day or "day" not in [pool.kind for pool in pools]
        names = {pool.channel for pool in pools if pool.channel}
        assert set(slot.channels.values()) <= names
        assert len(slot.channels) in {0, 7}
        assert slot.is_open or slot.closed_reason


@pytest.mark.parametrize("code", sorted(code for code, preset in PRESETS.items() if preset.slots))
def test_the_presets_own_slots_overlap_only_when_they_say_so(code: str) -> None:
    preset = PRESETS[code]
    assert any(after.starts < before.ends for before, after in pairwise(preset.slots)) == preset.may_overlap


def test_a_night_runs_past_midnight_and_over_the_leap_day() -> None:
    venue = Venue(id=1, code="v", kind="hotel", name={"zh-CN": "酒店"})
    product = Product(id=1, venue_id=1, code="p", kind="night", name={"zh-CN": "房"}, price_minor=100)
    night = Template(
        product_id=1, valid_from=date(2024, 1, 1), sessions=(PlannedSession(time(14), time(12), 5),)
    )
    opening = Opening(venue, product, [night], PRESETS["hotel"], [], {date(2028, 2, 29): 250})
    planned = plan(opening, CALENDAR, date(2028, 2, 28), date(2028, 3, 1))
    ends = [slot.ends_at.isoformat() for slot, _ in planned]
    assert ends == ["2028-02-29T04:00:00+00:00", "2028-03-01T04:00:00+00:00", "2028-03-02T04:00:00+00:00"]
    assert [slot.price_minor for slot, _ in planned] == [100, 250, 100]


def test_weekly_closing_days_are_open_on_holidays() -> None:
    venue = Venue(id=1, code="v", kind="attraction", name={"zh-CN": "故宫"})
    product = Product(id=1, venue_id=1, code="p", kind="session", name={"zh-CN": "票"}, price_minor=100)
    always = Template(product_id=1, valid_from=date(2024, 1, 1), sessions=NINE_TO_FIVE)
    opening = Opening(venue, product, [always], PRESETS["gugong"], [], {})
    [(ordinary, _)] = plan(opening, CALENDAR, date(2026, 11, 23), date(2026, 11, 23))
    [(holiday, _)] = plan(opening, CALENDAR, date(2026, 10, 5), date(2026, 10, 5))
    assert (ordinary.is_open, ordinary.closed_reason["zh-CN"]) == (False, "周一例行闭馆")
    assert holiday.is_open
    assert isinstance(holiday.release_at, datetime)


def test_the_days_cap_of_the_preset_and_of_the_template_the_strictest_wins() -> None:
    venue = Venue(id=1, code="v", kind="attraction", name={"zh-CN": "灵隐"})
    product = Product(id=1, venue_id=1, code="p", kind="session", name={"zh-CN": "票"}, price_minor=100)

    def capacity(day: date, stated: int | None) -> int:
        template = Template(
            product_id=1, valid_from=date(2024, 1, 1), sessions=NINE_TO_FIVE, day_capacity=stated
        )
        [(_, pools)] = plan(
            Opening(venue, product, [template], PRESETS["lingyin"], [], {}), CALENDAR, day, day
        )
        [pool] = [pool for pool in pools if pool.kind == "day"]
        return pool.capacity

    assert capacity(date(2026, 11, 24), None) == 35_000
    assert capacity(date(2026, 11, 28), None) == 50_000
    assert capacity(date(2026, 10, 2), None) == 65_000
    assert capacity(date(2026, 10, 2), 40_000) == 40_000
    assert capacity(date(2026, 10, 10), 40_000) == 35_000  # a working Saturday
