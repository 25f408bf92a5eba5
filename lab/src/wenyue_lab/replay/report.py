"""What a replay says at the end: a table, the same as JSON, and a picture of the nights."""

import json
from dataclasses import asdict
from datetime import date, timedelta
from html import escape
from pathlib import Path
from typing import Final, TypeAlias

from rich.table import Table

from wenyue.locale.terminal import gettext, ngettext, pgettext
from wenyue_lab.replay.model import Figures, Occupancy

_WIDTH: Final = 1200
_HEIGHT: Final = 360
_MARGIN: Final = 48
_DIFFERENCES_SHOWN: Final = 20
_DAYS_IN_PICTURE_MAX: Final = 3_700
_Line: TypeAlias = tuple[str, object, str]  # what, how much, a remark


def table(figures: Figures, currency: str) -> Table:
    """The sums as a table."""
    title = ngettext("replay: {n} room per night", "replay: {n} rooms per night", figures.capacity)
    grid = Table(title=title, title_justify="left")
    grid.add_column(overflow="fold")
    grid.add_column(justify="right")
    grid.add_column(overflow="fold")
    for name, value, note in [*_of_requests(figures, currency), *_of_nights(figures), *_of_proof(figures)]:
        grid.add_row(name, str(value), note)
    verdict = gettext("PROVED") if figures.is_proved else gettext("NOT PROVED")
    what = gettext("every row accounted for, nothing oversold, equal event by event")
    grid.add_row(verdict, "", what, style="bold")
    for difference in figures.differences[:_DIFFERENCES_SHOWN]:
        grid.add_row(gettext("difference"), "", difference, style="red")
    return grid


def _of_requests(figures: Figures, currency: str) -> list[_Line]:
    first, last = figures.first_day, figures.last_day
    refused = ngettext(
        "{n} night, {amount}",
        "{n} nights, {amount}",
        figures.nights_refused,
        amount=_money(figures.refused_minor, currency),
    )
    lost = ngettext("{n} night stood empty", "{n} nights stood empty", figures.nights_lost_to_no_shows)
    unreadable = gettext("as `wenyue import bookings` refuses them")
    asked = gettext("events from {first} to {last}", first=first, last=last)
    never_had = gettext("and {n} that were never had", n=figures.never_had)
    prices = gettext("at the file's prices, not cancelled")
    return [
        (gettext("rows of the file"), figures.rows, ""),
        (f"  {gettext('unreadable')}", figures.unreadable, unreadable),
        (f"  {gettext('day use')}", figures.day_uses, gettext("ask for no night")),
        (f"  {gettext('asked for nights')}", figures.asked, asked),
        (gettext("accepted"), figures.accepted, ""),
        (pgettext("replay", "refused"), figures.refused, refused),
        (gettext("cancelled"), figures.cancelled, never_had),
        (gettext("no-shows"), figures.no_shows, lost),
        (gettext("arrived"), figures.arrived, ""),
        (gettext("nights sold"), figures.nights_sold, gettext("not cancelled")),
        (gettext("revenue"), _money(figures.revenue_minor, currency), prices),
    ]


def _of_nights(figures: Figures) -> list[_Line]:
    peak = gettext("{n} of {all}", n=figures.peak_occupied, all=figures.capacity)
    night = gettext("night of {day}", day=figures.peak_night)
    return [
        (gettext("peak occupancy"), peak, night),
        (gettext("nights with refusals"), figures.nights_full, ""),
        (gettext("oversold nights"), figures.oversold_nights, gettext("must be 0")),
    ]


def _of_proof(figures: Figures) -> list[_Line]:
    differ = ngettext(
        "{n} differs from the naive model", "{n} differ from the naive model", len(figures.differences)
    )
    again = gettext("a freed place may take up to a second to be offered")
    compared = gettext("places left, service against model")
    took = f"{figures.requests}, {figures.seconds:.1f}"
    return [
        (gettext("answers compared"), figures.compared, differ),
        (gettext("nights compared"), figures.figures_compared, compared),
        (gettext("asked again"), figures.asked_again, again),
        (gettext("requests, seconds"), took, _rate(figures)),
    ]


def _money(minor: int, currency: str) -> str:
    return f"{currency} {minor // 100:,}.{minor % 100:02d}"


def _rate(figures: Figures) -> str:
    if not figures.seconds:
        return ""
    return gettext("{n} a second", n=f"{figures.requests / figures.seconds:.0f}")


def as_json(figures: Figures) -> str:
    """The sums for programs; dates as ISO text."""
    document = asdict(figures) | {"is_complete": figures.is_complete, "is_proved": figures.is_proved}
    return json.dumps(document, default=str, ensure_ascii=False, indent=2)


def write_picture(path: Path, nights: Occupancy) -> None:
    """The nights as a picture (SVG): rooms taken, rooms refused above them, no-shows, and the capacity as a line."""
    path.write_text(picture(nights), encoding="utf-8")


def picture(nights: Occupancy) -> str:
    """The SVG text. Bounded: at most ten years of nights."""
    used = [night for night, rooms in (nights.sold + nights.refused).items() if rooms]
    if not used:
        return f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}"/>\n'
    first = min(used)
    count = min((max(used) - first).days + 1, _DAYS_IN_PICTURE_MAX)
    days = [first + timedelta(days=n) for n in range(count)]
    top = max(nights.capacity, *(nights.sold[day] + nights.refused[day] for day in days))
    step = (_WIDTH - 2 * _MARGIN) / count
    scale = (_HEIGHT - 2 * _MARGIN) / top
    base = _HEIGHT - _MARGIN

    def bars(low: dict[date, int], high: dict[date, int], colour: str) -> str:
        parts = [
            f"M{_MARGIN + n * step:.1f} {base - low.get(day, 0) * scale:.1f}"
            f"V{base - (low.get(day, 0) + high[day]) * scale:.1f}h{step:.2f}"
            f"V{base - low.get(day, 0) * scale:.1f}z"
            for n, day in enumerate(days)
            if high.get(day)
        ]
        return f'<path d="{"".join(parts)}" fill="{colour}"/>'

    line = base - nights.capacity * scale
    capacity = escape(gettext("capacity {n}", n=nights.capacity))
    legend = escape(gettext("rooms per night: taken (blue), of these no-shows (yellow), refused (grey)"))
    months = "".join(
        f'<text x="{_MARGIN + n * step:.0f}" y="{base + 16}" font-size="11">{day:%Y-%m}</text>'
        for n, day in enumerate(days)
        if day.day == 1 and day.month % 3 == 1
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">'
        '<rect width="100%" height="100%" fill="#fff"/>'
        f"{bars({}, nights.sold, '#2f6f8f')}{bars({}, nights.no_shows, '#d9a441')}{bars(nights.sold, nights.refused, '#d8d8d8')}"
        f'<path d="M{_MARGIN} {line:.1f}H{_WIDTH - _MARGIN}" stroke="#b3261e" stroke-width="1.5"/>'
        f'<text x="{_MARGIN}" y="{line - 5:.0f}" font-size="11" fill="#b3261e">{capacity}</text>'
        f'<text x="{_MARGIN}" y="20" font-size="13">{legend}</text>{months}</svg>\n'
    )
