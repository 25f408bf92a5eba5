"""The picture of one run: answers a second above, how long they took below, the fault shaded, what was done numbered."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from math import ceil, log10
from typing import Any, Final, cast

from wenyue.locale.terminal import gettext, pgettext

MARKS_MAX: Final = 30
_WIDTH: Final = 960
_LEFT: Final = 64
_RIGHT: Final = 14
_TOP: Final = 26  # the numbers of the marks stand here
_HEIGHT: Final = 150  # of one plot
_GAP: Final = 34
_LOWER: Final = _TOP + _HEIGHT + _GAP
_BOTTOM: Final = _LOWER + _HEIGHT
_MS_MIN: Final = 1.0
_DEADLINE_MS: Final = 3_000.0
_MARK_APART: Final = 16.0
_RATE_TICKS: Final = 4
_TIME_TICKS: Final = 8

Document = Mapping[str, Any]


def draw(run: Document) -> str:
    """The SVG of `run` as it is stored; empty when it has no timeline."""
    moments = cast("list[dict[str, float]]", run["figures"]["timeline"])
    if not moments:
        return ""
    end = max(moments[-1]["at"] + 0.25, 1.0)
    top_rate = _nice(
        max(1.0, *(one[f"{name}_per_s"] for one in moments for name in ("yes", "no", "unanswered")))
    )
    decades = max(2, ceil(log10(max(10.0, *(one["worst_ms"] for one in moments)))))

    def x(at: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * min(at, end) / end, 1)

    def rate(value: float) -> float:
        return round(_TOP + _HEIGHT * (1 - value / top_rate), 1)

    def ms(value: float) -> float:
        return round(_BOTTOM - _HEIGHT * log10(max(_MS_MIN, value)) / decades, 1)

    parts = [
        *(_shade(x(began), x(ended)) for began, ended in run["faults"]),
        *(
            _grid(rate(top_rate * n / _RATE_TICKS), f"{top_rate * n / _RATE_TICKS:g}/s")
            for n in range(_RATE_TICKS + 1)
        ),
        *(_grid(ms(10.0**n), _duration(10.0**n)) for n in range(decades + 1)),
        _deadline(ms(_DEADLINE_MS)) if decades > log10(_DEADLINE_MS) else "",
        *(_time(x(end * n / _TIME_TICKS), f"{end * n / _TIME_TICKS:.0f} s") for n in range(_TIME_TICKS + 1)),
        *_marks([(x(at), what) for at, what in run["marks"][:MARKS_MAX]]),
    ]
    for name, look in (("unanswered", "none"), ("no", "no"), ("yes", "yes")):
        parts.append(_line([(x(one["at"]), rate(one[f"{name}_per_s"])) for one in moments], look))
    parts.append(_line([(x(one["at"]), ms(one["worst_ms"])) for one in moments if one["worst_ms"]], "no"))
    parts.append(_line([(x(one["at"]), ms(one["p50_ms"])) for one in moments if one["p50_ms"]], "yes"))
    says = gettext("timeline of {name}: answers a second, and how long they took", name=run["name"])
    label = escape(says)
    return (
        f'<div class="wide"><svg viewBox="0 0 {_WIDTH} {_BOTTOM + 22}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg></div>{_legend()}"
    )


def _legend() -> str:
    entries = (
        ("above", gettext("above: answers a second")),
        ("key yes", pgettext("answer", "yes")),
        ("key no", pgettext("answer", "no")),
        ("key none", gettext("put off or unanswered")),
        ("above", gettext("below: time to answer")),
        ("key yes", gettext("median")),
        ("key no", gettext("slowest")),
        ("key fault", gettext("fault")),
    )
    spans = "".join(f'<span class="{look}">{escape(says)}</span>' for look, says in entries)
    return f'<p class="legend">{spans}</p>'


def _nice(value: float) -> float:
    """The next of 1, 2, 4, 8 × a power of ten: ticks in quarters are round."""
    power = 10.0 ** int(log10(value)) if value >= 1 else 1.0
    return next(step * power for step in (1, 2, 4, 8, 10, 20) if step * power >= value)


def _duration(ms: float) -> str:
    return f"{ms:g} ms" if ms < 1_000 else f"{ms / 1_000:g} s"


def _shade(began: float, ended: float) -> str:
    width = max(2.0, ended - began)
    return f'<rect x="{began}" y="{_TOP}" width="{width:.1f}" height="{_BOTTOM - _TOP}" fill="var(--fault)"/>'


def _grid(y: float, label: str) -> str:
    return (
        f'<line x1="{_LEFT}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}" stroke="var(--line)"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{label}</text>'
    )


def _deadline(y: float) -> str:
    return (
        f'<line x1="{_LEFT}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}" stroke="var(--none)" stroke-dasharray="5 4"/>'
        f'<text x="{_WIDTH - _RIGHT}" y="{y - 4}" text-anchor="end">{escape(gettext("deadline 3 s"))}</text>'
    )


def _time(x: float, label: str) -> str:
    return f'<text x="{x}" y="{_BOTTOM + 16}" text-anchor="middle">{label}</text>'


def _marks(marks: Sequence[tuple[float, str]]) -> list[str]:
    """A thin line for each; its number above, where the one before leaves room."""
    found: list[str] = []
    last = -_MARK_APART
    for number, (at, what) in enumerate(marks, 1):
        found.append(
            f'<line x1="{at}" y1="{_TOP}" x2="{at}" y2="{_BOTTOM}" stroke="var(--ink)" stroke-width=".6" '
            f'stroke-dasharray="2 3"><title>{escape(what)}</title></line>'
        )
        if at - last >= _MARK_APART:
            found.append(f'<text x="{at}" y="{_TOP - 8}" text-anchor="middle" class="mark">{number}</text>')
            last = at
    return found


def _line(points: Sequence[tuple[float, float]], look: str) -> str:
    """Stairs: a figure is of its whole piece of time."""
    if not points:
        return ""
    stairs = [points[0]]
    for (_, y), (after, below) in pairwise(points):
        stairs += [(after, y), (after, below)]
    path = " ".join(f"{at},{y}" for at, y in stairs)
    return f'<polyline points="{path}" fill="none" stroke="var(--{look})" stroke-width="1.8"/>'
