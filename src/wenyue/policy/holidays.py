"""Statutory holidays of years whose arrangement is not published yet: by law and the lunar calendar, nothing guessed."""

from datetime import date, timedelta
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

# 《全国年节及纪念日放假办法》(国务院令第795号) as in force since 2025-01-01; earlier years all have a published arrangement.
LAW_SINCE_YEAR: Final = 2025
HOLIDAY_NAMES: Final = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
# The tables behind the lunar calendar are checked that far against two others.
KNOWN_UNTIL_YEAR: Final = 2099


@lru_cache(maxsize=16)
def statutory_days(year: int) -> MappingProxyType[date, tuple[str, ...]]:
    """The days off that the law names in `year` → the official names of their holidays, two when two fall together.

    元旦 1, 春节 4 (除夕 to 初三), 清明 1, 劳动节 2, 端午 1, 中秋 1, 国庆 3. Which days are moved or worked for them (调休)
    is known only with the State Council's notice, so nothing is said of it. Empty outside 2025 to 2099.
    """
    if not LAW_SINCE_YEAR <= year <= KNOWN_UNTIL_YEAR:
        return MappingProxyType({})
    new_year = _lunar(year, 1, 1)
    named = [
        ("元旦", date(year, 1, 1), 1),
        ("春节", new_year - timedelta(days=1), 4),
        ("清明节", _clear_and_bright(year), 1),
        ("劳动节", date(year, 5, 1), 2),
        ("端午节", _lunar(year, 5, 5), 1),
        ("中秋节", _lunar(year, 8, 15), 1),
        ("国庆节", date(year, 10, 1), 3),
    ]
    found: dict[date, tuple[str, ...]] = {}
    for name, first, length in named:
        for day in (first + timedelta(days=one) for one in range(length)):
            found[day] = (*found.get(day, ()), name)
    return MappingProxyType(found)


def _lunar(year: int, month: int, day: int) -> date:
    """The date of a day of the lunar year that begins in `year`."""
    return _date_of(_library().Lunar.fromYmd(year, month, day).getSolar())


def _clear_and_bright(year: int) -> date:
    """清明, a solar term: 4 to 6 April."""
    return _date_of(_library().Solar.fromYmd(year, 4, 1).getLunar().getJieQiTable()["清明"])


def _library() -> Any:  # noqa: ANN401 - it has no types
    """Imported when it is asked: a tenth of a second that only an unpublished year costs."""
    return import_module("lunar_python")


def _date_of(solar: Any) -> date:  # noqa: ANN401 - as above
    return date(solar.getYear(), solar.getMonth(), solar.getDay())
