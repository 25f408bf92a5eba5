"""The figures: each a median of its repetitions with the least and the greatest beside it, the goals, the table."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from rich.table import Table

# Key → (what it is, unit). The order is the table's.
KEYS: Final = {
    "hot_per_s": ("bookings, all on one session", "/s"),
    "spread_per_s": ("bookings over 10,000 sessions", "/s"),
    "peer_hot_per_s": ("the same, by the usual service: FastAPI, SQLAlchemy, asyncpg", "/s"),
    "peer_spread_per_s": ("… over 10,000 sessions", "/s"),
    "naive_hot_tps": ("naive statement, one row, best of 1/8/64 clients", "/s"),
    "naive_spread_tps": ("naive statement, 10,000 rows, best of 1/8/64 clients", "/s"),
    "noop_per_s": ("no-op POST, same server and workers", "/s"),
    "sold_out_per_s": ("'sold out' answers", "/s"),
    "availability_per_s": ("availability reads", "/s"),
    "p50_ms": ("latency at 80 % of peak, open loop, median", "ms"),
    "p99_ms": ("latency at 80 % of peak, open loop, 99th percentile", "ms"),
    "grown_ratio": ("bookings/s with 5 million stored ÷ with none", "×"),
    "rss_mb_per_worker": ("resident memory of a web worker", "MB"),
    "oversold": ("places given beyond capacity, or uncounted", ""),
}


@dataclass(frozen=True, slots=True)
class Goal:
    """`value` must be at least (or at most) `bound`; `text` says what of."""

    text: str
    bound: float
    is_floor: bool
    value: float | None

    @property
    def is_met(self) -> bool | None:
        """None: not measured in this run."""
        if self.value is None:
            return None
        return self.value >= self.bound if self.is_floor else self.value <= self.bound


@dataclass(slots=True)
class Figures:
    """What was measured so far: every repetition of every key."""

    runs: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def add(self, key: str, value: float) -> None:
        """Note one repetition. A key that is not in KEYS is an extra: it is written but has no row in the table."""
        self.runs.setdefault(key, []).append(value)

    def get(self, key: str) -> float | None:
        """The median of what was noted."""
        values = self.runs.get(key)
        return median(values) if values else None

    def flat(self) -> dict[str, float]:
        """`hot_per_s`, `hot_per_s_min`, `hot_per_s_max`, and so on."""
        out: dict[str, float] = {}
        for key, values in self.runs.items():
            out[key] = _rounded(median(values))
            out[f"{key}_min"] = _rounded(min(values))
            out[f"{key}_max"] = _rounded(max(values))
        return out


def goals(figures: Figures) -> list[Goal]:
    """The project's goals, judged by the medians of one run."""

    def ratio(over: str, under: str) -> float | None:
        top, bottom = figures.get(over), figures.get(under)
        return top / bottom if top is not None and bottom else None

    return [
        Goal("hot ÷ peer hot", 20.0, True, ratio("hot_per_s", "peer_hot_per_s")),
        Goal("spread ÷ peer spread", 15.0, True, ratio("spread_per_s", "peer_spread_per_s")),
        Goal("hot ÷ naive hot", 8.0, True, ratio("hot_per_s", "naive_hot_tps")),
        Goal("spread ÷ naive spread", 1.2, True, ratio("spread_per_s", "naive_spread_tps")),
        Goal("hot ÷ no-op", 0.25, True, ratio("hot_per_s", "noop_per_s")),
        Goal("sold out ÷ no-op", 0.7, True, ratio("sold_out_per_s", "noop_per_s")),
        Goal("availability ÷ no-op", 0.8, True, ratio("availability_per_s", "noop_per_s")),
        Goal("p99, ms", 150.0, False, figures.get("p99_ms")),
        Goal("grown ÷ fresh", 0.9, True, figures.get("grown_ratio")),
        Goal("MB per worker", 150.0, False, figures.get("rss_mb_per_worker")),
        Goal("oversold", 0.0, False, figures.get("oversold")),
    ]


def document(figures: Figures, machine: Mapping[str, object], run: Mapping[str, object]) -> dict[str, object]:
    """The content of bench.json: plain keys for the figures, then the machine, the run's settings and the goals."""
    judged = [
        {
            "goal": f"{goal.text} {'>=' if goal.is_floor else '<='} {goal.bound:g}",
            "value": None if goal.value is None else _rounded(goal.value),
            "met": goal.is_met,
        }
        for goal in goals(figures)
    ]
    return {**figures.flat(), "goals": judged, "machine": dict(machine), "run": dict(run)}


def write(path: Path, content: Mapping[str, object]) -> None:
    """Write `content` complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def markdown(figures: Figures) -> str:
    """Figures and goals as docs/performance.md shows them."""
    lines = ["| figure | median | min | max |", "|---|---:|---:|---:|"]
    for key, (_, unit) in KEYS.items():
        values = figures.runs.get(key)
        shown = (
            [_shown(value) for value in (median(values), min(values), max(values))] if values else ["-"] * 3
        )
        lines.append(f"| `{key}`{f' ({unit})' if unit else ''} | {' | '.join(shown)} |")
    lines += ["", "| goal | wanted | measured | |", "|---|---:|---:|---|"]
    words = {True: "met", False: "**missed**", None: "not measured"}
    for goal in goals(figures):
        measured = "-" if goal.value is None else _shown(goal.value)
        lines.append(f"| {goal.text} | {_wanted(goal)} | {measured} | {words[goal.is_met]} |")
    return "\n".join(lines) + "\n"


def table(figures: Figures) -> Table:
    """Every key with median, least and greatest."""
    view = Table(title="wenyue bench", title_justify="left")
    view.add_column("figure")
    view.add_column("what")
    for name in ("median", "min", "max"):
        view.add_column(name, justify="right")
    for key, (what, unit) in KEYS.items():
        values = figures.runs.get(key)
        if values is None:
            view.add_row(key, what, "not measured", "", "")
        else:
            shown = [
                f"{_shown(value)} {unit}".rstrip() for value in (median(values), min(values), max(values))
            ]
            view.add_row(key, what, *shown)
    return view


def goal_table(figures: Figures) -> Table:
    """Every goal with its value and whether it is met."""
    view = Table(title="goals", title_justify="left")
    view.add_column("goal")
    view.add_column("wanted", justify="right")
    view.add_column("measured", justify="right")
    view.add_column("")
    words = {True: "[green]met[/]", False: "[red]missed[/]", None: "not measured"}
    for goal in goals(figures):
        view.add_row(
            goal.text, _wanted(goal), "" if goal.value is None else _shown(goal.value), words[goal.is_met]
        )
    return view


def _wanted(goal: Goal) -> str:
    return f"{'≥' if goal.is_floor else '≤'} {goal.bound:g}"


def _rounded(value: float) -> float:
    return round(value, 3) if abs(value) < 1000 else round(value)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.2f}"
