"""The run as a picture: what was offered, what was served, how long people waited. Plain SVG, written by hand: no library."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from typing import Final
from unicodedata import east_asian_width

from wenyue.locale import Message, command_locale
from wenyue.locale.terminal import gettext
from wenyue_lab.benchmark.overload.plan import Phase, Report
from wenyue_lab.benchmark.overload.report import KEYS, Row, goals, rows, shown

_WIDTH: Final = 1240
_LEFT: Final = 84
_RIGHT: Final = 1216
_TOP: Final = 176
_PANEL: Final = 216
_GAP: Final = 58
_GAP_S: Final = 1.05  # seconds without load break the lines
_INK, _SOFT, _GRID = "#1f2933", "#66727f", "#e4e9ee"
_OFFERED, _GOOD, _SHED, _LATE, _OTHER = "#94a3b8", "#15803d", "#f59e0b", "#b91c1c", "#7c3aed"
_P50, _P99, _REFUSED = "#60a5fa", "#1d4ed8", "#ea580c"
# Phase → (shade, what people read)
_PHASES: Final = {
    "ramp": ("#eef4fb", Message("ramp")),
    "before": ("#eef9f1", Message("0.8×")),
    "storm": ("#fdecec", Message("10×")),
    "recovery": ("#eef9f1", Message("0.8×, recovery")),
    "flash": ("#fff7e0", Message("rush, 60:1")),
}


@dataclass(frozen=True, slots=True)
class _Panel:
    """One chart: seconds from `first_s` to `last_s` across, values from `low` to `high` upwards, logarithmic or not."""

    top: float
    first_s: float
    last_s: float
    low: float
    high: float
    is_log: bool = False

    def x(self, at_s: float) -> float:
        """Where an instant is."""
        return _LEFT + (at_s - self.first_s) / (self.last_s - self.first_s) * (_RIGHT - _LEFT)

    def y(self, value: float) -> float:
        """Where a value is; what is beyond the panel is drawn at its edge."""
        value = min(max(value, self.low), self.high)
        share = (
            log10(value / self.low) / log10(self.high / self.low)
            if self.is_log
            else (value - self.low) / (self.high - self.low)
        )
        return self.top + _PANEL * (1 - share)


def draw(report: Report) -> str:
    """The picture of a run (without its unbounded part), complete."""
    phases = [phase for phase in report.phases if phase.name in _PHASES]
    seconds = [row for row in rows(report.shots, report.phases) if row.phase in _PHASES]
    if not seconds:
        return _framed([f"<text x='40' y='80'>{escape(gettext('nothing was measured'))}</text>"])
    first, last = seconds[0].at_s, seconds[-1].at_s + 1
    peak = report.figures.get("peak_per_s") or 1.0
    tops = [_TOP + number * (_PANEL + _GAP) for number in range(3)]
    load = _Panel(tops[0], first, last, 0, _ceiling(max(row.offered for row in seconds)))
    served = _Panel(tops[1], first, last, 0, _ceiling(max(row.goodput for row in seconds) * 1.15))
    waits = _Panel(tops[2], first, last, 1.0, 10_000.0, is_log=True)
    parts = [*_head(report), *_shades(load, phases)]
    parts += _load(load, seconds) + _served(served, seconds, phases, peak) + _waits(waits, seconds, phases)
    parts += _names(load, phases) + _seconds_axis(waits)
    return _framed(parts)


def _load(panel: _Panel, seconds: Sequence[Row]) -> list[str]:
    parts = _frame(panel, gettext("requests due each second"), _steps(panel))
    layers: list[tuple[str, str, Callable[[Row], int]]] = [
        (gettext("no answer"), _OFFERED, lambda row: row.offered),
        (gettext("in doubt, failed"), _OTHER, lambda row: row.offered - row.unanswered),
        (gettext("refused: busy"), _SHED, lambda row: row.goodput + row.late + row.denied + row.shed),
        (gettext("refused: sold out"), "#fcd34d", lambda row: row.goodput + row.late + row.denied),
        (gettext("booked after 1 s"), _LATE, lambda row: row.goodput + row.late),
        (gettext("booked within 1 s"), _GOOD, lambda row: row.goodput),
    ]
    for _, colour, value in layers:
        parts += [_area(panel, run, value, colour) for run in _runs(seconds)]
    return parts + _legend(panel, [(name, colour) for name, colour, _ in reversed(layers)])


def _served(panel: _Panel, seconds: Sequence[Row], phases: Sequence[Phase], peak: float) -> list[str]:
    parts = _shades(panel, phases)
    parts += _frame(
        panel, gettext("goodput: bookings answered within 1 s of being due, each second"), _steps(panel)
    )
    parts += [_line(panel, run, lambda row: row.offered, _OFFERED, dash="3 3") for run in _runs(seconds)]
    parts += [_area(panel, run, lambda row: row.goodput, _GOOD, opacity=0.16) for run in _runs(seconds)]
    parts += [_line(panel, run, lambda row: row.goodput, _GOOD, width=2.2) for run in _runs(seconds)]
    parts += _mark(panel, peak, gettext("peak {rate}/s", rate=f"{peak:,.0f}"), _INK)
    parts += _mark(panel, peak * 0.9, gettext("goal at 10×: 90 %"), _GOOD)
    return parts + _legend(
        panel, [(gettext("goodput"), _GOOD), (gettext("offered (cut off above)"), _OFFERED)]
    )


def _waits(panel: _Panel, seconds: Sequence[Row], phases: Sequence[Phase]) -> list[str]:
    ticks = [(float(10**power), f"{10**power:,} ms") for power in range(5)]
    parts = _shades(panel, phases)
    parts += _frame(panel, gettext("time from being due until the answer, logarithmic"), ticks)
    parts += _mark(panel, 1000.0, gettext("goal for admitted p99"), _P99)
    parts += _mark(panel, 50.0, gettext("goal for refused p99"), _REFUSED)
    lines: list[tuple[str, str, Callable[[Row], float | None]]] = [
        (gettext("admitted p50"), _P50, lambda row: row.admitted_p50_ms),
        (gettext("admitted p99"), _P99, lambda row: row.admitted_p99_ms),
        (gettext("refused p99"), _REFUSED, lambda row: row.refused_p99_ms),
    ]
    for _, colour, value in lines:
        known = [row for row in seconds if value(row) is not None]
        parts += [_line(panel, run, lambda row, of=value: of(row) or 0.0, colour) for run in _runs(known)]
    return parts + _legend(panel, [(name, colour) for name, colour, _ in lines])


# ------------------------------------------------------------------------------------------------ pieces


def _head(report: Report) -> list[str]:
    machine, configuration = report.machine, report.configuration
    share = configuration.get("database_share_of_one_core")
    bound = (
        gettext("database bounded to {share} of a core", share=share)
        if share
        else gettext("database not bounded")
    )
    about = gettext(
        "{cpu}, {cores} cores · {workers} web workers · {bound} · {connections} connections · open loop",
        cpu=machine.get("cpu", ""),
        cores=machine.get("cores", "?"),
        workers=configuration.get("web_workers", "?"),
        bound=bound,
        connections=f"{configuration.get('connections', 0):,}",
    )
    parts = [
        _text(40, 44, gettext("Overload"), size=25, weight=650),
        _text(40, 68, about, size=13, colour=_SOFT),
    ]
    if report.invalid:
        parts.append(
            _text(
                _RIGHT,
                44,
                gettext("NOT VALID: the load fell short"),
                size=15,
                colour=_LATE,
                anchor="end",
                weight=650,
            )
        )
    judged = {goal.text: goal.is_met for goal in goals(report)}
    step = (_RIGHT - 40) / len(KEYS)
    for number, (key, (text, _, _)) in enumerate(KEYS.items()):
        x = 40 + number * step
        colour = {True: _GOOD, False: _LATE, None: _INK}[judged.get(text)]
        parts.append(f'<rect x="{x:.0f}" y="86" width="{step - 12:.0f}" height="54" rx="7" fill="#f6f8fa"/>')
        parts.append(_text(x + 12, 110, shown(report.figures.get(key)), size=20, colour=colour, weight=650))
        parts.append(_text(x + 12, 129, key, size=11.5, colour=_SOFT))
    return parts


def _shades(panel: _Panel, phases: Sequence[Phase]) -> list[str]:
    return [
        f'<rect x="{panel.x(phase.begin_s):.1f}" y="{panel.top:.1f}" height="{_PANEL}" fill="{_PHASES[phase.name][0]}" '
        f'width="{panel.x(phase.end_s) - panel.x(phase.begin_s):.1f}"/>'
        for phase in phases
    ]


def _names(panel: _Panel, phases: Sequence[Phase]) -> list[str]:
    """What each phase is, once, over whatever is drawn there."""
    halo = (
        'paint-order="stroke" stroke="#ffffff" stroke-width="4" stroke-linejoin="round" stroke-opacity="0.8"'
    )
    named: dict[str, str] = {}
    for phase in phases:
        name = _PHASES[phase.name][1].say(command_locale())
        x, width = panel.x(phase.begin_s) + 4, 8.5 * _letters(name)
        if phase.name == "before" and panel.x(phase.end_s) - x < width:
            continue  # there is no room, and the next phase says enough
        x = min(x, _RIGHT - width)
        named.setdefault(name, f"<g {halo}>" + _text(x, panel.top + 15, name, size=12, weight=600) + "</g>")
    return list(named.values())


def _frame(panel: _Panel, title: str, ticks: Iterable[tuple[float, str]]) -> list[str]:
    parts = [_text(_LEFT, panel.top - 10, title, size=14, weight=600)]
    for value, label in ticks:
        y = panel.y(value)
        parts.append(f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GRID}"/>')
        parts.append(_text(_LEFT - 9, y + 4, label, size=11.5, colour=_SOFT, anchor="end"))
    return parts


def _legend(panel: _Panel, entries: Sequence[tuple[str, str]]) -> list[str]:
    parts: list[str] = []
    x = float(_RIGHT)
    for name, colour in reversed(entries):
        x -= 7.0 * _letters(name) + 8
        parts.append(_text(x, panel.top - 10, name, size=12, colour=_SOFT))
        x -= 16
        parts.append(
            f'<rect x="{x:.0f}" y="{panel.top - 20:.0f}" width="11" height="11" rx="2.5" fill="{colour}"/>'
        )
        x -= 10
    return parts


def _letters(text: str) -> float:
    """How wide it is, in Latin letters."""
    return sum(1.7 if east_asian_width(one) in "WF" else 1.0 for one in text)


def _mark(panel: _Panel, value: float, label: str, colour: str) -> list[str]:
    if value > panel.high:
        return []
    y = panel.y(value)
    return [
        f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-dasharray="6 5" opacity="0.65"/>',
        _text(_LEFT + 6, y - 5, label, size=11.5, colour=colour),
    ]


def _line(
    panel: _Panel,
    run: Sequence[Row],
    value: Callable[[Row], float],
    colour: str,
    *,
    width: float = 1.7,
    dash: str = "",
) -> str:
    points = " ".join(f"{panel.x(row.at_s + 0.5):.1f},{panel.y(value(row)):.1f}" for row in run)
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"'
        + (f' stroke-dasharray="{dash}"' if dash else "")
        + "/>"
    )


def _area(
    panel: _Panel, run: Sequence[Row], value: Callable[[Row], float], colour: str, *, opacity: float = 0.85
) -> str:
    """Steps, a second wide each: what was due in a second is the area over it."""
    points = [f"{panel.x(run[0].at_s):.1f},{panel.y(0):.1f}"]
    for row in run:
        y = panel.y(value(row))
        points += [f"{panel.x(row.at_s):.1f},{y:.1f}", f"{panel.x(row.at_s + 1):.1f},{y:.1f}"]
    points.append(f"{panel.x(run[-1].at_s + 1):.1f},{panel.y(0):.1f}")
    return f'<polygon points="{" ".join(points)}" fill="{colour}" opacity="{opacity}"/>'


def _seconds_axis(panel: _Panel) -> list[str]:
    span = panel.last_s - panel.first_s
    step = next((step for step in (1, 2, 5, 10, 20, 30, 60, 120, 300) if span / step <= 14), 600)
    parts: list[str] = []
    for at in range(0, int(span) + 1, step):
        x = panel.x(panel.first_s + at)
        parts.append(_text(x, panel.top + _PANEL + 20, f"{at} s", size=11.5, colour=_SOFT, anchor="middle"))
    return parts


def _runs(seconds: Sequence[Row]) -> list[list[Row]]:
    """The rows in stretches without a gap."""
    found: list[list[Row]] = []
    for row in seconds:
        if found and row.at_s - found[-1][-1].at_s < _GAP_S:
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _steps(panel: _Panel) -> list[tuple[float, str]]:
    return [(panel.high * part / 4, f"{panel.high * part / 4:,.0f}") for part in range(5)]


def _ceiling(value: float) -> float:
    """A round number not below `value`."""
    unit = 10.0 ** int(log10(max(value, 10)))
    return next(
        unit * factor
        for factor in (1, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 3.6, 4, 4.8, 6, 8, 10)
        if unit * factor >= value
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: float,
    colour: str = _INK,
    anchor: str = "start",
    weight: int = 400,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )


def _framed(parts: Iterable[str]) -> str:
    height = _TOP + 3 * _PANEL + 2 * _GAP + 44
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        "font-family=\"system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif\">\n"
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )
