"""What the rows of a booking say: who is named where, what they cost together, which lines a cancelled one had."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from wenyue.booking import BookingState
from wenyue.booking.slots.exporting import ExportedLine, standing
from wenyue.imports.booking_lists import WrittenBooking, WrittenLine, WrittenVisitor, rows_of
from wenyue.imports.bookings import ImportedStatus

DAY = date(2027, 3, 1)
AT = datetime(2027, 2, 1, 4, tzinfo=UTC)
WANG = WrittenVisitor(0, "王小明", "resident_id", "", "11010519491231002X")
LI = WrittenVisitor(1, "李华", "passport", "", "E12345678")
VISIT = WrittenLine(
    "lake", {}, "adult", {}, "Asia/Shanghai", False, DAY, time(8, 30), time(11, 30), 2, 6000, (WANG, LI)
)
NIGHT = replace(VISIT, venue="inn", product="std", is_night=True, quantity=1, price_minor=30000, visitors=())


def booked(*lines: WrittenLine, **more: object) -> WrittenBooking:
    total = sum(one.price_minor * one.quantity for one in lines)
    one = WrittenBooking("A-1", ImportedStatus.CONFIRMED, AT, AT, total, "CNY", lines)
    return replace(one, **more)


@pytest.mark.parametrize(
    ("name", "phone", "said"),
    [
        ("李华", "+8613800138000", [("王小明", ""), ("李华", "+8613800138000")]),
        ("陈大文", "+8613800138000", [("王小明", "+8613800138000"), ("李华", "")]),
        ("陈大文", "", [("王小明", ""), ("李华", "")]),
    ],
)
def test_the_phone_stands_beside_the_contact_or_in_the_first_row(
    name: str, phone: str, said: list[tuple[str, str]]
) -> None:
    rows = rows_of(booked(VISIT, contact_name=name, contact_phone=phone))
    assert [(row.name, row.phone) for row in rows] == said


def test_whoever_is_erased_stands_among_those_that_nobody_names() -> None:
    [row] = rows_of(booked(replace(VISIT, visitors=()), replace(VISIT, quantity=3, visitors=())))
    assert (row.quantity, row.amount_minor, row.visitor) == (5, 30000, None)


def test_nights_that_follow_each_other_are_one_stay_and_rooms_of_one_night_stand_together() -> None:
    nights = [replace(NIGHT, on_date=DAY + timedelta(days=n), price_minor=30000 + n) for n in range(3)]
    late = replace(NIGHT, on_date=DAY + timedelta(days=5))
    two = booked(*nights, late, late)
    first, second = rows_of(two)
    assert (first.departure, first.quantity, first.amount_minor) == (DAY + timedelta(days=3), 1, 90003)
    assert (second.line.on_date, second.departure, second.quantity) == (
        late.on_date,
        DAY + timedelta(days=6),
        2,
    )


@pytest.mark.parametrize(("total", "amounts"), [(12001, [6001, 6000]), (7000, [1000, 6000]), (0, [0, 0])])
def test_rows_add_up_to_the_total(total: int, amounts: list[int]) -> None:
    assert [row.amount_minor for row in rows_of(booked(VISIT, total_minor=total))] == amounts


def test_who_came_is_told_from_who_did_not() -> None:
    rows = rows_of(booked(replace(VISIT, came=frozenset({1})), state=ImportedStatus.NO_SHOW))
    assert [row.status for row in rows] == [ImportedStatus.NO_SHOW, ImportedStatus.REDEEMED]
    cancelled = rows_of(booked(replace(VISIT, came=frozenset({1})), state=ImportedStatus.CANCELLED))
    assert {row.status for row in cancelled} == {ImportedStatus.CANCELLED}


def test_of_a_cancelled_booking_stand_the_lines_that_it_had_last() -> None:
    old = ExportedLine(1, 1, DAY, AT, AT, 1, 6000, False, False, (), frozenset())
    new = old._replace(on_date=DAY + timedelta(days=1), price_minor=7000)
    assert standing(BookingState.CANCELLED, 7000, [old, new]) == [new]
    assert standing(BookingState.CANCELLED, 13000, [old, new]) == [old, new]
    assert standing(BookingState.CONFIRMED, 7000, [old, new._replace(is_live=True)]) == [
        new._replace(is_live=True)
    ]
