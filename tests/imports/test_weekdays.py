"""Weekdays as offices write them."""

import pytest

from wenyue.imports.weekdays import EVERY, weekdays_of, weekdays_text


@pytest.mark.parametrize(
    ("raw", "days"),
    [
        ("周一", "0"),
        ("周一至周五", "01234"),
        ("星期六、星期日", "56"),
        ("周六，周日", "56"),
        ("一三五", "024"),
        ("周二、四", "13"),
        ("1-5", "01234"),
        ("1,3", "02"),
        ("周五～周一", "0456"),
        ("每天", "0123456"),
        ("周末", "56"),
        ("Mon-Fri", "01234"),
        ("Monday, Wed.", "02"),
        ("daily", "0123456"),
        ("礼拜天", "6"),
        ("无", ""),
    ],
)
def test_usual_spellings_are_read(raw: str, days: str) -> None:
    assert weekdays_of(raw) == sum(1 << int(day) for day in days)


@pytest.mark.parametrize("raw", ["", "8", "周八", "每月一日", "Mo nday", "1-9", "节假日"])
def test_what_names_no_weekday_is_none(raw: str) -> None:
    assert weekdays_of(raw) is None


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_what_is_written_is_read_again(locale: str) -> None:
    assert all(weekdays_of(weekdays_text(days, locale)) == days for days in range(1, EVERY + 1))
