"""Small plots as SVG: areas and lines over time, light enough to be sent anew every few seconds.

Colours come from the style sheet by class, so that light and dark are the page's matter. Numbers have one decimal at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from markupsafe import Markup

WIDTH: Final = 360
HEIGHT: Final = 148
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 6, 8, 18
_STEPS: Final = (1, 2, 2.5, 5, 10)

Value = float | None  # None: nobody was there to count


@dataclass(frozen=True, slots=True)
class Series:
    """One line (or area down to zero) of a plot; `tone` is the last part of its class."""

    tone: str
    values: Sequence[Value]
    shape: Literal["line", "area"] = "line"


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the time axis: at which index, and what stands there."""

    index: int
    text: str


def plot(
    series: Sequence[Series], ticks: Sequence[Tick], *, label: str, least: float = 1.0, mark: float = 0.0
) -> Markup:
    """The picture. `least`: the axis reaches at least so far; `mark`: a dashed line at a value (0: none)."""
    count = max((len(one.values) for one in series), default=0)
    highest = max((value for one in series for value in one.values if value is not None), default=0.0)
    top, marks = scale(max(highest, least))
    parts = [
        Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" focusable="false">').format(WIDTH, HEIGHT),
        Markup("<title>{}</title>").format(label),
    ]
    for value in marks:
        y = _y(value, top)
        parts.append(Markup('<path class="plot__grid" d="M{} {}H{}"/>').format(_LEFT, y, WIDTH - _RIGHT))
        parts.append(
            Markup('<text class="plot__text plot__text--y" x="{}" y="{:g}">{}</text>').format(
                _LEFT - 5, y + 3.5, short(value)
            )
        )
    for tick in ticks:
        x = _x(tick.index, count)
        anchor = "end" if x > WIDTH - 30 else "middle"
        parts.append(
            Markup('<text class="plot__text" x="{:g}" y="{}" text-anchor="{}">{}</text>').format(
                x, HEIGHT - 4, anchor, tick.text
            )
        )
    if 0 < mark < top:
        parts.append(
            Markup('<path class="plot__mark" d="M{} {}H{}"/>').format(_LEFT, _y(mark, top), WIDTH - _RIGHT)
        )
    for one in series:
        path = trace(one.values, top, is_area=one.shape == "area")
        if path:
            parts.append(
                Markup('<path class="plot__{0} plot__{0}--{1}" d="{2}"/>').format(one.shape, one.tone, path)
            )
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def trace(values: Sequence[Value], top: float, *, is_area: bool) -> str:
    """The `d` of a path: one piece for each stretch in which somebody counted."""
    count = len(values)
    pieces: list[str] = []
    for is_there, group in groupby(enumerate(values), key=lambda pair: pair[1] is not None):
        if not is_there:
            continue
        points = [(_x(index, count), _y(value, top)) for index, value in group if value is not None]
        line = "L".join(f"{x:g} {y:g}" for x, y in points)
        if is_area:
            pieces.append(f"M{points[0][0]:g} {_y(0, top):g}L{line}L{points[-1][0]:g} {_y(0, top):g}Z")
        elif len(points) == 1:
            pieces.append(f"M{line}h.1")
        else:
            pieces.append(f"M{line}")
    return "".join(pieces)


def scale(highest: float) -> tuple[float, list[float]]:
    """(the axis' end, its marks): two to five round numbers up to at least `highest`."""
    power = 1.0
    while power * 10 < highest:
        power *= 10
    while power > highest:
        power /= 10
    step = next(one * power / 2 for one in (*_STEPS, 20) if one * power / 2 * 4 >= highest)
    marks = [step * number for number in range(1, 5) if step * (number - 1) < highest]
    return marks[-1], marks


def short(value: float) -> str:
    """`950`, `1.2k`, `35k`: what fits beside an axis."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:g}M"
    if value >= 1_000:
        return f"{value / 1_000:g}k"
    return f"{value:g}"


def _x(index: int, count: int) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (index / max(1, count - 1)), 1)


def _y(value: float, top: float) -> float:
    return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - min(value, top) / top), 1)
