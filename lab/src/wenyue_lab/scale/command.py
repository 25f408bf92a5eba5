"""`wenyue scale`: what one booking, one read and one waiting visitor cost here, and the machines that a release needs.

`measure` runs a site of its own and writes `scale.json` into the home; `plan` simulates a release with those costs.
See docs/scale.md.
"""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from wenyue.locale.terminal import gettext
from wenyue.ops.interrupting import unwind_on_sigterm
from wenyue.ops.progress import telling
from wenyue.platform import config
from wenyue.platform.program import Program
from wenyue_lab.scale import dividing, measuring, showing
from wenyue_lab.scale.crowd import simulate
from wenyue_lab.scale.model import CDN_EDGES, GUESTS_A_BOOKING, Release
from wenyue_lab.scale.picture import draw
from wenyue_lab.scale.rules import bill, machines

app = Program(no_args_is_help=True, help="Unit costs, and the machines of a release.")
COSTS: Final = "scale.json"


@app.command()
def measure(
    workers: Annotated[int, typer.Option(min=1, max=64, help="web processes")] = 2,
    people: Annotated[int, typer.Option(min=20_000, max=400_000, help="card holders to make")] = 60_000,
) -> None:
    """Measure what one of each costs on this machine, in about a minute."""
    unwind_on_sigterm()
    home, console = config.load().home, Console()
    with telling(console, "scale") as tell:
        costs = measuring.measure(home / "scale", workers, people, tell)
    showing.save(costs, home / COSTS)
    (home / COSTS).with_suffix(".md").write_text(showing.costs_markdown(costs), encoding="utf-8")
    console.print(showing.costs_table(costs))
    console.print(gettext("written to {path}", path=home / COSTS), markup=False)


@app.command()
def plan(
    *,
    visitors: Annotated[
        int, typer.Option(min=1, max=100_000_000, help="people who want a place")
    ] = 10_000_000,
    places: Annotated[int, typer.Option(min=1, max=100_000_000, help="places that are released")] = 100_000,
    minutes: Annotated[
        float, typer.Option(min=0, max=240, help="how long before the release they begin to come")
    ] = 30,
    early: Annotated[float, typer.Option(min=0, max=1, help="share that comes before the release")] = 0.8,
    herd: Annotated[
        float, typer.Option(min=0, max=1, help="share of the waiting that reloads at the release")
    ] = 0.2,
    gone: Annotated[
        float, typer.Option(min=0, max=1, help="share that no longer looks when its turn comes")
    ] = 0.2,
    poll_s: Annotated[
        float, typer.Option(min=1, max=30, help="seconds between two looks at the room's file")
    ] = 2.0,
    per_s: Annotated[
        float, typer.Option(min=1, max=100_000, help="people let in a second, at most")
    ] = 1_000.0,
    guests: Annotated[float, typer.Option(min=1, max=20, help="places of one booking")] = GUESTS_A_BOOKING,
    edges: Annotated[
        int, typer.Option(min=1, max=100_000, help="caches of the CDN that ask the origin")
    ] = CDN_EDGES,
    seed: Annotated[int, typer.Option(help="the same seed, the same run")] = 1,
    core_hour_price: Annotated[float | None, typer.Option(min=0, help="yours, per core and hour")] = None,
    gb_price: Annotated[float | None, typer.Option(min=0, help="yours, per GB sent")] = None,
    costs: Annotated[
        Path | None, typer.Option(help="what `measure` wrote; default WENYUE_HOME/scale.json")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="also draw the run as SVG")] = None,
) -> None:
    """Simulate one release for millions and say what it needs."""
    console = Console()
    known = showing.load(costs or config.load().home / COSTS)
    release = Release(
        visitors=visitors,
        places=places,
        minutes_before=minutes,
        early=early,
        herd=herd,
        gone=gone,
        poll_s=poll_s,
        rate_max=per_s,
        guests=guests,
        edges=edges,
        seed=seed,
    )
    story = simulate(release)
    with_cdn, without = (
        machines(known, release, story, has_cdn=True),
        machines(known, release, story, has_cdn=False),
    )
    console.print(showing.story_table(release, story))
    console.print(showing.machines_table(with_cdn, without))
    prices = (core_hour_price, gb_price)
    console.print(showing.bill_table(bill(with_cdn, *prices), bill(without, *prices)))
    if picture is not None:
        picture.write_text(draw(release, story, with_cdn, without), encoding="utf-8")
        console.print(gettext("drawn in {path}", path=picture), markup=False)


@app.command()
def primaries(
    people: Annotated[int, typer.Option(min=20_000, max=400_000, help="card holders of each")] = 80_000,
) -> None:
    """Two primaries with destinations of their own beside one, on this machine, in about a minute."""
    unwind_on_sigterm()
    console = Console()
    with telling(console, "scale") as tell:
        found = dividing.compare(config.load().home / "scale-primaries", people, tell)
    console.print(showing.divided_table(found))
