"""`wenyue bench overload`: ten times the peak, open loop, and a rush for few places. See docs/performance.md."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wenyue.ops.interrupting import unwind_on_sigterm
from wenyue.platform import config
from wenyue_lab.benchmark import figures
from wenyue_lab.benchmark.overload import picture, plan, report, run


def overload(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="under a minute; also QUICK=1")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="web processes")] = 2,
    load_processes: Annotated[int, typer.Option(min=1, max=64, help="processes that make the load")] = 2,
    connections: Annotated[int, typer.Option(min=2, max=50_000, help="of all load processes")] = 10_000,
    database_share: Annotated[
        float, typer.Option(min=0, max=64, help="cores that the database may use; 0: no bound")
    ] = 0.15,
    storm_s: Annotated[float, typer.Option(min=0, max=3600, help="length of the storm; 0: as usual")] = 0,
    proxy: Annotated[
        Path | None, typer.Option(help="put HAProxy in front, with this file: deploy/haproxy/haproxy.cfg")
    ] = None,
    proxy_apart: Annotated[
        bool,
        typer.Option(
            "--proxy-apart", help="the proxy computes on the load's core, as on a machine of its own"
        ),
    ] = False,
    unbounded: Annotated[
        bool, typer.Option("--unbounded/--no-unbounded", help="also with a database that is not bounded")
    ] = True,
) -> None:
    """Ten times the peak for a minute, then 0.8 times, then a rush: how much is still served."""
    unwind_on_sigterm()
    home = config.load().home
    scale = plan.Scale(
        workers=workers,
        load_processes=load_processes,
        connections=connections,
        database_share=database_share,
        proxy=proxy,
        is_proxy_apart=proxy_apart,
    )
    if quick or os.environ.get("QUICK", "") not in {"", "0"}:
        scale = plan.quick(scale)
    if storm_s:
        scale = replace(scale, storm_s=storm_s)
    if not unbounded:
        scale = replace(scale, unbounded_storm_s=0.0)
    console = Console(highlight=False)
    with console.status("") as status:

        def print_line(line: str) -> None:
            status.update(line)
            console.print(line, style="dim", markup=False)

        result = run.measure_overload(home / "bench", scale, print_line)
    figures.write(home / "overload.json", report.document(result))
    (home / "overload.svg").write_text(picture.draw(result), encoding="utf-8")
    console.print(report.table(result))
    for line in report.remarks(result):
        console.print(line, markup=False)
    console.print(
        f"{result.seconds:.0f} s; written to {home / 'overload.json'} and overload.svg", markup=False
    )
