"""Weekdays as offices write them: `周一至周五`, `一、三、五`, `Mon-Fri`, `1-5`, `每天`. Pure; bit 0 is Monday."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from wenyue.locale import DEFAULT, Locale

EVERY: Final = 0b111_1111
_WORKDAYS: Final = 0b001_1111
_CHINESE: Final = "一二三四五六日"
_ENGLISH: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS: Final = (
    {name: at for at, name in enumerate(_CHINESE)}
    | {"天": 6}
    | {name.casefold(): at for at, name in enumerate(_ENGLISH)}
    | {str(at + 1): at for at in range(7)}
)
_WHOLE: Final = {
    "每天": EVERY, "每日": EVERY, "全周": EVERY, "天天": EVERY, "daily": EVERY, "everyday": EVERY,
    "周末": EVERY - _WORKDAYS, "双休日": EVERY - _WORKDAYS, "weekend": EVERY - _WORKDAYS, "weekends": EVERY - _WORKDAYS,
    "无": 0, "无休": 0, "none": 0,
}  # fmt: skip
_PREFIX: Final = re.compile(r"星期|礼拜|周")
_LONG: Final = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?")
_PARTS: Final = re.compile(r"[、,;/|和及与 ]+")
_SPAN: Final = re.compile(r"[-~至到]")


def weekdays_of(raw: str) -> int | None:
    """The weekdays that `raw` names, None when it names none."""
    text = unicodedata.normalize("NFKC", raw).casefold().replace("—", "-").replace("–", "-").strip()
    whole = _WHOLE.get("".join(text.split()))
    if whole is not None:
        return whole
    text = _LONG.sub(r"\1", _PREFIX.sub("", text))
    found = 0
    for part in filter(None, _PARTS.split(re.sub(r"\s*([-~至到])\s*", r"\1", text))):
        days = list(_days(part))
        if not days:
            return None
        for day in days:
            found |= 1 << day
    return found or None


def _days(part: str) -> Iterator[int]:
    """The days of one part; none when it is no day."""
    ends = [_DAYS.get(one) for one in _SPAN.split(part)]
    if len(ends) == 2 and ends[0] is not None and ends[1] is not None:
        yield from ((ends[0] + step) % 7 for step in range((ends[1] - ends[0]) % 7 + 1))
    elif len(ends) == 1 and all(one in _CHINESE for one in part):  # 一三五
        yield from (_DAYS[one] for one in part)
    elif len(ends) == 1 and ends[0] is not None:
        yield ends[0]


def weekdays_text(days: int, locale: Locale) -> str:
    """The weekdays in a language, as `weekdays_of` reads them."""
    named = [at for at in range(7) if days & 1 << at]
    if locale == DEFAULT:
        return "每天" if days == EVERY else "、".join(f"周{_CHINESE[at]}" for at in named)
    return "daily" if days == EVERY else ", ".join(_ENGLISH[at] for at in named)
