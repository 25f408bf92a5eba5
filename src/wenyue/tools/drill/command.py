"""`wenyue drill`: the face of the drills at a terminal."""

import signal
from types import FrameType
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from wenyue.infra.config import load
from wenyue.infra.fault import SetupError
from wenyue.tools.drill.every import EVERY, perform
from wenyue.tools.drill.figures import Figures
from wenyue.tools.drill.run import SECONDS_MAX, Run, store

RATE_MAX: Final = 5_000.0
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Break things on purpose and check that no booking is lost (演练).",
)


@app.command("list")
def show_list() -> None:
    """Every drill and what it does (列出演练)."""
    table = Table()
    for column in ("drill · 演练", "what is done", "seconds", "requests/s"):
        table.add_column(column)
    for drill in EVERY.values():
        table.add_row(
            f"{drill.name}\n{drill.title_zh}", drill.says, f"{drill.seconds:g}", f"{drill.rate_per_s:g}"
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
    """Run a drill on an installation of its own; status 1 when it fails (运行演练)."""
    signal.signal(signal.SIGTERM, _interrupt)
    if name != "all" and name not in EVERY:
        raise SetupError(f"there is no drill {name!r}: see `wenyue drill list`", "没有这个演练")
    console = Console()
    folder = load().home / "drills"
    failed: list[str] = []
    for drill in EVERY.values() if name == "all" else [EVERY[name]]:
        folder.mkdir(parents=True, exist_ok=True)
        with console.status(drill.name) as status:
            done = perform(
                drill,
                folder / f"site-{drill.name}",
                seconds=seconds or drill.seconds,
                seed_=seed,
                rate_per_s=rate,
                tell=lambda line, drill=drill: status.update(f"{drill.name}: {line}"),
            )
        path = store(done, folder)
        _show(console, done)
        console.print(f"written to {path}", markup=False, soft_wrap=True)
        if not done.is_passed:
            failed.append(drill.name)
    if failed:
        raise typer.Exit(1)


@app.command("report")
def report() -> None:
    """Write report.html from the stored runs: timelines, verdicts, what to do (生成报告)."""
    from wenyue.tools.drill.report import write  # noqa: PLC0415 - only this command needs it

    folder = load().home / "drills"
    path = write(folder)
    Console().print(f"written to {path}", markup=False, soft_wrap=True)


def _show(console: Console, done: Run) -> None:
    figures = done.figures
    table = Table(title=f"{done.name}, seed {done.seed}", show_header=False)
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
        console.print("passed: every invariant held · 通过", style="bold green")
    else:
        console.print("FAILED · 未通过", style="bold red")


def rows(figures: Figures) -> list[tuple[str, str]]:
    """The figures as people read them."""
    return [
        ("seconds of load · 秒", f"{figures.seconds:g}"),
        ("operations / requests", f"{figures.operations:,} / {figures.requests:,}"),
        ("acknowledged · 已确认", f"{figures.acknowledged:,} ({figures.acknowledged_per_s:g}/s)"),
        ("refused / put off", f"{figures.refused:,} / {figures.given_up:,}"),
        ("in doubt for a while · 曾不明", f"{figures.doubted:,}, at most {figures.doubt_max_s:g} s"),
        (
            "settled by asking / by sending again",
            f"{figures.settled_by_asking} / {figures.settled_by_sending_again}",
        ),
        ("replays · 重放", f"{figures.replays:,}"),
        ("answer p50 / p99 / worst", f"{figures.p50_ms:g} / {figures.p99_ms:g} / {figures.worst_ms:g} ms"),
        ("faults", f"{figures.faults}"),
        ("write gap p95 / max", f"{figures.write_gap_p95_s:g} / {figures.write_gap_max_s:g} s"),
    ]


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM unwinds like Ctrl-C, so that everything that was started is stopped."""
    raise KeyboardInterrupt
