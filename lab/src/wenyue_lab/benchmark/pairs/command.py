"""`wenyue bench pairs`: whether a booking became dearer between two checkouts. See docs/performance.md."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from wenyue.ops.interrupting import unwind_on_sigterm
from wenyue.platform import config
from wenyue_lab.benchmark import figures
from wenyue_lab.benchmark.pairs import rules, run


def pairs(
    *,
    old: Annotated[Path, typer.Option(help="the other checkout, with its own .venv")],
    new: Annotated[Path | None, typer.Option(help="the checkout to judge; this one by default")] = None,
    count: Annotated[int, typer.Option("--pairs", min=1, max=1000, help="how many pairs")] = 20,
    turns: Annotated[int, typer.Option(min=1, max=20, help="turns of each side in a pair")] = 3,
    bookings: Annotated[int, typer.Option(min=10, max=40_000, help="bookings in each turn")] = 3_000,
    cards: Annotated[int, typer.Option(min=100, max=1_000_000, help="card holders on each side")] = 80_000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="web processes on each side")] = 2,
    connections: Annotated[int, typer.Option(min=2, max=4096, help="connections of the load")] = 256,
    at_most: Annotated[
        float, typer.Option(min=0, help="end with status 1 when the ratio is above; 0: no bound")
    ] = 0.0,
) -> None:
    """Processor time per hot booking of two checkouts, in turns: old, new, new, old, …."""
    unwind_on_sigterm()
    home = config.load().home / "bench"
    scale = run.Scale(count, turns, bookings, cards=cards, connections=connections, workers=workers)
    checkouts = {"old": old.resolve(), "new": (new or run.own_checkout()).resolve()}
    run.require_people(scale)

    def print_line(line: str) -> None:
        typer.echo(line)  # at once, even into a pipe

    result = run.compare(checkouts["old"], checkouts["new"], home, scale, print_line)
    verdict = rules.judge(result.pairs)
    figures.write(
        home.parent / "bench-pairs.json",
        {
            **asdict(verdict),
            "checkouts": {name: str(path) for name, path in checkouts.items()},
            "scale": asdict(scale),
            "turns": [asdict(pair) for pair in result.pairs],
            "notes": result.notes,
        },
    )
    for line in [*run.report(verdict), *result.notes, f"written to {home.parent / 'bench-pairs.json'}"]:
        print_line(line)
    if not verdict.is_whole or (at_most and verdict.ratio.median > at_most):
        raise typer.Exit(1)
