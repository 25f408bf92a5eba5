"""Dates, times, numbers, money, lists and names as a language writes them. CLDR by Babel; patterns stand in the catalogues.

A pattern is CLDR's (`d MMM, HH:mm`) under a stable id, so that a new language writes dates its own way in one file.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel import Locale as BabelLocale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal

from wenyue.core.clock import zone
from wenyue.locale.languages import LOCALES, Locale
from wenyue.locale.message import Message, translations

TIMEZONE: Final = "Asia/Shanghai"
INSTANT: Final = Message("format.instant")  # 1 Oct, 08:00
DAY: Final = Message("format.day")  # 1 Oct
WEEKDAY_AND_DAY: Final = Message("format.day_weekday")  # Thu 1 Oct
FULL_DAY: Final = Message("format.day_full")  # 1 Oct 2026
MONTH: Final = Message("format.month")  # Oct
MONTH_AND_YEAR: Final = Message("format.month_year")  # Oct 2026
WEEKDAY: Final = Message("format.weekday")  # Thu
RELEASE: Final = Message("format.release")  # 8 Oct, 08:00; of a month that everybody knows
WEEKDAY_NAME: Final = Message("format.weekday_name")  # Thu; 周四, standing alone
CLOCK: Final = Message("format.clock")  # 08:00
_SIGNS: Final = {
    "CNY": "¥",
    "EUR": "€",
    "USD": "$",
}  # as narrow as a price tag: CLDR's `CN¥` says what nobody here asks


@lru_cache(maxsize=8)
def _babel(locale: Locale) -> BabelLocale:
    return BabelLocale.parse(LOCALES[locale].folder)


@lru_cache(maxsize=4096)
def say_day(day: date, locale: Locale, pattern: Message = DAY) -> str:
    """A day: `10月1日` or `1 Oct`; more of it by `pattern`."""
    return format_date(day, pattern.say(locale), locale=_babel(locale))


def say_date(day: date, locale: Locale) -> str:
    """`10月2日 周五` or `Fri 2 Oct`."""
    return say_day(day, locale, WEEKDAY_AND_DAY)


def say_full_date(day: date, locale: Locale) -> str:
    """`2026年10月2日` or `2 Oct 2026`."""
    return say_day(day, locale, FULL_DAY)


def say_month(day: date, locale: Locale) -> str:
    """`10月` or `Oct`."""
    return say_day(day, locale, MONTH)


def say_weekday(day: date, locale: Locale) -> str:
    """`五` or `Fri`: the head of a calendar's column."""
    return say_day(day, locale, WEEKDAY)


@lru_cache(maxsize=4096)
def _say_wall(wall: datetime, locale: Locale, pattern: Message) -> str:
    return format_datetime(wall, pattern.say(locale), locale=_babel(locale))


def say_instant(at: datetime, locale: Locale, timezone: str = TIMEZONE, pattern: Message = INSTANT) -> str:
    """`at` on the wall clock of `timezone`: `10月1日 08:00` or `1 Oct, 08:00`."""
    return _say_wall(at.astimezone(zone(timezone)).replace(tzinfo=None), locale, pattern)


def say_clock(at: datetime, locale: Locale, timezone: str = TIMEZONE) -> str:
    """`08:00` on the wall clock of `timezone`."""
    return say_instant(at, locale, timezone, CLOCK)


def say_number(number: int | Decimal, locale: Locale) -> str:
    """`12,345`."""
    return format_decimal(number, locale=_babel(locale))


@lru_cache(maxsize=4096)
def say_money(minor: int, locale: Locale, currency: str = "CNY") -> str:
    """`¥120` or `¥120.50`; minor units in."""
    major, rest = divmod(minor, 100)
    pattern = "#,##0.00" if rest else "#,##0"
    amount = format_decimal(Decimal(minor) / 100 if rest else major, pattern, locale=_babel(locale))
    return f"{_SIGNS.get(currency, f'{currency} ')}{amount}"


def say_list(items: Sequence[str], locale: Locale) -> str:
    """`甲、乙和丙` or `A, B and C`."""
    return format_list(list(items), style="standard", locale=_babel(locale)).replace(", and ", " and ")


def say_ago(age: timedelta, locale: Locale) -> str:
    """How old a figure is: `刚刚更新`, `3秒前更新`, `2分钟前更新`."""
    _ = translations(locale)
    seconds = max(0, int(age.total_seconds()))
    if seconds < 2:
        return _.gettext("Updated just now")
    if seconds < 120:
        return _.gettext("Updated {n}s ago", n=seconds)
    return _.gettext("Updated {n} min ago", n=seconds // 60)
