"""`wenyue replay`: the replay at a terminal."""

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from wenyue.core.clock import days, utc_now
from wenyue.imports.bookings import BookingFile, ImportMap, open_bookings, read_map
from wenyue.imports.reading import InputError
from wenyue.locale import Message
from wenyue.locale.terminal import pgettext
from wenyue.ops.progress import steps
from wenyue.platform.config import ACCOUNT_MAX, PERSON_BOOKINGS_MAX, AccountSettings, Settings, load
from wenyue.platform.program import Program
from wenyue_lab.replay.client import Client
from wenyue_lab.replay.driver import Replay
from wenyue_lab.replay.hotel import check_counters, open_hotel, own_database
from wenyue_lab.replay.model import Demand, Figures, Occupancy
from wenyue_lab.replay.report import as_json, table, write_picture
from wenyue_lab.replay.rules import demand_of
from wenyue_lab.replay.serving import HOST, MakeApp, VirtualClock, serving

CAPACITY_MAX: Final = 100_000
SPEED_MAX: Final = 1_000.0  # virtual days per second
app = Program()


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="the old system's export: CSV, or CSV.gz")],
    map_file: Annotated[Path, typer.Option("--map", help="how to read it: a TOML file (docs/importing.md)")],
    *,
    capacity: Annotated[int, typer.Option(min=1, max=CAPACITY_MAX, help="rooms per night")],
    speed: Annotated[str, typer.Option(help="virtual days per second, or 'max'")] = "max",
    json_file: Annotated[Path | None, typer.Option("--json", help="write the sums as JSON")] = None,
    plot: Annotated[Path | None, typer.Option(help="write a picture of the nights (SVG)")] = None,
) -> None:
    """Drive real demand through the public interface, on a virtual clock, and check it event by event."""
    console = Console()
    chosen = read_map(map_file)
    day_s = _day_s(speed)
    demand = read_demand(file, chosen)
    with (
        own_database(load(), console.print) as settings,
        steps(console, len(demand.events), pgettext("replay", "events")) as shown,
    ):

        def progress(done: int, _all: int) -> None:
            shown.at(done)

        figures, nights = run_replay(settings, chosen, demand, capacity, progress, day_s=day_s)
    console.print(table(figures, chosen.venue.currency))
    if json_file:
        json_file.write_text(as_json(figures) + "\n", encoding="utf-8")
    if plot:
        write_picture(plot, nights)
    if not figures.is_proved:
        raise typer.Exit(1)


def read_demand(file: Path, chosen: ImportMap) -> Demand:
    """The events of a file. Raises InputError when it cannot be read, or says too little for a replay."""
    columns = chosen.columns
    if columns.booked is None or columns.status_date is None:
        raise InputError(
            Message(
                "a replay needs columns.booked and columns.status_date in the map: when was it "
                "booked, when cancelled?"
            ),
        )
    bookings = BookingFile(open_bookings(file, chosen), chosen, utc_now().date())
    demand = demand_of(found for _, found in bookings.rows())
    if not demand.events:
        raise InputError(
            Message("{file} asks for no night at all ({rows} rows)", file=file, rows=demand.rows)
        )
    return demand


def run_replay(
    settings: Settings,
    chosen: ImportMap,
    demand: Demand,
    capacity: int,
    progress: Callable[[int, int], None],
    *,
    day_s: float = 0.0,
) -> tuple[Figures, Occupancy]:
    """Replay `demand` against the (fresh, migrated) database of `settings`: serve, drive, compare, stop serving."""
    arrivals = [event.reservation for event in demand.events]
    first = min(one.arrival for one in arrivals)
    last = max(one.arrival + timedelta(days=one.nights - 1) for one in arrivals)
    hotel = asyncio.run(open_hotel(settings, chosen, capacity, days(first, last), demand.events[0].on_day))
    clock = VirtualClock()
    one_guest = replace(settings.web, person_bookings=PERSON_BOOKINGS_MAX)  # books for the whole hotel
    whole_hotel = AccountSettings(*[ACCOUNT_MAX] * len(fields(AccountSettings)))
    with serving(replace(settings, web=one_guest, account=whole_hotel), clock, _make_app()) as port:
        client = Client(HOST, port, hotel.token)
        try:
            driven = Replay(chosen, hotel, clock, client, capacity)
            driven.drive_events(demand, progress, day_s=day_s)
        finally:
            client.close()
    driven.compare_counters(*asyncio.run(check_counters(settings, hotel)))
    return driven.figures, driven.occupancy()


def _make_app() -> MakeApp:
    """The application itself. It stands above the tools, so it is asked for by name when a replay starts."""
    create_app = importlib.import_module("wenyue.app").create_app

    def make(settings: Settings, clock: Callable[[], datetime]) -> object:
        return create_app(settings, clock=clock)

    return make


def _day_s(speed: str) -> float:
    if speed == "max":
        return 0.0
    try:
        rate = float(speed)
    except ValueError:
        rate = -1.0
    if not 0 < rate <= SPEED_MAX:
        raise InputError(
            Message("--speed {speed}: write 'max' or a number of days per second up to 1000", speed=speed)
        )
    return 1 / rate
