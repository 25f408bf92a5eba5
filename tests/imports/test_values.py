"""Numbers, dates and times as offices write them."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.imports.values import date_of, date_of_parts, moment_of, number_of, span_of, time_of, whole_of


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("¥1,856.00", "1856.00"),
        ("￥ 99", "99"),
        ("186元", "186"),
        ("186.00 元", "186.00"),
        ("CNY 186.5", "186.5"),
        ("1间", "1"),
        ("2 人", "2"),
        ("１２３", "123"),
        ("1，856.00", "1856.00"),
        ("1,234,567", "1234567"),
        ("30,25", "30.25"),
        ("1 234", "1234"),
        ("(12.5)", "-12.5"),
        ("'42", "42"),
        ('="42"', "42"),
        (".5", "0.5"),
    ],
)
def test_numbers_as_offices_write_them(raw: str, number: str) -> None:
    assert number_of(raw) == Decimal(number)


@pytest.mark.parametrize(
    "raw", ["", "x", "1e5", "12,34,567", "1.2.3", "--1", "1-2", "∞", "NaN", "9" * 40, "1,2345"[:1] + "①a"]
)
def test_what_is_no_number(raw: str) -> None:
    assert number_of(raw) is None


def test_whole_numbers() -> None:
    assert [whole_of(raw) for raw in ("2.0", "2间", "2.5", "")] == [2, 2, None, None]


@pytest.mark.parametrize(
    "raw",
    [
        "2027-03-01", "2027/3/1", "2027.3.1", "2027年3月1日", "2027年03月01日 星期一", "2027-03-01（周一）", "20270301",
        "'2027-03-01", '="2027-03-01"', "２０２７－３－１", "27/3/1", "27-03-01", "46447", "46447.5", "2027-03-01 10:00:00",
        "2027-03-01T10:00:00", "2027/3/1 10:00", "1-Mar-2027", "1 March 2027", "Mar 1, 2027",
    ],
)  # fmt: skip
def test_dates_as_offices_write_them(raw: str) -> None:
    assert date_of(raw) == date(2027, 3, 1)


@pytest.mark.parametrize(
    "raw", ["", "2027-3", "2027-02-30", "2027-13-01", "3/1/2027", "13.1.2027", "5", "明天", "99999999", "1e9"]
)
def test_what_is_no_date(raw: str) -> None:
    assert date_of(raw) is None


def test_a_day_before_its_month_is_read_only_where_somebody_says_so() -> None:
    assert date_of("3/1/2027", ("%d/%m/%Y",)) == date(2027, 1, 3)


def test_two_digit_years_go_by_the_printed_rule() -> None:
    assert [date_of(f"{year}-1-2") for year in ("00", "69", "70", "99")] == [
        date(2000, 1, 2), date(2069, 1, 2), date(1970, 1, 2), date(1999, 1, 2),
    ]  # fmt: skip


def test_moments_have_their_time() -> None:
    assert moment_of("2027年3月1日 上午9:30") == (date(2027, 3, 1), time(9, 30))
    assert moment_of("46447.354166667") == (date(2027, 3, 1), time(8, 30))
    assert moment_of("2027-03-01") == (date(2027, 3, 1), None)
    assert moment_of("2027-03-01 10:00:00", ("%Y-%m-%d %H:%M:%S",)) == (date(2027, 3, 1), time(10))


def test_dates_in_three_columns() -> None:
    assert date_of_parts("2027", "March", "1") == date_of_parts("2027", "3", "01") == date(2027, 3, 1)
    assert date_of_parts("2027", "2", "30") is None


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("8:30", time(8, 30)), ("08:30:15", time(8, 30, 15)), ("0830", time(8, 30)), ("8点30分", time(8, 30)),
        ("8点", time(8)), ("上午8:30", time(8, 30)), ("下午3:05", time(15, 5)), ("2:30 PM", time(14, 30)),
        ("12:00am", time()), ("0.354166667", time(8, 30)), ("24:00", time()), ("８：３０", time(8, 30)),
        ("8", None), ("830", None), ("25:00", None), ("8:75", None), ("", None), ("上午", None),
    ],
)  # fmt: skip
def test_times_as_offices_write_them(raw: str, found: time | None) -> None:
    assert time_of(raw) == found


@pytest.mark.parametrize(
    "raw",
    ["08:30-11:30", "8:30～11:30", "8点30至11点30分", "08:30—11:30", "0830-1130", "上午8:30 到 上午11:30"],
)
def test_spans(raw: str) -> None:
    assert span_of(raw) == (time(8, 30), time(11, 30))


def test_what_is_no_span() -> None:
    assert [span_of(raw) for raw in ("上午场", "8:30", "8:30-11:30-12:30", "")] == [None] * 4


@given(st.text(max_size=40))
def test_any_text_gives_a_value_or_none(raw: str) -> None:
    for read in (number_of, whole_of, date_of, moment_of, time_of, span_of):
        read(raw)
