"""`wenyue import bookings`: the face of the import at a terminal."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from wenyue.application.note_import import note_import
from wenyue.application.on_server import require
from wenyue.core.clock import utc_now
from wenyue.core.duties import Right
from wenyue.core.personal import Vault
from wenyue.imports.bookings import ImportMap, open_bookings, read_map
from wenyue.imports.reading import Sheet
from wenyue.locale import Message, command_locale
from wenyue.ops.acting_as import Acting, AsOf, operator_of, password_of, told_rights
from wenyue.ops.database import ReadyDatabase, ready_database
from wenyue.ops.imports.run import BATCH_MAX, Importer, Options, Summary
from wenyue.ops.imports.showing import show
from wenyue.ops.progress import steps
from wenyue.platform.config import load
from wenyue.platform.database.db import Database
from wenyue.platform.keys import load_keys
from wenyue.platform.program import Program

app = Program(no_args_is_help=True, help="Bring data of another system in.")
_CONNECTIONS_MAX: Final = 4


@app.command("bookings")
def import_bookings(
    file: Annotated[
        Path, typer.Argument(help="the old system's export: CSV, a workbook, a web page; also .gz")
    ],
    map_file: Annotated[Path, typer.Option("--map", help="how to read it: a TOML file (docs/importing.md)")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="look at everything, write nothing")] = False,
    report: Annotated[
        Path | None, typer.Option(help="a CSV with one line per row: what became of it and why")
    ] = None,
    refused: Annotated[
        Path | None, typer.Option(help="the rows that are not taken, as they stood, with why and what to do")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=BATCH_MAX, help="rows per transaction")] = 500,
    by: AsOf = "",
) -> None:
    """Bring an old system's reservations in."""
    console = Console()
    chosen = read_map(map_file)
    # What is wrong with the file as a whole is told before a database starts.
    sheet = open_bookings(file, chosen)
    password = password_of(by)
    with ready_database(load(), console.print) as database:
        options = Options(dry_run, batch, report, refused)
        asked = (by, password)
        summary = asyncio.run(_import(database, sheet, chosen, options, asked, console=console))
    show(summary, chosen, console, options)
    if not summary.tally.is_complete:
        raise typer.Exit(1)


async def _import(
    ready: ReadyDatabase,
    sheet: Sheet,
    chosen: ImportMap,
    options: Options,
    asked: tuple[str, str],
    *,
    console: Console,
) -> Summary:
    """`asked`: the login and the password of `--as`."""
    vault = Vault(load_keys(load().home))
    async with Database(ready.owner_url, size_max=_CONNECTIONS_MAX, keeps=0) as database:
        operator = await operator_of(database, vault, *asked)
        with steps(console, None) as shown, told_rights():
            require(operator, Right.DATA_IMPORT)

            def progress(phase: Message, done: int, total: int) -> None:
                shown.at(done, phase.say(command_locale()), total=total or None)

            summary = await Importer(
                database, vault, chosen, utc_now(), progress, operator=operator
            ).import_sheet(sheet, options)
        if not options.is_dry_run:
            await note_import(Acting(database, vault), operator, chosen.source, summary.tally.rows)
        return summary
