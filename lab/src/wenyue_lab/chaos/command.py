"""`wenyue drill`: the drills at a terminal."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, cast

import typer
from rich.console import Console
from rich.table import Table

from wenyue.locale import Message, command_locale
from wenyue.locale.terminal import gettext
from wenyue.ops.interrupting import unwind_on_sigterm
from wenyue.ops.progress import telling
from wenyue.ops.rehearsals.due import refresh_last, run_due
from wenyue.ops.rehearsals.schedule import (
    ALL,
    RUN_GLOB,
    ZONE,
    Entry,
    Every,
    last_due,
    read_entries,
    read_runs,
    write_entries,
)
from wenyue.platform.config import load
from wenyue.platform.fault import SetupError
from wenyue.platform.parent_death_signal import end_with_parent
from wenyue.platform.program import Program
from wenyue_lab.chaos.every import EVERY, perform
from wenyue_lab.chaos.figures import Figures
from wenyue_lab.chaos.kind import Terms
from wenyue_lab.chaos.performance import SECONDS_MAX
from wenyue_lab.chaos.record import Run, store
from wenyue_lab.chaos.report import verdict_of, write

RATE_MAX: Final = 5_000.0
_OFTEN: Final = {
    Every.DAY: Message("every day at {at}"),
    Every.WEEK: Message("every week on weekday {on} at {at}"),
    Every.MONTH: Message("every month on day {on} at {at}"),
}
app = Program(
    no_args_is_help=True,
    help="Break things on purpose and check that no booking is lost.",
)


@app.command("list")
def show_list() -> None:
    """Every drill and what it does."""
    table = Table()
    for column in (
        gettext("drill"),
        gettext("what is done"),
        gettext("seconds"),
        gettext("requests a second"),
    ):
        table.add_column(column, overflow="fold")
    locale = command_locale()
    for drill in EVERY.values():
        table.add_row(
            f"{drill.name}\n{drill.title.say(locale)}",
            drill.says.say(locale),
            f"{drill.seconds:g}",
            f"{drill.rate_per_s:g}",
        )
    Console().print(table)


@app.command("run")
def run_one(
    name: Annotated[str, typer.Argument(help="a drill's name, or `all`")],
    *,
    seconds: Annotated[float, typer.Option(min=0, max=SECONDS_MAX, help="of load; 0: the drill's own")] = 0.0,
    rate: Annotated[
        float, typer.Option(min=0, max=RATE_MAX, help="requests a second; 0: the drill's own")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="of the load and of the fault's choices")] = 1,
) -> None:
    """Run a drill on an installation of its own; status 1 when it fails."""
    unwind_on_sigterm()
    if name != "all" and name not in EVERY:
        raise SetupError(Message("there is no drill {name}: see `wenyue drill list`", name=repr(name)))
    console = Console()
    folder = load().home / "drills"
    failed: list[str] = []
    for drill in EVERY.values() if name == "all" else [EVERY[name]]:
        if name == "all" and (cannot := drill.needs()):
            left_out = gettext("{name} is left out: {why}", name=drill.name, why=cannot)
            console.print(left_out, markup=False, soft_wrap=True)
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with telling(console, drill.name) as tell_step:
            terms = Terms(seconds or drill.seconds, seed=seed, rate_per_s=rate, tell=tell_step)
            done = perform(drill, folder / f"site-{drill.name}", terms)
        path = store(done, folder)
        refresh_last(folder, list(EVERY))
        _show(console, done)
        console.print(gettext("written to {path}", path=path), markup=False, soft_wrap=True)
        if not done.is_passed:
            failed.append(drill.name)
    if failed:
        raise typer.Exit(1)


@app.command("schedule")
def schedule(
    *,
    every: Annotated[
        Every | None, typer.Option(help="how often; without it the schedule is only shown")
    ] = None,
    drill: Annotated[str, typer.Option(help="a drill's name, or `all`")] = ALL,
    at: Annotated[
        str, typer.Option(help="HH:MM at the venues; choose an hour when few people book")
    ] = "03:30",
    on: Annotated[
        int, typer.Option(min=1, max=28, help="weekday 1-7 (Monday first), or day of the month")
    ] = 1,
    seconds: Annotated[float, typer.Option(min=0, max=SECONDS_MAX, help="of load; 0: the drill's own")] = 0.0,
    rate: Annotated[float, typer.Option(min=0, max=RATE_MAX, help="requests a second; 0: its own")] = 0.0,
    remove: Annotated[bool, typer.Option("--remove", help="take this drill off the schedule")] = False,
) -> None:
    """Rehearse regularly: `wenyue up` runs what is due at the lowest priority, or a timer `wenyue drill due`."""
    folder = load().home / "drills"
    entries = [one for one in read_entries(folder) if not (remove or every) or one.drill != drill]
    if every is not None and not remove:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        entries.append(_checked(Entry(drill, every, at, on, seconds, rate, since)))
    if every is not None or remove:
        write_entries(folder, entries)
    now = datetime.now(UTC)
    for one in entries:
        due = last_due(one, now).astimezone(ZONE)
        often = _OFTEN[one.every].say(command_locale(), on=one.on, at=one.at)
        last = f"{due:%Y-%m-%d %H:%M}"
        typer.echo(gettext("{drill}: {often}, last due {last}", drill=one.drill, often=often, last=last))
    if not entries:
        typer.echo(gettext("nothing is scheduled: `wenyue drill schedule --every week`"))


@app.command("due")
def run_what_is_due() -> None:
    """Run every drill whose time has come, one at a time; for a timer."""
    if os.environ.get("WENYUE_END_WITH_PARENT") == "1":
        end_with_parent()
    unwind_on_sigterm()
    folder = load().home / "drills"

    def perform_one(name: str, seconds: float, rate: float) -> None:
        done = perform(EVERY[name], folder / f"site-{name}", Terms(seconds, rate_per_s=rate))
        store(done, folder)
        typer.echo(f"{name}: {verdict_of(is_passed=done.is_passed)}")

    own = {name: one.seconds for name, one in EVERY.items() if not one.needs()}
    if run_due(folder, own, perform_one, typer.echo) == 0:
        typer.echo(gettext("nothing is due"))
    elif any(folder.glob(RUN_GLOB)):
        _write_report(folder)


@app.command("history")
def history(
    *, limit: Annotated[int, typer.Option(min=1, max=500, help="how many runs, the newest first")] = 40
) -> None:
    """The runs that were kept: when, verdict, figures."""
    for one in read_runs(load().home / "drills", limit):
        figures = one["figures"]
        steps = cast("list[dict[str, object]]", one.get("steps") or [])
        good = sum(step["status"] == 0 for step in steps)
        said = gettext(
            "{acknowledged} acknowledged, {doubted} in doubt, p99 {p99} ms, write gap {gap} s, runbook {good}/{all}",
            acknowledged=f"{figures['acknowledged']:>9,}",
            doubted=f"{figures['doubted']:,}",
            p99=f"{figures['p99_ms']:g}",
            gap=f"{figures['write_gap_max_s']:g}",
            good=good,
            all=len(steps),
        )
        verdict = verdict_of(is_passed=one["is_passed"])
        typer.echo(f"{one['began_at'][:16]}Z {verdict:<6} {one['name']:<22} {said}")


@app.command("report")
def report() -> None:
    """Write report.html from the stored runs: timelines, verdicts, what to do."""
    path = _write_report(load().home / "drills")
    Console().print(gettext("written to {path}", path=path), markup=False, soft_wrap=True)


def _write_report(folder: Path) -> Path:
    return write(folder)


def _checked(entry: Entry) -> Entry:
    """An entry that can be kept. Raises SetupError that names what is wrong."""
    if entry.drill != ALL and entry.drill not in EVERY:
        raise SetupError(
            Message("there is no drill {drill}: see `wenyue drill list`", drill=repr(entry.drill))
        )
    if entry.every is Every.WEEK and entry.on > 7:
        raise SetupError(Message("--on {on}: a week has the days 1 (Monday) to 7", on=entry.on))
    try:
        _ = entry.wall
    except ValueError as error:
        raise SetupError(Message("--at {at}: a time of day is HH:MM, such as 03:30", at=entry.at)) from error
    return entry


def _show(console: Console, done: Run) -> None:
    figures = done.figures
    title = gettext("{name}, seed {seed}", name=done.name, seed=done.seed)
    table = Table(title=title, show_header=False)
    for name, value in rows(figures):
        table.add_row(name, value)
    for name, number in done.extra.items():
        table.add_row(name, f"{number:g}")
    console.print(table)
    for violation in done.violations:
        console.print(
            f"{violation.invariant}: {violation.says}", style="bold red", markup=False, soft_wrap=True
        )
    for finding in done.findings:
        console.print(finding, style="bold red", markup=False, soft_wrap=True)
    if done.is_passed:
        console.print(gettext("passed: every invariant held"), style="bold green")
    else:
        console.print(verdict_of(is_passed=False), style="bold red")


def rows(figures: Figures) -> list[tuple[str, str]]:
    """The figures as people read them."""
    doubted = gettext(
        "{n}, at most {seconds} s", n=f"{figures.doubted:,}", seconds=f"{figures.doubt_max_s:g}"
    )
    return [
        (gettext("seconds of load"), f"{figures.seconds:g}"),
        (gettext("operations / requests"), f"{figures.operations:,} / {figures.requests:,}"),
        (gettext("acknowledged"), f"{figures.acknowledged:,} ({figures.acknowledged_per_s:g}/s)"),
        (gettext("refused / put off"), f"{figures.refused:,} / {figures.given_up:,}"),
        (gettext("in doubt for a while"), doubted),
        (
            gettext("settled by asking / by sending again"),
            f"{figures.settled_by_asking} / {figures.settled_by_sending_again}",
        ),
        (gettext("replays"), f"{figures.replays:,}"),
        (
            gettext("answer p50 / p99 / slowest"),
            f"{figures.p50_ms:g} / {figures.p99_ms:g} / {figures.worst_ms:g} ms",
        ),
        (gettext("faults"), f"{figures.faults}"),
        (gettext("write gap p95 / longest"), f"{figures.write_gap_p95_s:g} / {figures.write_gap_max_s:g} s"),
    ]
