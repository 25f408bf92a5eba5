"""One page about every stored run: verdict, timeline, figures, what to do. Self-contained, printable, no script."""

import json
from html import escape
from pathlib import Path
from typing import Any, Final, cast

from wenyue.infra.fault import SetupError
from wenyue.tools.drill.every import EVERY

RUNS_SHOWN_MAX: Final = 60
_WIDTH: Final = 900
_LEFT: Final = 52
_RIGHT: Final = 12
_HEIGHT: Final = 120  # of one plot
_GAP: Final = 30
_STYLE: Final = """
:root { --ink: #1b1f24; --soft: #5b6570; --line: #d9dee3; --good: #116b3c; --bad: #a3161f; --fault: #f7d9d4;
        --yes: #1b6f8a; --no: #b58a1b; --none: #a3161f; }
body { font: 15px/1.5 "Noto Sans SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif; color: var(--ink);
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .2rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); }
table { border-collapse: collapse; margin: .6rem 0; } th, td { text-align: left; padding: .2rem .8rem .2rem 0;
        border-bottom: 1px solid var(--line); vertical-align: top; } td.n { font-variant-numeric: tabular-nums; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
article { break-inside: avoid; border-top: 2px solid var(--ink); padding-top: .4rem; margin-top: 2rem; }
svg { width: 100%; height: auto; display: block; margin: .6rem 0; } svg text { font-size: 11px; fill: var(--soft); }
code { font-size: .92em; } ul { margin: .3rem 0; padding-left: 1.2rem; }
.to-do { border-left: 4px solid var(--yes); padding: .1rem .8rem; margin: .6rem 0; }
@media print { body { margin: 0; max-width: none; } a { color: inherit; } }
"""
_LIMITS: Final = (
    "One machine shares disk and clock: these drills prove the logic, not a failover between datacentres. kill -9 keeps "
    "the operating system's page cache, so it does not prove what a power loss would."
)
_FIGURES: Final = (
    ("operations", "operations · 请求"),
    ("requests", "requests sent · 发送次数"),
    ("acknowledged", "acknowledged · 已确认"),
    ("refused", "refused · 已拒绝"),
    ("given_up", "put off · 稍后再试"),
    ("doubted", "in doubt for a while · 曾不明"),
    ("doubt_max_s", "longest doubt, s"),
    ("replays", "replays · 重放"),
    ("p50_ms", "answer p50, ms"),
    ("p99_ms", "answer p99, ms"),
    ("worst_ms", "slowest answer, ms"),
    ("faults", "faults · 故障次数"),
    ("write_gap_p95_s", "write gap p95, s"),
    ("write_gap_max_s", "write gap max, s"),
)

Document = dict[str, Any]


def write(folder: Path) -> Path:
    """Write `folder`/report.html from the runs stored there, newest first. Raises SetupError when there are none."""
    runs = [_read(path) for path in sorted(folder.glob("*.json"), reverse=True)[:RUNS_SHOWN_MAX]]
    if not runs:
        raise SetupError(
            f"no drill was run yet (nothing in {folder}): `wenyue drill run all`", "还没有演练记录"
        )
    path = folder / "report.html"
    partial = path.with_suffix(".partial")
    partial.write_text(page(runs), encoding="utf-8")
    partial.rename(path)
    return path


def page(runs: list[Document]) -> str:
    """The whole page."""
    failed = sum(not run["is_passed"] for run in runs)
    verdict = f'<span class="bad">{failed} of {len(runs)} failed · 未通过</span>' if failed else (
        f'<span class="good">all {len(runs)} passed · 全部通过</span>'
    )  # fmt: skip
    never = [name for name in EVERY if name not in {run["name"] for run in runs}]
    rest = f'<p class="soft">never run here: {escape(", ".join(never))}</p>' if never else ""
    body = "".join(_article(run) for run in runs)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Wenyue drills · 演练报告</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f"<h1>Drills · 演练报告</h1><p>{verdict}</p>{rest}<p class='soft'>{escape(_LIMITS)}</p>"
        f"{_summary(runs)}{body}</body></html>\n"
    )


def _read(path: Path) -> Document:
    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SetupError(f"{path} is damaged: move it away", f"{path} 已损坏") from error
    return cast("Document", found)


def _summary(runs: list[Document]) -> str:
    rows = "".join(
        f"<tr><td>{escape(run['name'])}</td><td>{escape(run['began_at'])}</td><td>{_verdict(run)}</td>"
        f"<td class='n'>{run['figures']['acknowledged']:,}</td><td class='n'>{run['figures']['doubted']:,}</td>"
        f"<td class='n'>{run['figures']['write_gap_max_s']:g} s</td></tr>"
        for run in runs
    )
    heads = "".join(
        f"<th>{head}</th>"
        for head in ("drill", "began (UTC)", "verdict", "acknowledged", "in doubt", "write gap")
    )
    return f"<table><tr>{heads}</tr>{rows}</table>"


def _verdict(run: Document) -> str:
    return (
        '<span class="good">passed · 通过</span>'
        if run["is_passed"]
        else '<span class="bad">FAILED · 未通过</span>'
    )


def _article(run: Document) -> str:
    drill = EVERY.get(run["name"])
    title = escape(run["name"]) + (f" · {escape(drill.title_zh)}" if drill else "")
    says = f"<p>{escape(drill.says)}</p>" if drill else ""
    to_do = f'<div class="to-do"><b>What to do · 应对</b><p>{escape(drill.to_do)}</p></div>' if drill else ""
    troubles = [f"{one['invariant']}: {one['says']}" for one in run["violations"]] + list(run["findings"])
    objections = "".join(f'<li class="bad">{escape(one)}</li>' for one in troubles)
    figures = [(label, f"{run['figures'][key]:,}") for key, label in _FIGURES]
    figures += [(escape(str(key)), f"{value:g}") for key, value in run["extra"].items()]
    rows = "".join(f"<tr><td>{label}</td><td class='n'>{value}</td></tr>" for label, value in figures)
    marks = "".join(f"<li>{at:.1f} s: {escape(what)}</li>" for at, what in run["marks"][:40])
    facts = ", ".join(f"{key} {value}" for key, value in run["machine"].items())
    return (
        f"<article><h2>{title}</h2><p>{_verdict(run)} · {escape(run['began_at'])} · {run['figures']['seconds']:g} s at "
        f"{run['rate_per_s']:g} requests/s</p>{says}{f'<ul>{objections}</ul>' if objections else ''}{timeline(run)}"
        f"<table>{rows}</table><ul class='soft'>{marks}</ul>{to_do}"
        f"<p class='soft'><code>{escape(run['command'])}</code><br>{escape(facts)}</p></article>"
    )


def timeline(run: Document) -> str:
    """Answers a second above, their duration below, on one time axis; the shaded parts are the fault."""
    moments = cast("list[dict[str, float]]", run["figures"]["timeline"])
    if not moments:
        return ""
    end = max(moments[-1]["at"] + 0.25, 1.0)

    def x(at: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * at / end, 1)

    lower = _HEIGHT + _GAP
    height = lower + _HEIGHT + 36
    rates = {
        name: [(x(one["at"]), one[f"{name}_per_s"]) for one in moments]
        for name in ("yes", "no", "unanswered")
    }
    top_rate = max(1.0, *(value for points in rates.values() for _, value in points))
    slow = [(x(one["at"]), one["worst_ms"]) for one in moments]
    usual = [(x(one["at"]), one["p50_ms"]) for one in moments]
    top_ms = max(1.0, *(value for _, value in slow))
    shades = "".join(
        f'<rect x="{x(began)}" y="0" width="{max(1.5, x(min(ended, end)) - x(began)):.1f}" '
        f'height="{lower + _HEIGHT}" fill="var(--fault)"/>'
        for began, ended in run["faults"]
    )
    lines = (
        _line(rates["yes"], top_rate, 0, "--yes")
        + _line(rates["no"], top_rate, 0, "--no")
        + _line(rates["unanswered"], top_rate, 0, "--none")
        + _line(slow, top_ms, lower, "--no")
        + _line(usual, top_ms, lower, "--yes")
    )
    ticks = "".join(
        f'<text x="{x(end * part / 6)}" y="{lower + _HEIGHT + 14}" text-anchor="middle">{end * part / 6:.0f} s</text>'
        for part in range(7)
    )
    axes = _axis(0, f"{top_rate:.0f}/s") + _axis(lower, f"{top_ms:.0f} ms")
    legend = (
        f'<text x="{_LEFT}" y="{height - 4}">above, answers a second: <tspan fill="var(--yes)">yes</tspan>, '
        '<tspan fill="var(--no)">no</tspan>, <tspan fill="var(--none)">put off or unanswered</tspan>; '
        "below: "
        '<tspan fill="var(--yes)">median</tspan> and <tspan fill="var(--no)">slowest</tspan> answer; shaded: the fault</text>'
    )
    label = f"timeline of {run['name']}: answers a second and their duration"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(label)}">'
        f"{shades}{axes}{lines}{ticks}{legend}</svg>"
    )


def _line(points: list[tuple[float, float]], top: float, above: int, color: str) -> str:
    path = " ".join(f"{at},{above + _HEIGHT - (_HEIGHT - 8) * value / top:.1f}" for at, value in points)
    return f'<polyline points="{path}" fill="none" stroke="var({color})" stroke-width="1.6"/>'


def _axis(above: int, top: str) -> str:
    bottom = above + _HEIGHT
    return (
        f'<line x1="{_LEFT}" y1="{bottom}" x2="{_WIDTH - _RIGHT}" y2="{bottom}" stroke="var(--line)"/>'
        f'<text x="{_LEFT - 6}" y="{above + 12}" text-anchor="end">{top}</text>'
        f'<text x="{_LEFT - 6}" y="{bottom}" text-anchor="end">0</text>'
    )
