"""Two languages side by side: which one a request wants, and how dates, times and money are said in it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, Literal

from starlette.requests import Request

from wenyue.core.clock import zone
from wenyue.web.shared.cookies import cookie_of
from wenyue.web.wording import say_instant

Locale = Literal["zh-CN", "en"]
LOCALE_COOKIE: Final = "wy_lang"
SIZE_COOKIE: Final = "wy_size"
PREFERENCE_AGE_S: Final = 365 * 24 * 3600

_WEEKDAYS_ZH: Final = "一二三四五六日"
_WEEKDAYS_EN: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIGNS: Final = {"CNY": "¥", "EUR": "€", "USD": "$"}


def locale_of(request: Request) -> Locale:
    """`?lang=` first, then the cookie; Chinese unless English was asked for."""
    wanted = request.query_params.get("lang") or _cookie(request, LOCALE_COOKIE) or ""
    return "en" if wanted[:2].lower() == "en" else "zh-CN"


def is_large(request: Request) -> bool:
    """长辈版 is switched on."""
    return _cookie(request, SIZE_COOKIE) == "large"


def translator(locale: Locale) -> Callable[..., str]:
    """`t("共{n}场", "{n} sessions", n=3)`: the sentence of the language, its placeholders filled."""

    def t(zh: str, en: str, **values: object) -> str:
        text = en if locale == "en" else zh
        return text.format(**values) if values else text

    return t


def say_date(day: date, locale: Locale) -> str:
    """`10月2日 周五` or `Fri 2 Oct`."""
    if locale == "en":
        return f"{_WEEKDAYS_EN[day.weekday()]} {day.day} {_MONTHS_EN[day.month - 1]}"
    return f"{day.month}月{day.day}日 周{_WEEKDAYS_ZH[day.weekday()]}"


def say_full_date(day: date, locale: Locale) -> str:
    """`2026年10月2日` or `2 Oct 2026`."""
    if locale == "en":
        return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def say_month(day: date, locale: Locale) -> str:
    """`10月` or `Oct`."""
    return _MONTHS_EN[day.month - 1] if locale == "en" else f"{day.month}月"


def say_weekday(day: date, locale: Locale) -> str:
    """`五` or `Fri`."""
    return _WEEKDAYS_EN[day.weekday()] if locale == "en" else _WEEKDAYS_ZH[day.weekday()]


def say_short_release(at: datetime, timezone: str, locale: Locale) -> str:
    """`8日08:00放票` or `opens 8 Oct, 08:00`."""
    if locale == "en":
        return f"opens {say_instant(at, locale, timezone)}"
    wall = at.astimezone(zone(timezone))
    return f"{wall.day}日{wall:%H:%M}放票"


def say_span(starts: datetime, ends: datetime, timezone: str) -> str:
    """`08:00–10:00` on the venue's wall clock; an end on another day or at midnight shows as it is."""
    first, last = starts.astimezone(zone(timezone)), ends.astimezone(zone(timezone))
    return f"{first:%H:%M}–{last:%H:%M}"


def say_age(age: timedelta, locale: Locale) -> str:
    """How old a figure is: `刚刚更新`, `3秒前更新`, `2分钟前更新`."""
    seconds = max(0, int(age.total_seconds()))
    if seconds < 2:
        return "Updated just now" if locale == "en" else "刚刚更新"
    amount, zh, en = (seconds, "秒", "s") if seconds < 120 else (seconds // 60, "分钟", " min")
    return f"Updated {amount}{en} ago" if locale == "en" else f"{amount}{zh}前更新"


def say_money(minor: int, currency: str = "CNY") -> str:
    """`¥120` or `¥120.50`; minor units in."""
    sign = _SIGNS.get(currency, f"{currency} ")
    major, rest = divmod(minor, 100)
    return f"{sign}{major:,}" if not rest else f"{sign}{major:,}.{rest:02d}"


def lang_of(text: str) -> str:
    """The language attribute of content that may stay Chinese on an English page: names, places."""
    return "zh-CN" if any("\u3400" <= character <= "\u9fff" for character in text) else "en"


def pick(zh: str, en: str, locale: Locale) -> str:
    """Catalogue content in the language, or in Chinese where nobody wrote English yet."""
    return en if locale == "en" and en else zh


def _cookie(request: Request, name: str) -> str | None:
    """A preference, under the name that it has over HTTPS or the plain one; it carries no trust."""
    return cookie_of(request.headers.get("cookie", ""), f"__Host-{name}", name) or None
