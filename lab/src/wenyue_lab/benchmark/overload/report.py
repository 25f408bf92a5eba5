"""What a run leaves: overload.json, the seconds of the run, the goals, and the lines that are printed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import isinf, isnan
from typing import Any, Final, cast

from rich.table import Table

from wenyue.locale.terminal import gettext
from wenyue_lab.benchmark.figures import Goal
from wenyue_lab.benchmark.overload.plan import Phase, Report, Shots, rounded

# Key → (what it is, bound, whether the bound is a floor); no bound: no goal of its own.
KEYS: Final[dict[str, tuple[str, float | None, bool]]] = {
    "peak_per_s": ("best goodput, bookings a second", None, True),
    "goodput_ratio_10x": ("goodput at ten times the peak ÷ peak", 0.9, True),
    "admitted_p99_ms": ("answer to a booking that was made, at ten times the peak, ms", 1000.0, False),
    "reject_p99_ms": ("answer to one that was refused, at ten times the peak, ms", 50.0, False),
    "recovery_s": ("from ten times to 0.8 times: until 95 % are served again, s", 30.0, False),
    "flash_60_goodput_ratio": ("60 people per place in a second: served ÷ who could be", None, True),
    "oversold": ("places given beyond capacity, or uncounted", 0.0, False),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One second in which requests were due, on the run's clock. Counts are of the requests due in it."""

    at_s: float
    phase: str
    offered: int
    goodput: int
    late: int
    shed: int
    denied: int
    doubtful: int
    failed: int
    unanswered: int
    admitted_p50_ms: float | None
    admitted_p99_ms: float | None
    refused_p99_ms: float | None
    lag_p99_ms: float | None


def document(report: Report) -> dict[str, object]:
    """The content of overload.json: plain keys for the figures, then whether they are valid, and everything beside them."""
    return {
        **{key: rounded(report.figures.get(key)) for key in KEYS},
        "valid": not report.invalid,
        "invalid_because": report.invalid,
        "goals": [
            {"goal": f"{goal.text} {_bound(goal)}", "value": rounded(goal.value), "met": goal.is_met}
            for goal in goals(report)
        ],
        "notes": report.notes,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine,
        "configuration": report.configuration,
        "seconds": round(report.seconds, 1),
        "others_cpu_share": round(report.noise.others, 3),
        "stolen_cpu_share": round(report.noise.stolen, 3),
        **report.details,
        "phases": [asdict(phase) for phase in report.phases],
        "series": [asdict(row) for row in rows(report.shots, report.phases)],
    }


def goals(report: Report) -> list[Goal]:
    """The goals, judged by this run."""
    return [
        Goal(text, bound, is_floor, report.figures.get(key))
        for key, (text, bound, is_floor) in KEYS.items()
        if bound is not None
    ]


def rows(shots: Sequence[Shots], phases: Sequence[Phase]) -> list[Row]:
    """One row for every second in which something was due."""
    return [_row(one, second, phases) for one in shots for second in range(int(one.seconds + 0.5))]


def _row(shots: Shots, second: int, phases: Sequence[Phase]) -> Row:
    bin_ = shots.tally.span(second, second + 1)
    at = shots.at_s + second
    names = [phase.name for phase in phases if phase.begin_s <= at + 0.5 < phase.end_s]
    return Row(
        at_s=round(at, 2),
        phase=names[0] if names else "warming up",
        offered=bin_.offered,
        goodput=bin_.good,
        late=bin_.late,
        shed=bin_.shed,
        denied=bin_.denied,
        doubtful=bin_.doubtful,
        failed=bin_.failed,
        unanswered=bin_.unanswered,
        admitted_p50_ms=rounded(bin_.admitted.quantile_ms(0.5)),
        admitted_p99_ms=rounded(bin_.admitted.quantile_ms(0.99)),
        refused_p99_ms=rounded(bin_.refused.quantile_ms(0.99)),
        lag_p99_ms=rounded(shots.tally.lag(second, second + 1).quantile_ms(0.99)),
    )


def table(report: Report) -> Table:
    """Every figure, and its goal when it has one."""
    view = Table(title="wenyue bench overload", title_justify="left")
    view.add_column("figure", no_wrap=True)
    view.add_column("what")
    view.add_column("measured", justify="right")
    view.add_column("wanted", justify="right")
    view.add_column("")
    words = {True: "[green]met[/]", False: "[red]missed[/]", None: "not measured"}
    for key, (text, bound, is_floor) in KEYS.items():
        value = report.figures.get(key)
        goal = None if bound is None else Goal(text, bound, is_floor, value)
        view.add_row(
            key, text, shown(value), _bound(goal) if goal else "", words[goal.is_met] if goal else ""
        )
    return view


def remarks(report: Report) -> list[str]:
    """What a reader must know beside the table."""
    lines = [f"NOT VALID: {reason}" for reason in report.invalid]
    lines += [f"note: {note}" for note in report.notes]
    flash = cast("dict[str, Any]", report.details.get("flash", {}))
    if flash:
        sold = flash["sold_out_after_s"]
        lines.append(
            f"rush: {flash['asked']:,} people for {flash['places']:,} places; "
            f"{'not sold out' if sold is None else f'sold out after {sold:.2f} s'}, "
            f"everybody answered after {flash['everybody_answered_after_s']:.2f} s"
        )
    unbounded = cast("dict[str, Any]", report.details.get("unbounded", {}))
    for storm in unbounded.get("storms", ()):
        lines.append(
            f"database not bounded: peak {unbounded['peak_per_s']:,}/s; at {storm['multiple']:g} × that goodput was "
            f"{storm['goodput_ratio']:.2f} of the peak, {storm['refused_p99_ms'] or 0:.0f} ms to refuse (p99)"
        )
        lines += [f"  not valid: {reason}" for reason in storm["invalid_because"]]
    lines.append(
        f"other programs used {report.noise.others:.0%} of the processors meanwhile, "
        f"other machines {report.noise.stolen:.0%}"
    )
    return lines


def shown(value: float | None) -> str:
    """A figure as people read it."""
    if value is None or isnan(value):
        return "-"
    if isinf(value):
        return gettext("never")
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"


def _bound(goal: Goal) -> str:
    return f"{'≥' if goal.is_floor else '≤'} {goal.bound:g}"
