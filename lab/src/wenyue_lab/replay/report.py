"""What a replay says at the end: a table, the same as JSON, and a picture of the nights."""

import json
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from rich.table import Table

from wenyue_lab.replay.model import Figures, Occupancy

_WIDTH: Final = 1200
_HEIGHT: Final = 360
_MARGIN: Final = 48
_DIFFERENCES_SHOWN: Final = 20
_DAYS_IN_PICTURE_MAX: Final = 3_700


def table(figures: Figures, currency: str) -> Table:
    """The sums as a table."""
    grid = Table(title=f"replay · 重放 — {figures.capacity} rooms per night", title_justify="left")
    grid.add_column("")
    grid.add_column("", justify="right")
    grid.add_column("")
    rows: list[tuple[str, object, str]] = [
        ("rows of the file · 文件行数", figures.rows, ""),
        ("  unreadable · 无法读取", figures.unreadable, "as `wenyue import bookings` refuses them"),
        ("  day use · 日间使用", figures.day_uses, "ask for no night"),
        (
            "  asked for nights · 请求入住",
            figures.asked,
            f"events from {figures.first_day} to {figures.last_day}",
        ),
        ("accepted · 接受", figures.accepted, ""),
        (
            "refused · 拒绝",
            figures.refused,
            f"{figures.nights_refused} nights, {_money(figures.refused_minor, currency)}",
        ),
        ("cancelled · 取消", figures.cancelled, f"and {figures.never_had} that were never had"),
        ("no-shows · 爽约", figures.no_shows, f"{figures.nights_lost_to_no_shows} nights stood empty"),
        ("arrived · 入住", figures.arrived, ""),
        ("nights sold · 售出间夜", figures.nights_sold, "not cancelled"),
        ("revenue · 收入", _money(figures.revenue_minor, currency), "at the file's prices, not cancelled"),
        (
            "peak occupancy · 峰值",
            f"{figures.peak_occupied} of {figures.capacity}",
            f"night of {figures.peak_night}",
        ),
        ("nights with refusals · 满房夜", figures.nights_full, ""),
        ("oversold nights · 超卖", figures.oversold_nights, "must be 0"),
        (
            "answers compared · 比对",
            figures.compared,
            f"{len(figures.differences)} differ from the naive model",
        ),
        ("nights compared · 余量比对", figures.figures_compared, "places left, service against model"),
        ("asked again · 重问", figures.asked_again, "a freed place may take up to a second to be offered"),
        ("requests, seconds · 请求, 秒", f"{figures.requests}, {figures.seconds:.1f}", _rate(figures)),
    ]
    for name, value, note in rows:
        grid.add_row(name, str(value), note)
    verdict = "PROVED · 通过" if figures.is_proved else "NOT PROVED · 未通过"
    grid.add_row(verdict, "", "every row accounted for, nothing oversold, equal event by event", style="bold")
    for difference in figures.differences[:_DIFFERENCES_SHOWN]:
        grid.add_row("difference", "", difference, style="red")
    return grid


def _money(minor: int, currency: str) -> str:
    return f"{currency} {minor // 100:,}.{minor % 100:02d}"


def _rate(figures: Figures) -> str:
    return f"{figures.requests / figures.seconds:.0f} per second" if figures.seconds else ""


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
        f'<text x="{_MARGIN}" y="{line - 5:.0f}" font-size="11" fill="#b3261e">capacity {nights.capacity}</text>'
        f'<text x="{_MARGIN}" y="20" font-size="13">rooms per night: taken (blue), of these no-shows (yellow), '
        f"refused (grey)</text>{months}</svg>\n"
    )
