"""The benchmark: this system over HTTP with every rule on, beside a usual service and the naive statement on the same server.

`wenyue bench` prints a table and writes `bench.json` into the installation's home. See docs/performance.md.
"""

import os
from dataclasses import replace
from typing import Annotated, Final

import typer
from rich.console import Console

from wenyue.ops.interrupting import unwind_on_sigterm
from wenyue.ops.progress import steps
from wenyue.platform import config
from wenyue.platform.program import Program
from wenyue_lab.benchmark import figures, run
from wenyue_lab.benchmark.overload.command import overload as overload_command
from wenyue_lab.benchmark.pairs.command import pairs as pairs_command
from wenyue_lab.benchmark.start import start as start_command

WORKERS_MIN: Final = 2

app = Program()
app.command(
    "overload", help="Ten times the peak for a minute, then 0.8 times, then a rush: how much is still served."
)(overload_command)
app.command("pairs", help="Processor time per hot booking of two checkouts, in turns: old, new, new, old, …")(
    pairs_command
)
app.command("start", help="What a warm start costs in processor seconds, and an idle installation.")(
    start_command
)


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="about a minute; also QUICK=1")] = False,
    workers: Annotated[int, typer.Option(min=WORKERS_MIN, max=64, help="web processes")] = WORKERS_MIN,
    connections: Annotated[
        int, typer.Option(min=2, max=4096, help="connections of the load generator")
    ] = 512,
    grown: Annotated[
        bool, typer.Option("--grown/--no-grown", help="also with 5 million stored bookings")
    ] = True,
) -> None:
    """Measure this machine: bookings per second, latency, memory, and the usual ways beside it."""
    if context.invoked_subcommand is not None:
        return

    unwind_on_sigterm()
    home = config.load().home
    is_quick = quick or os.environ.get("QUICK", "") not in {"", "0"}
    scale = run.quick(workers) if is_quick else run.Scale(False, workers)
    scale = replace(scale, connections=connections, grown_to=scale.grown_to if grown else 0)
    console = Console()
    with steps(console, run.steps(scale)) as shown:
        report = run.measure_all(home / "bench", scale, shown.next)
        shown.at(run.steps(scale), "done")
    settings = {
        "quick": scale.is_quick,
        "workers": scale.workers,
        "connections": scale.connections,
        "load_processes": scale.load_workers,
        "window_s": scale.measure_s,
        "naive_window_s": scale.naive_s,
        "repeats": scale.repeats,
        "card_holders": scale.cards,
        "stored_bookings": scale.grown_to,
        "seconds": round(report.seconds, 1),
        "others_cpu_share": round(report.noise.others, 3),
        "stolen_cpu_share": round(report.noise.stolen, 3),
        "notes": report.notes,
    }
    figures.write(home / "bench.json", figures.document(report.figures, report.machine, settings))
    (home / "bench.md").write_text(figures.markdown(report.figures), encoding="utf-8")
    console.print(figures.table(report.figures))
    console.print(figures.goal_table(report.figures))
    for note in report.notes:
        console.print(f"note: {note}", markup=False)
    noise = report.noise
    console.print(
        f"other programs used {noise.others:.0%} of the processors meanwhile, other machines {noise.stolen:.0%}"
    )
    facts = ", ".join(f"{key} {value}" for key, value in report.machine.items())
    console.print(f"{facts}\n{report.seconds:.0f} s; written to {home / 'bench.json'}", markup=False)
