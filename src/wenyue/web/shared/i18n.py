"""Which language a request wants, and how dates, times and money are said in it."""

from datetime import datetime
from typing import Final

from starlette.requests import Request

from wenyue.core.clock import zone
from wenyue.locale import DEFAULT, Locale, locale_named, negotiate, translations
from wenyue.locale.formats import (
    RELEASE,
    say_date,
    say_full_date,
    say_instant,
    say_money,
    say_month,
    say_weekday,
)
from wenyue.web.shared.cookies import cookie_of

__all__ = [
    "Locale",
    "chosen_locale",
    "is_large",
    "lang_of",
    "locale_of",
    "say_date",
    "say_full_date",
    "say_instant",
    "say_money",
    "say_month",
    "say_short_release",
    "say_span",
    "say_weekday",
]

LOCALE_COOKIE: Final = "wy_lang"
SIZE_COOKIE: Final = "wy_size"
PREFERENCE_AGE_S: Final = 365 * 24 * 3600


def locale_of(request: Request) -> Locale:
    """The one that was chosen, then Accept-Language, then Chinese. Signing in chooses the account's (`preferences`)."""
    return chosen_locale(request) or negotiate(request.headers.get("accept-language", "")) or DEFAULT


def chosen_locale(request: Request) -> Locale | None:
    """The language that somebody chose in this browser: `?lang=` first, then the cookie."""
    return locale_named(request.query_params.get("lang", "")) or locale_named(
        _cookie(request, LOCALE_COOKIE) or ""
    )


def is_large(request: Request) -> bool:
    """长辈版 is switched on."""
    return _cookie(request, SIZE_COOKIE) == "large"


def say_short_release(at: datetime, timezone: str, locale: Locale) -> str:
    """`8日08:00放票` or `opens 8 Oct, 08:00`."""
    return translations(locale).gettext("opens {at}", at=say_instant(at, locale, timezone, RELEASE))


def say_span(starts: datetime, ends: datetime, timezone: str) -> str:
    """`08:00–10:00` on the venue's wall clock; an end on another day or at midnight shows as it is."""
    first, last = starts.astimezone(zone(timezone)), ends.astimezone(zone(timezone))
    return f"{first:%H:%M}–{last:%H:%M}"


def lang_of(text: str) -> str:
    """The language attribute of content that may stay Chinese on an English page: names, places."""
    return "zh-CN" if any("\u3400" <= character <= "\u9fff" for character in text) else "en"


def _cookie(request: Request, name: str) -> str | None:
    """A preference, under the name that it has over HTTPS or the plain one; it carries no trust."""
    return cookie_of(request.headers.get("cookie", ""), f"__Host-{name}", name) or None
