"""A list of venues as it is written: the columns that an import reads, a row for each venue. Pure."""

from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from typing import Final

from wenyue.imports.columns import FIELDS, Kind, title_of
from wenyue.imports.usual_words import VENUE_KINDS, word_for
from wenyue.imports.venues import FACTS, VenueRow, Week, one_line
from wenyue.imports.weekdays import weekdays_text
from wenyue.locale import DEFAULT, SOURCE, Locale, Texts

COLUMNS: Final = tuple(field.name for field in FIELDS[Kind.VENUES])


def header(locale: Locale) -> list[str]:
    """The names of the columns."""
    return [title_of(field, locale) for field in FIELDS[Kind.VENUES]]


def cells_of(row: VenueRow, locale: Locale) -> list[str]:
    """The row of a venue."""
    week = row.week
    cells = {
        "code": row.code,
        "name": one_line(row.name.get(DEFAULT) or row.name.get(SOURCE) or row.code),
        "name_en": _said(row.name, SOURCE),
        "kind": word_for(VENUE_KINDS, row.kind, locale),
        "province": row.province,
        "city": one_line(row.city),
        "latitude": _degrees(row.latitude),
        "longitude": _degrees(row.longitude),
        "level": one_line(row.level),
        "timezone": row.timezone,
        "summary": _said(row.summary, DEFAULT),
        "summary_en": _said(row.summary, SOURCE),
        "tags": _several(row.tags, locale),
        "aliases": _several(row.aliases, locale),
        "opens": _clock(week.opens) if week else "",
        "closes": _clock(week.closes) if week else "",
        "last_entry": _clock(week.last_entry) if week else "",
        "closed_weekdays": weekdays_text(row.closed_weekdays, locale) if row.closed_weekdays else "",
        "hours_by_day": "; ".join(_days(row.days, locale)),
        "phone": row.phone,
    }
    for name in FACTS:
        texts = row.facts.get(name, {})
        cells |= {name: _said(texts, DEFAULT), f"{name}_en": _said(texts, SOURCE)}
    return [cells[name] for name in COLUMNS]


def _several(words: Sequence[str], locale: Locale) -> str:
    return ("、" if locale == DEFAULT else ", ").join(sorted({one_line(word) for word in words}))


def _days(days: Sequence[tuple[int, Week]], locale: Locale) -> list[str]:
    """Weekdays that have the same hours stand together."""
    alike: dict[Week, int] = {}
    for day, week in days:
        alike[week] = alike.get(week, 0) | 1 << day
    return [
        f"{weekdays_text(named, locale)} {_clock(week.opens)}-{_clock(week.closes)} ({_clock(week.last_entry)})"
        for week, named in alike.items()
    ]


def _said(texts: Texts, language: str) -> str:
    return one_line(texts.get(language, ""))


def _degrees(value: float | None) -> str:
    """Every digit, and no power of ten."""
    return "" if value is None else f"{Decimal(repr(value)):f}"


def _clock(value: time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")
