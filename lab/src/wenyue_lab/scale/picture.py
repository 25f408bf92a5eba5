"""One release as SVG: who waits, what they ask, what the origin works, with and without a CDN."""

from collections.abc import Sequence
from html import escape
from math import log10
from typing import Final

from wenyue.locale.terminal import gettext
from wenyue_lab.scale.model import Machines, Release, Story
from wenyue_lab.scale.rules import busy_s

_WIDTH, _HEIGHT, _LEFT, _RIGHT = 1100, 760, 96, 1072
_PANEL: Final = 176
_TOPS: Final = (92, 320, 548)
_INK, _SOFT, _GRID = "#1f2933", "#66727f", "#e4e9ee"
_POINTS_MAX: Final = 900
_AFTER_S: Final = 300  # shown after it is over
_EDGE, _ORIGIN, _IN, _BOOKED, _WAITING = "#94a3b8", "#1d4ed8", "#ea580c", "#15803d", "#7c3aed"
_DECADE: Final = 10.0


def draw(release: Release, story: Story, with_cdn: Machines, without: Machines) -> str:
    """The picture, complete. Logarithmic upwards; minutes from the release across."""
    over = busy_s([float(one.polls + one.arrivals + one.reloads + one.let_in) for one in story.seconds])
    seconds = story.seconds[: over + _AFTER_S]
    at = [one.at_s / 60 for one in seconds]
    looks = [float(one.polls + one.reloads) for one in seconds]
    edge_asks = release.edges / release.file_age_s
    own = [
        float(one.arrivals + one.reloads + one.let_in + one.reads + one.bookings + one.refused)
        for one in seconds
    ]
    panels: list[tuple[str, list[tuple[str, str, Sequence[float]]]]] = [
        (
            gettext("people waiting"),
            [(gettext("waiting"), _WAITING, [float(one.waiting) for one in seconds])],
        ),
        (
            gettext("requests a second"),
            [
                (
                    gettext("without a CDN, at the origin"),
                    _EDGE,
                    [a + b for a, b in zip(looks, own, strict=True)],
                ),
                (
                    gettext("with a CDN, at the origin"),
                    _ORIGIN,
                    [min(a, edge_asks) + b for a, b in zip(looks, own, strict=True)],
                ),
            ],
        ),
        (
            gettext("people a second"),
            [
                (gettext("let in"), _IN, [float(one.let_in) for one in seconds]),
                (gettext("bookings"), _BOOKED, [float(one.bookings) for one in seconds]),
            ],
        ),
    ]
    head = gettext(
        "{visitors} people, {places} places; sold out after {seconds} s; web cores {cores} with a CDN, {more} without",
        visitors=f"{release.visitors:,}",
        places=f"{release.places:,}",
        seconds=story.sold_out_at_s,
        cores=f"{with_cdn.web_cores:,.0f}",
        more=f"{without.web_cores:,.0f}",
    )
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="14">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="24" y="36" font-size="19" fill="{_INK}">{escape(head)}</text>',
    ]
    for top, (title, lines) in zip(_TOPS, panels, strict=True):
        body += _panel(top, title, at, lines)
    body += ["</svg>"]
    return "\n".join(body) + "\n"


def _panel(
    top: int, title: str, at: Sequence[float], lines: Sequence[tuple[str, str, Sequence[float]]]
) -> list[str]:
    high = _DECADE
    while high < max(max(values, default=1.0) for _, _, values in lines):
        high *= _DECADE
    out = [f'<text x="{_LEFT}" y="{top - 12}" fill="{_INK}">{escape(title)}</text>']
    decade = 1.0
    while decade <= high:
        y = _y(top, decade, high)
        out.append(f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GRID}"/>')
        out.append(
            f'<text x="{_LEFT - 8}" y="{y + 5:.1f}" text-anchor="end" fill="{_SOFT}">{decade:,.0f}</text>'
        )
        decade *= _DECADE
    first, last = at[0], max(at[-1], at[0] + 1)
    for minute in _ticks(first, last):
        x = _x(minute, first, last)
        colour = _SOFT if minute == 0 else _GRID
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + _PANEL}" stroke="{colour}"/>')
        out.append(
            f'<text x="{x:.1f}" y="{top + _PANEL + 17}" text-anchor="middle" fill="{_SOFT}">{minute:g} min</text>'
        )
    for number, (name, colour, values) in enumerate(lines):
        step = max(1, len(values) // _POINTS_MAX)
        points = " ".join(
            f"{_x(at[n], first, last):.1f},{_y(top, max(values[n : n + step]), high):.1f}"
            for n in range(0, len(values), step)
        )
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        out.append(
            f'<text x="{_RIGHT - 240 * number}" y="{top - 12}" text-anchor="end" fill="{colour}">{escape(name)}</text>'
        )
    return out


def _ticks(first: float, last: float) -> list[float]:
    step = next(
        one for one in (1, 2, 5, 10, 20, 30, 60, 120, 600) if (last - first) / one <= 14 or one == 600
    )
    low = int(first // step) * step
    return [float(one) for one in range(low, int(last) + 1, step) if one >= first]


def _x(minute: float, first: float, last: float) -> float:
    return _LEFT + (minute - first) / (last - first) * (_RIGHT - _LEFT)


def _y(top: int, value: float, high: float) -> float:
    share = log10(max(1.0, value)) / log10(high)
    return top + _PANEL * (1 - min(1.0, share))
