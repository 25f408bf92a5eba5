"""`wenyue sim`: the simulator at a terminal."""

import logging
import time
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from wenyue.locale import Message
from wenyue.ops.progress import steps as showing_steps
from wenyue.platform.config import load
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program
from wenyue_lab.simulator.hunting import STEPS_MAX, Catch, chosen, hunt
from wenyue_lab.simulator.planting import Plant
from wenyue_lab.simulator.run import Result, simulate
from wenyue_lab.simulator.server import own_server

STEPS_LIMIT: Final = 100_000_000
app = Program()


@app.command()
def sim(
    *,
    seed: Annotated[int, typer.Option(help="the same seed replays exactly")] = 1,
    steps: Annotated[int, typer.Option(min=1, max=STEPS_LIMIT, help="how many steps")] = 10_000,
    planted: Annotated[str, typer.Option(help="'all', or names of bugs to plant, separated by commas")] = "",
) -> None:
    """Simulate bookings with crashes and check every invariant after every step."""
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # connections are closed on purpose
    console = Console()
    plants = _chosen(planted)
    with own_server(load().home / "sim", console.print) as make_database:
        started = time.monotonic()
        with showing_steps(console, steps, "steps · 步") as shown:
            result = simulate(make_database(), seed, steps, progress=shown.at)
        _report(console, result, time.monotonic() - started)
        catches: list[Catch] = []
        if plants and result.is_clean:
            with showing_steps(console, len(plants), "planted bugs · 植入的缺陷") as shown:
                catches = hunt(plants, make_database, seed, progress=shown.next)
            console.print(_table(catches))
    survived = [catch.plant.name for catch in catches if catch.result.is_clean]
    if survived:
        console.print(f"survived · 未被发现: {', '.join(survived)}", style="bold red")
    if survived or not result.is_clean:
        raise typer.Exit(1)


def _chosen(names: str) -> list[Plant]:
    try:
        return chosen(names) if names else []
    except LookupError as error:
        raise SetupError(Message("no such planted defect: {problem}", problem=error.args[0])) from error


def _report(console: Console, result: Result, took_s: float) -> None:
    """What happened, and on trouble everything that is needed to look at it again."""
    events = ", ".join(f"{name} {count}" for name, count in result.events.items())
    outcomes = ", ".join(f"{name} {count}" for name, count in result.outcomes.items())
    console.print(f"seed {result.seed}, {result.steps} steps in {took_s:.0f} s, digest {result.digest}")
    console.print(f"steps: {events}", soft_wrap=True)
    console.print(f"answers: {outcomes}", soft_wrap=True)
    if result.is_clean:
        console.print("every invariant held after every step · 全部不变量成立", style="bold green")
        return
    console.print("the last operations · 最后的操作:", *result.last, sep="\n", soft_wrap=True, markup=False)
    for trouble in result.troubles:
        console.print(f"{trouble.by}: {trouble.says}", style="bold red", soft_wrap=True, markup=False)
    console.print(f"again · 重放: make sim SEED={result.seed} STEPS={result.steps}")


def _table(catches: list[Catch]) -> Table:
    table = Table(title=f"planted bugs, at most {STEPS_MAX} steps each")
    table.add_column("bug")
    table.add_column("what it does")
    table.add_column("step", justify="right")
    table.add_column("caught by")
    for catch in catches:
        name = f"{catch.plant.name} (constraint removed)" if catch.is_bare else catch.plant.name
        result = catch.result
        by = "NOT CAUGHT" if result.is_clean else result.caught_by
        table.add_row(name, "" if catch.is_bare else catch.plant.says, str(result.steps), by)
    return table
