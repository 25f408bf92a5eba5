"""One page about the drills: verdicts and history of all, then each one's latest run. Self-contained, printable, no script."""

import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final, cast

from wenyue.locale import Message, command_locale
from wenyue.locale.terminal import gettext, ngettext
from wenyue.ops.rehearsals.schedule import read_runs
from wenyue.platform.fault import SetupError
from wenyue_lab.chaos.every import EVERY
from wenyue_lab.chaos.runbook import FOLDER
from wenyue_lab.chaos.timeline import MARKS_MAX, draw

RUNS_SHOWN_MAX: Final = 300
HISTORY_MAX: Final = 12  # verdicts of one drill in the overview
_STYLE: Final = """
:root { --ink: #1b1f24; --soft: #56606b; --line: #dfe4e8; --good: #116b3c; --bad: #a3161f; --fault: #f9ded9;
        --yes: #14688a; --no: #b07d0d; --none: #a3161f; --paper: #fff; --tint: #f6f8f9; }
* { box-sizing: border-box; }
body { font: 15px/1.55 "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif;
       color: var(--ink); background: var(--paper); max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .4rem; } h2 { font-size: 1.25rem; margin: 0 0 .2rem; }
h3 { font-size: .95rem; margin: 1.1rem 0 .3rem; color: var(--soft); } p { margin: .35rem 0; } .soft { color: var(--soft); }
.wide { overflow-x: auto; margin: .6rem 0; } .wide svg { width: 100%; min-width: 44rem; height: auto; display: block; }
svg text { font-size: 12px; fill: var(--soft); } svg text.mark { fill: var(--ink); font-weight: 600; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--soft); white-space: nowrap; }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap; } .v { white-space: nowrap; }
td a { color: inherit; text-decoration-color: var(--line); text-underline-offset: .2em; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
.verdict { display: inline-block; font-size: 1.05rem; padding: .3rem .8rem; border: 2px solid currentColor;
       border-radius: .3rem; }
article { border-top: 3px solid var(--ink); padding-top: .7rem; margin-top: 2.6rem; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 0 2.5rem; }
@media (max-width: 30rem) { .two { grid-template-columns: 1fr; } }
ol, ul { margin: .3rem 0; padding-left: 1.6rem; } code { font-size: .9em; overflow-wrap: anywhere; }
.to-do { border-left: 4px solid var(--yes); background: var(--tint); padding: .4rem .9rem; margin: .8rem 0; }
.legend { font-size: .85rem; color: var(--soft); display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; }
.key::before { content: ""; display: inline-block; width: 1.1em; height: .25em; margin-right: .4em; vertical-align: .25em; }
.key.yes::before { background: var(--yes); } .key.no::before { background: var(--no); }
.key.none::before { background: var(--none); }
.key.fault::before { background: var(--fault); height: .9em; vertical-align: -.1em; } .legend .above { color: var(--ink); }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt;
       print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  article { break-before: page; border-top: 0; margin-top: 0; } .wide { overflow: visible; } .wide svg { min-width: 0; }
  a { color: inherit; text-decoration: none; } tr, .to-do, li { break-inside: avoid; } @page { margin: 14mm; } }
"""
_LIMITS: Final = Message(
    "One machine shares disk and clock: these drills prove the logic, not a failover between datacentres. kill -9 keeps the"
    " operating system's page cache, so it does not prove what a power loss would."
)
_FIGURES: Final = (
    ("operations", Message("operations")),
    ("requests", Message("requests sent")),
    ("acknowledged", Message("acknowledged")),
    ("refused", Message.in_context("drill", "refused")),
    ("given_up", Message("put off")),
    ("doubted", Message("in doubt for a while")),
    ("doubt_max_s", Message("longest doubt, s")),
    ("replays", Message("replays")),
    ("p50_ms", Message("answer p50, ms")),
    ("p99_ms", Message("answer p99, ms")),
    ("worst_ms", Message("slowest answer, ms")),
    ("faults", Message("faults")),
    ("write_gap_p95_s", Message("write gap p95, s")),
    ("write_gap_max_s", Message("longest write gap, s")),
)

Document = Mapping[str, Any]


def write(folder: Path) -> Path:
    """Write `folder`/report.html from the runs stored there. Raises SetupError when there are none, or one is damaged."""
    runs = read_runs(folder, RUNS_SHOWN_MAX)
    if not runs:
        raise SetupError(
            Message("no drill was run yet (nothing in {folder}): `wenyue drill run all`", folder=folder)
        )
    path = folder / "report.html"
    partial = path.with_suffix(".partial")
    partial.write_text(page(runs, os.path.relpath(FOLDER, folder)), encoding="utf-8")
    partial.rename(path)
    return path


def page(runs: Sequence[Document], runbooks: str = "") -> str:
    """The whole page, in the command's language. `runs`: newest first; `runbooks`: where they are, seen from the page."""
    by_name: dict[str, list[Document]] = {name: [] for name in EVERY}
    for run in runs:
        by_name.setdefault(run["name"], []).append(run)
    latest = [found[0] for found in by_name.values() if found]
    failed = [run["name"] for run in latest if not run["is_passed"]]
    says = (
        gettext("{n} of {all} failed: {names}", n=len(failed), all=len(latest), names=", ".join(failed))
        if failed
        else ngettext("{n} drill, passed", "{n} drills, all passed", len(latest))
    )
    verdict = f'<span class="verdict {"bad" if failed else "good"}">{escape(says)}</span>'
    body = "".join(_article(run, runbooks) for run in latest)
    when = max(run["began_at"] for run in runs)
    kept = ngettext("latest: {when}; {n} run kept", "latest: {when}; {n} runs kept", len(runs), when=when)
    locale = command_locale()
    title = escape(gettext("Wenyue drills"))
    return (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
        f"<h1>{title}</h1><p>{verdict}</p><p class='soft'>{escape(kept)}</p>{_overview(by_name)}"
        f"<p class='soft'>{escape(_LIMITS.say(locale))}</p>{body}</body></html>\n"
    )


def _overview(by_name: Mapping[str, Sequence[Document]]) -> str:
    columns = (
        gettext("drill"),
        gettext("verdict"),
        gettext("history, newest first"),
        gettext("when (UTC)"),
        gettext("acknowledged"),
        gettext("in doubt"),
        gettext("answer p99"),
        gettext("write gap"),
    )
    heads = "".join(f"<th>{escape(name)}</th>" for name in columns)
    rows = "".join(_row(name, found) for name, found in by_name.items() if found)
    never = ", ".join(name for name, found in by_name.items() if not found)
    says = gettext("never run here: {names}", names=never)
    rest = f"<p class='soft'>{escape(says)}</p>" if never else ""
    return f"<div class='wide'><table><tr>{heads}</tr>{rows}</table></div>{rest}"


def _row(name: str, found: Sequence[Document]) -> str:
    drill = EVERY.get(name)
    title = (
        f"{escape(drill.title.say(command_locale()))}<br><span class='soft v'>{escape(name)}</span>"
        if drill
        else escape(name)
    )
    figures = found[0]["figures"]
    marks = "".join(
        f"<span class='{'good' if one['is_passed'] else 'bad'}' title='{escape(one['began_at'])}'>"
        f"{'✓' if one['is_passed'] else '✗'}</span>"
        for one in found[:HISTORY_MAX]
    )
    return (
        f"<tr><td><a href='#{escape(name)}'>{title}</a></td><td class='v'>{_verdict(found[0])}</td><td class='n'>{marks}</td>"
        f"<td class='n'>{escape(found[0]['began_at'][:16].replace('T', ' '))}</td><td class='n'>{figures['acknowledged']:,}</td>"
        f"<td class='n'>{figures['doubted']:,}</td><td class='n'>{figures['p99_ms']:g} ms</td>"
        f"<td class='n'>{figures['write_gap_max_s']:g} s</td></tr>"
    )


def verdict_of(*, is_passed: bool) -> str:
    """How a drill ended, for people."""
    return gettext("passed") if is_passed else gettext("FAILED")


def _verdict(run: Document) -> str:
    says = escape(verdict_of(is_passed=run["is_passed"]))
    return f'<span class="{"good" if run["is_passed"] else "bad"}">{says}</span>'


def _article(run: Document, runbooks: str) -> str:
    name = str(run["name"])
    drill = EVERY.get(name)
    locale = command_locale()
    title = (f"{escape(drill.title.say(locale))} · " if drill else "") + escape(name)
    says = f"<p>{escape(drill.says.say(locale))}</p>" if drill else ""
    troubles = [f"{one['invariant']}: {one['says']}" for one in run["violations"]] + list(run["findings"])
    objections = "".join(f'<li class="bad">{escape(one)}</li>' for one in troubles)
    figures = [(escape(label.say(locale)), f"{run['figures'][key]:,}") for key, label in _FIGURES]
    figures += [(escape(str(key)), f"{value:g}") for key, value in run["extra"].items()]
    rows = "".join(f"<tr><td>{label}</td><td class='n'>{value}</td></tr>" for label, value in figures)
    marks = "".join(f"<li>{at:.1f} s: {escape(what)}</li>" for at, what in run["marks"][:MARKS_MAX])
    more = len(run["marks"]) - MARKS_MAX
    rest = f"<p class=soft>{escape(gettext('… and {n} more', n=more))}</p>" if more > 0 else ""
    load = gettext(
        "{seconds} s, {rate} requests a second",
        seconds=f"{run['figures']['seconds']:g}",
        rate=f"{run['rate_per_s']:g}",
    )
    facts = ", ".join(f"{key} {value}" for key, value in run["machine"].items())
    return (
        f"<article id='{escape(name)}'><h2>{title}</h2><p>{_verdict(run)} · {escape(run['began_at'])} · {escape(load)}</p>{says}"
        f"{f'<ul>{objections}</ul>' if objections else ''}{draw(run)}"
        f"<div class='two'><div><h3>{escape(gettext('what was done'))}</h3><ol>{marks}</ol>"
        f"{rest}{_to_do(run, runbooks)}</div>"
        f"<div><h3>{escape(gettext('figures'))}</h3><table>{rows}</table></div></div>"
        f"<p class='soft'><code>{escape(run['command'])}</code><br>{escape(facts)}</p></article>"
    )


def _to_do(run: Document, runbooks: str) -> str:
    """What an operator does, the runbook, and how each of its steps went in this run."""
    name = str(run["name"])
    drill = EVERY.get(name)
    text = f"<p>{escape(drill.to_do.say(command_locale()))}</p>" if drill else ""
    own = f"{command_locale()}/{name}.md"
    file = own if (FOLDER / own).is_file() else f"{name}.md"
    target = escape(f"{runbooks}/{file}", quote=True)
    link = (
        f"<p><a href='{target}'>{escape(gettext('runbook: {path}', path=f'docs/runbooks/{file}'))}</a></p>"
        if runbooks
        else ""
    )
    steps = "".join(
        f"<tr><td class='v'>{escape(one['section'])}</td><td><code>{escape(one['command'])}</code></td>"
        f"<td class='v'>{_step(one['status'])}</td><td class='n'>{one['took_s']:g} s</td></tr>"
        for one in cast("list[Document]", run.get("steps") or [])
    )
    none = f"<p class='soft'>{escape(gettext('no step was run'))}</p>"
    table = f"<table>{steps}</table>" if steps else none
    return f"<div class='to-do'><h3>{escape(gettext('what to do'))}</h3>{text}{link}{table}</div>"


def _step(status: int) -> str:
    return "<span class='good'>✓</span>" if status == 0 else f"<span class='bad'>✗ {status}</span>"
