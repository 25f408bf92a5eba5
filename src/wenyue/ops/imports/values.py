"""Numbers and dates as old systems spell them. Pure."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

_NUMBER_CHARS_MAX: Final = 20
_LONG: Final = (
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
)
_MONTHS: Final = {name: number for number, long in enumerate(_LONG, start=1) for name in (long, long[:3])}


def number_of(raw: str) -> Decimal | None:
    """The decimal number that plain ASCII digits spell; no exponents, separators, infinities."""
    if len(raw) > _NUMBER_CHARS_MAX or not raw.isascii() or not raw.lstrip("-").replace(".", "", 1).isdigit():
        return None
    try:
        return Decimal(raw)
    except InvalidOperation:
        return None


@lru_cache(maxsize=4096)
def parse_date(raw: str, formats: tuple[str, ...]) -> date | None:
    """The date that `raw` spells in the first format that fits, or None."""
    for one in formats:
        try:
            return datetime.strptime(raw, one).date()  # noqa: DTZ007 - a calendar date: it has no time zone
        except ValueError:
            continue
    return None


@lru_cache(maxsize=4096)
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
