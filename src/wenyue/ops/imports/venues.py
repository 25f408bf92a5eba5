"""`wenyue import venues`: the face of the venue import at a terminal."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table as Grid

from wenyue.application.import_venues import VenuesTaken, import_venues
from wenyue.catalogue import Venue
from wenyue.core.personal import Vault
from wenyue.core.sheets import sheet_writer
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, operator_of, password_of, told_rights
from wenyue.ops.database import ReadyDatabase, ready_database
from wenyue.ops.imports.command import app
from wenyue.ops.progress import steps
from wenyue.ops.venues import VenueReport, read_venues
from wenyue.platform.config import load
from wenyue.platform.database.db import Database
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys

_SHOWN_MAX = 20


@app.command("venues")
def import_venue_list(
    file: Annotated[
        Path, typer.Argument(help="CSV: province, name, latitude, longitude; name_en, city, level")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="look at everything, write nothing")] = False,
    report: Annotated[Path | None, typer.Option(help="a CSV of the refused rows and why")] = None,
    by: AsOf = "",
) -> None:
    """Bring a list of attractions in."""
    console, password = Console(), password_of(by)
    with ready_database(load(), console.print) as database:
        result = asyncio.run(_import(database, file, (by, password), is_dry_run=dry_run, console=console))
    _show(result, console)
    if report:
        write_report(report, result)
        console.print(gettext("refused rows: {path}", path=report), markup=False)


async def _import(
    ready: ReadyDatabase, file: Path, asked: tuple[str, str], *, is_dry_run: bool, console: Console
) -> VenueReport:
    """`asked`: the login and the password of `--as`."""
    async with Database(ready.owner_url, size_max=4, keeps=0) as database:
        works = Acting(database, Vault(load_keys(load().home)))
        operator = await operator_of(works.db, works.vault, *asked)
        with steps(console, None, gettext("venues")) as shown, told_rights():

            async def take(venues: Sequence[Venue], heard: Callable[[int], None]) -> VenuesTaken:
                return await import_venues(works, operator, venues, is_dry_run=is_dry_run, progress=heard)

            return await read_venues(
                file, take, dry_run=is_dry_run, progress=lambda done, total: shown.at(done, total=total)
            )


def _show(result: VenueReport, console: Console) -> None:
    grid = Grid(title=gettext("DRY RUN, nothing written") if result.is_dry_run else None)
    grid.add_column(gettext("what happened to the rows"))
    grid.add_column(gettext("rows"), justify="right")
    grid.add_row(gettext("new"), str(result.new))
    grid.add_row(gettext("changed"), str(result.changed))
    grid.add_row(gettext("unchanged"), str(result.unchanged))
    grid.add_row(gettext("refused"), str(len(result.refused)))
    grid.add_row(gettext("sum"), str(result.read), style="bold")
    console.print(grid)
    for one in result.refused[:_SHOWN_MAX]:
        console.print(f"line {one.line}: {one.name}: {one.reason}", markup=False)
    if len(result.refused) > _SHOWN_MAX:
        console.print(f"… and {len(result.refused) - _SHOWN_MAX} more: use --report FILE", markup=False)


def write_report(path: Path, result: VenueReport) -> None:
    """The refused rows and why, as a CSV that is inert in a spreadsheet. Raises SetupError."""
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            write = sheet_writer(stream)
            write(("line", "name", "reason"))
            for one in result.refused:
                write((one.line, one.name, one.reason))
    except OSError as error:
        raise SetupError(
            Message.in_context("ops", "cannot write {path}: {strerror}", path=path, strerror=error.strerror)
        ) from error
