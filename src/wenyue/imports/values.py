"""Numbers, amounts, dates and times as offices write them. Pure: a text gives a value, or None when it spells none.

Two-digit years: `27-3-1` has its year first, as Chinese offices write it; 00 to 69 are of this century, 70 to 99 of the
last. A day that stands before its month (`1/3/2027`) is read only by a format that says so.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from wenyue.imports.keys import plain_text

_NUMBER_CHARS_MAX: Final = 24
_CURRENCY: Final = re.compile(
    r"^(?:人民币|CNY|RMB|USD|HKD|EUR|[¥￥$€£])\s*|\s*(?:元整?|圆|块|CNY|RMB|人民币)$", re.IGNORECASE
)
_UNIT: Final = re.compile(r"\s*(?:间夜|间|晚|人次|人|位|张|份|个|名|座|桌|辆|次|天|日|岁|%|分钟|小时)$")
_THOUSANDS: Final = re.compile(r"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
_DECIMAL_COMMA: Final = re.compile(r"^-?\d+,\d+$")
_PLAIN: Final = re.compile(r"^-?\d+(?:\.\d+)?$|^-?\.\d+$")

_EXCEL_DAY_0: Final = date(1899, 12, 30)
_SERIALS: Final = (10_000, 80_000)  # 1927 to 2119
_CENTURY_TURNS: Final = 70
_YEAR_FIRST: Final = re.compile(
    r"^(\d{4}|\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?(?:\b|(?=\D)|$)(.*)$"
)
_COMPACT: Final = re.compile(r"^(\d{4})(\d{2})(\d{2})(.*)$")
_ENGLISH: Final = re.compile(r"^(\d{1,2})[-/. ]([A-Za-z]{3,9})[-/., ]+(\d{4})(.*)$")
_ENGLISH_MONTH_FIRST: Final = re.compile(r"^([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})(.*)$")
_WEEKDAY: Final = re.compile(r"[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?")
_LONG: Final = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTHS: Final = {name: number for number, long in enumerate(_LONG, start=1) for name in (long, long[:3])}
_TIME: Final = re.compile(
    r"^(上午|早上|早|下午|晚上|晚|中午|凌晨)?\s*(\d{1,2})"
    r"(?:\s*[:：时点h]\s*(\d{1,2})?\s*分?(?:\s*[:：]\s*(\d{1,2})(?:\.\d+)?)?秒?)?\s*(am|pm)?\s*$",
    re.IGNORECASE,
)
_FOUR: Final = re.compile(r"^([01]\d|2[0-4])([0-5]\d)$")
_SPAN: Final = re.compile(r"\s*(?:-|~|至|到|—)+\s*")
_TIME_IN: Final = r"\d{1,2}[:：时点]\d{0,2}分?"
_SPAN_IN: Final = re.compile(rf"{_TIME_IN}\s*(?:-|~|～|至|到|—|–)+\s*{_TIME_IN}")
_AROUND: Final = " ()[]{}:,;/|，、（）【】："
_AFTERNOON: Final = frozenset({"下午", "晚上", "晚", "pm"})
_MORNING: Final = frozenset({"上午", "早上", "早", "凌晨", "am"})


def _folded(raw: str) -> str:
    text = unicodedata.normalize("NFKC", plain_text(raw)).strip()
    return text.replace("—", "-").replace("–", "-").replace("−", "-").replace("〜", "~").replace("、", ",")


def number_of(raw: str) -> Decimal | None:
    """The decimal number: full-width digits, thousands' commas, a decimal comma, a currency or a unit beside it.

    `1,856` is one thousand and more; `30,25`, where the comma cannot part thousands, is thirty and a quarter.
    """
    return _number(raw) if len(raw) <= 2 * _NUMBER_CHARS_MAX else _number.__wrapped__(raw)


@lru_cache(maxsize=2048)
def _number(raw: str) -> Decimal | None:
    text = _folded(raw)
    if not text or len(text) > _NUMBER_CHARS_MAX:
        return None
    is_negative = text.startswith("(") and text.endswith(")")
    text = text[1:-1] if is_negative else text
    text = _CURRENCY.sub("", _CURRENCY.sub("", text)).strip()
    text = _UNIT.sub("", text).replace(" ", "")
    if _THOUSANDS.match(text):
        text = text.replace(",", "")
    elif _DECIMAL_COMMA.match(text):
        text = text.replace(",", ".")
    if not _PLAIN.match(text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return -number if is_negative else number


def whole_of(raw: str) -> int | None:
    """The whole number, also as `2.0` or `2间`."""
    number = number_of(raw)
    return int(number) if number is not None and number == int(number) else None


def _year(raw: str) -> int:
    year = int(raw)
    if len(raw) == len("27"):
        return 2000 + year if year < _CENTURY_TURNS else 1900 + year
    return year


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def date_of(raw: str, formats: tuple[str, ...] = ()) -> date | None:
    """The date that `raw` spells: in the first of `formats` that fits, else as offices write it, else an Excel serial.

    A time behind it is not read. Formats are strptime's.
    """
    return _dated(raw, formats)[0]


@lru_cache(maxsize=8192)
def moment_of(raw: str, formats: tuple[str, ...] = ()) -> tuple[date, time | None] | None:
    """The date, and the wall time behind it when there is one."""
    found, rest = _dated(raw, formats)
    if found is None:
        return None
    return found, time_of(rest) if rest else None


def _dated(raw: str, formats: tuple[str, ...]) -> tuple[date | None, str]:  # noqa: PLR0911 - one for each spelling
    text = _folded(raw)
    for one in formats:
        try:
            found = datetime.strptime(text, one)  # noqa: DTZ007 - a calendar date: it has no time zone
        except ValueError:
            continue
        return found.date(), f"{found:%H:%M:%S}" if "%H" in one else ""
    text = _WEEKDAY.sub(" ", text).strip()
    if found := _YEAR_FIRST.match(text):
        year, month, day, rest = found.groups()
        return _date(_year(year), int(month), int(day)), rest.strip(" T,")
    if (number := number_of(text)) is not None and "." in text and _SERIALS[0] <= number < _SERIALS[1]:
        return _serial(number)
    if found := _COMPACT.match(text):
        year, month, day, rest = found.groups()
        return _date(int(year), int(month), int(day)), rest.strip(" T,")
    if found := _ENGLISH.match(text):
        day, month, year, rest = found.groups()
        return _date(int(year), _MONTHS.get(month.lower(), 0), int(day)), rest.strip(" T,")
    if found := _ENGLISH_MONTH_FIRST.match(text):
        month, day, year, rest = found.groups()
        return _date(int(year), _MONTHS.get(month.lower(), 0), int(day)), rest.strip(" T,")
    if number is not None and _SERIALS[0] <= number < _SERIALS[1]:
        return _serial(number)
    return None, ""


def _serial(number: Decimal) -> tuple[date, str]:
    """The day that Excel counts so, and the time in its fraction."""
    seconds = round((number - int(number)) * 86_400)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" if 0 < seconds < 86_400 else ""
    return _EXCEL_DAY_0 + timedelta(days=int(number)), text


@lru_cache(maxsize=8192)
def date_of_parts(year: str, month: str, day: str) -> date | None:
    """The date of a year, a month (number or English name) and a day, or None when there is no such date."""
    known = _MONTHS.get(month.lower())
    written = (year, str(known) if known else month, day)
    if not all(one.isascii() and one.isdigit() and len(one) <= len("2026") for one in written):
        return None
    try:
        return date(*map(int, written))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def time_of(raw: str) -> time | None:
    """The wall time: `8:30`, `0830`, `8点30分`, `上午8:30`, `2:30 PM`, Excel's fraction of a day. `24:00` is midnight."""
    text = _folded(raw).casefold()
    if found := _FOUR.match(text):
        return _clock(int(found[1]), int(found[2]), 0)
    number = number_of(text)
    if number is not None and 0 <= number < 1 and "." in text:
        seconds = round(number * 86_400)
        return _clock(seconds // 3600, seconds // 60 % 60, seconds % 60)
    found = _TIME.match(text)
    if found is None or (found[3] is None and not re.search(r"[时点h]|[ap]m$", text)):
        return None
    before, hour, minute, second, behind = found.groups()
    hours = int(hour)
    half = behind or before or ""
    if half in _AFTERNOON and hours < 12:
        hours += 12
    if half in _MORNING and hours == 12:
        hours = 0
    return _clock(hours, int(minute or 0), int(second or 0))


def _clock(hours: int, minutes: int, seconds: int) -> time | None:
    if (hours, minutes, seconds) == (24, 0, 0):
        return time()
    try:
        return time(hours, minutes, seconds)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def span_of(raw: str) -> tuple[time, time] | None:
    """Two wall times: `08:30-11:30`, `8:30～11:30`, `8点至11点`."""
    parts = _SPAN.split(_folded(raw))
    if len(parts) != 2:
        return None
    begins, ends = (time_of(part) for part in parts)
    return (begins, ends) if begins is not None and ends is not None else None


@lru_cache(maxsize=4096)
def span_in(raw: str) -> tuple[tuple[time, time] | None, str]:
    """Two wall times in a text, and what else it says: `上午场（08:30-11:30）` is called 上午场."""
    whole = span_of(raw)
    if whole is not None:
        return whole, ""
    found = _SPAN_IN.search(raw)
    both = span_of(found[0]) if found else None
    rest = f"{raw[: found.start()]} {raw[found.end() :]}" if found and both else raw
    return both, " ".join(rest.strip(_AROUND).split())
