"""Cases R3 and R4 of the trials: years without a published calendar, and holidays that are longer than their own day."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.card_rules import card_of, rules_of, want
from wenyue.booking.slots.following import OpenSlot, Planned, SlotChange, decide
from wenyue.booking.slots.planning import NOT_IN_TIMETABLE, NewPool, NewSlot
from wenyue.booking.slots.replanning import HolidayEntry, check_entry
from wenyue.cards import CardRefusal, CardRules, decide_use
from wenyue.locale import Texts
from wenyue.policy import HolidayCalendar
from wenyue.policy.holidays import statutory_days
from wenyue.policy.model import Override

CALENDAR = HolidayCalendar()
NINE = datetime(2027, 10, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [  # of 2027, by law: 国务院令第795号
        (date(2027, 1, 1), date(2027, 1, 1), "元旦"),
        (date(2027, 2, 5), date(2027, 2, 8), "春节"),
        (date(2027, 4, 5), date(2027, 4, 5), "清明节"),
        (date(2027, 5, 1), date(2027, 5, 2), "劳动节"),
        (date(2027, 6, 9), date(2027, 6, 9), "端午节"),
        (date(2027, 9, 15), date(2027, 9, 15), "中秋节"),
        (date(2027, 10, 1), date(2027, 10, 3), "国庆节"),
    ],
)
def test_rules_R3_statutory_days_hold_without_a_notice(first: date, last: date, name: str) -> None:
    assert not CALENDAR.is_published(2027)
    for day in (first, last):
        assert (CALENDAR.day_kind(day), CALENDAR.holiday_name(day)) == ("holiday", name)
        assert name in CALENDAR.holiday_names(day)


def test_rules_R3_thirteen_days_a_year_as_the_law_counts() -> None:
    for year in range(2025, 2100):
        days = statutory_days(year)
        assert sum(map(len, days.values())) == 13, year
        assert {day.year for day in days} == {year}
    assert not statutory_days(2024)
    assert not statutory_days(2100)


def test_rules_R3_what_the_law_says_lies_within_what_was_published() -> None:
    for year in (2025, 2026):
        for day, names in statutory_days(year).items():
            assert CALENDAR.day_kind(day) == "holiday"
            assert set(names) <= CALENDAR.holiday_names(day), day


def blacked_out(holiday: str) -> CardRules:
    return rules_of(blackouts=[{"holiday": holiday}])


@pytest.mark.parametrize(
    ("holiday", "day"),
    [
        ("春节", date(2027, 2, 6)),
        ("国庆节", date(2027, 10, 2)),
        ("国庆节", date(2025, 10, 6)),  # R4: 中秋 itself, inside 1 to 8 October
        ("中秋节", date(2025, 10, 1)),
        ("国庆节", date(2028, 10, 3)),  # 中秋 on a statutory day of 国庆, not published
    ],
)
def test_rules_R3_R4_a_blackout_by_name_covers_the_whole_holiday(holiday: str, day: date) -> None:
    rules = blacked_out(holiday)
    card = card_of(rules, valid_from=date(2025, 1, 1), valid_to=date(2029, 1, 1))
    verdict = decide_use(rules, card, want(on_date=day), CALENDAR, datetime(2025, 9, 1, tzinfo=UTC))
    assert verdict is CardRefusal.CARD_BLACKOUT


def test_rules_R4_holidays_apart_stay_apart() -> None:
    assert CALENDAR.holiday_names(date(2026, 9, 25)) == {"中秋节"}
    assert CALENDAR.holiday_names(date(2026, 10, 1)) == {"国庆节"}
    assert CALENDAR.holiday_names(date(2026, 10, 10)) == frozenset()


def test_rules_R3_an_override_makes_a_period() -> None:
    entered = {
        date(2027, 9, 30): Override("holiday", "中秋节"),
        date(2027, 10, 4): Override("holiday", "国庆节"),
    }
    calendar = HolidayCalendar(entered)
    assert calendar.holiday_names(date(2027, 10, 4)) == {"中秋节", "国庆节"}


WEEKLY: Texts = {"zh-CN": "周一例行闭馆", "en": "Closed on Mondays"}
NONE: Texts = {}


def planned(capacity: int, *, is_open: bool = True, price: int = 100) -> Planned:
    reason = NONE if is_open else WEEKLY
    slot = NewSlot(1, 1, NINE.date(), NINE, NINE, NINE, NINE, price, "CNY", {}, False, {}, is_open, reason)
    return slot, [NewPool("session", 1, 1, NINE.date(), NINE, None, capacity, is_open)]


def open_slot(
    capacity: int = 10, *, is_open: bool = True, reason: Texts = NONE, taken: int = 0, price: int = 100
) -> OpenSlot:
    return OpenSlot(
        5, 1, NINE, is_open, reason, price, 9, capacity, taken, has_reserves=False, has_day_pool=False
    )


KEY: tuple[int, datetime] = (1, NINE)


def test_rules_R3_open_slots_follow_what_stood_as_planned() -> None:
    weekly = planned(10, is_open=False)
    opened = decide({KEY: weekly}, {KEY: planned(30, price=200)}, open_slot(is_open=False, reason=WEEKLY))
    assert isinstance(opened, SlotChange)
    assert (opened.is_open, opened.reason, opened.capacity, opened.price_minor) == (True, {}, 30, 200)
    closed = decide({KEY: planned(10)}, {KEY: weekly}, open_slot())
    assert isinstance(closed, SlotChange)
    assert (closed.is_open, closed.reason) == (False, WEEKLY)
    gone = decide({KEY: planned(10)}, {}, open_slot())
    assert isinstance(gone, SlotChange)
    assert (gone.is_open, gone.reason) == (False, NOT_IN_TIMETABLE)


def test_rules_R3_what_people_set_by_hand_stays() -> None:
    before, after = {KEY: planned(10)}, {KEY: planned(30)}
    assert decide(before, after, open_slot(is_open=False, reason={"zh-CN": "检修"})) is None
    assert decide(before, after, open_slot(capacity=12)) is None
    assert decide({}, after, open_slot()) is None


def test_rules_R3_bookings_in_the_way_are_told() -> None:
    assert "8 places are taken" in str(decide({KEY: planned(10)}, {KEY: planned(5)}, open_slot(taken=8)))
    assert "8 places are taken" in str(decide({KEY: planned(10)}, {}, open_slot(taken=8)))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("kind", {"day_kind": "feast"}),
        ("to", {"to_day": date(2027, 9, 30)}),
        ("to", {"to_day": date(2027, 11, 20)}),
        ("name", {"name_zh": "圣诞节"}),
        ("name", {"day_kind": "workday"}),
        ("source", {"source": " "}),
        ("source", {"source": "a\nb"}),
    ],
)
def test_rules_R3_a_mistyped_entry_names_its_field(field: str, change: dict[str, Any]) -> None:
    good = HolidayEntry(date(2027, 10, 1), date(2027, 10, 7), "holiday", "国庆节", "通知")
    check_entry(good)
    with pytest.raises(ValueError, match=f"^{field}:"):
        check_entry(replace(good, **change))
