"""Moments and spans of time as the status page says them."""

from datetime import datetime
from typing import Final

from wenyue.locale import Locale, Message, translations
from wenyue.locale.formats import say_instant

MOMENT: Final = Message("format.instant_seconds")  # 22 Nov 2026, 14:05:03


def say_moment(at: datetime, locale: Locale) -> str:
    """`11月22日 14:05:03`, on a Beijing clock."""
    return say_instant(at, locale, pattern=MOMENT)


def say_span(seconds: float, locale: Locale) -> str:
    """`3 分钟`; `–` for nothing."""
    whole, texts = round(seconds), translations(locale)
    if whole <= 0:
        return "–"
    if whole >= 2 * 3600:
        return texts.gettext("{n} h", n=whole // 3600)
    return texts.gettext("{n} min", n=whole // 60) if whole >= 2 * 60 else texts.gettext("{n} s", n=whole)
