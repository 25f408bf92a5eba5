"""`wenyue sim`: the simulator at a terminal."""

import logging
import time
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
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
        with showing_steps(console, steps, gettext("steps")) as shown:
            result = simulate(make_database(), seed, steps, progress=shown.at)
        _report(console, result, time.monotonic() - started)
        catches: list[Catch] = []
        if plants and result.is_clean:
            with showing_steps(console, len(plants), gettext("planted bugs")) as shown:
                catches = hunt(plants, make_database, seed, progress=shown.next)
            console.print(_table(catches))
    survived = [catch.plant.name for catch in catches if catch.result.is_clean]
    if survived:
        console.print(gettext("survived: {names}", names=", ".join(survived)), style="bold red")
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
    told = gettext(
        "seed {seed}, {steps} steps in {seconds} s, digest {digest}",
        seed=result.seed,
        steps=result.steps,
        seconds=f"{took_s:.0f}",
        digest=result.digest,
    )
    console.print(told)
    console.print(gettext("steps: {events}", events=events), soft_wrap=True)
    console.print(gettext("answers: {outcomes}", outcomes=outcomes), soft_wrap=True)
    if result.is_clean:
        console.print(gettext("every invariant held after every step"), style="bold green")
        return
    console.print(gettext("the last operations:"), *result.last, sep="\n", soft_wrap=True, markup=False)
    for trouble in result.troubles:
        console.print(f"{trouble.by}: {trouble.says}", style="bold red", soft_wrap=True, markup=False)
    again = f"make sim SEED={result.seed} STEPS={result.steps}"
    console.print(gettext("run it again: {command}", command=again))


def _table(catches: list[Catch]) -> Table:
    table = Table(title=gettext("planted bugs, at most {n} steps each", n=STEPS_MAX))
    table.add_column(gettext("bug"))
    table.add_column(gettext("what it does"))
    table.add_column(gettext("step"), justify="right")
    table.add_column(gettext("caught by"))
    for catch in catches:
        name = catch.plant.name
        if catch.is_bare:
            name = gettext("{bug} (constraint removed)", bug=name)
        result = catch.result
        by = gettext("NOT CAUGHT") if result.is_clean else result.caught_by
        table.add_row(name, "" if catch.is_bare else catch.plant.says, str(result.steps), by)
    return table
