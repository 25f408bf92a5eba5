"""`wenyue import bookings`: the face of the import at a terminal."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table as Grid

from wenyue.application.note_import import note_import
from wenyue.application.on_server import require
from wenyue.core.clock import utc_now
from wenyue.core.duties import Right
from wenyue.core.personal import Vault
from wenyue.imports.bookings import ImportMap, Verdict, open_bookings, read_map
from wenyue.imports.reading import Noise, Sheet
from wenyue.locale import Message, command_locale
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, operator_of, password_of, told_rights
from wenyue.ops.database import ReadyDatabase, ready_database
from wenyue.ops.imports.run import BATCH_MAX, Importer, Options, Summary
from wenyue.ops.progress import steps
from wenyue.platform.config import load
from wenyue.platform.database.db import Database
from wenyue.platform.keys import load_keys
from wenyue.platform.program import Program

app = Program(no_args_is_help=True, help="Bring data of another system in.")
_CONNECTIONS_MAX: Final = 4
_VERDICT_TEXT: Final = {
    Verdict.IMPORTED: Message("imported"),
    Verdict.ALREADY: Message("imported by an earlier run"),
    Verdict.CHANGED: Message("imported earlier, changed since (left unchanged)"),
    Verdict.REFUSED: Message("refused"),
}
NOISE_TEXT: Final = {
    Noise.TITLE: Message("titles"),
    Noise.TOTAL: Message("totals"),
    Noise.NOTE: Message("notes"),
    Noise.BLANK: Message("blank"),
    Noise.HEADER_AGAIN: Message("repeated headers"),
}


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
    batch: Annotated[int, typer.Option(min=1, max=BATCH_MAX, help="rows per transaction")] = 500,
    by: AsOf = "",
) -> None:
    """Bring an old system's reservations in."""
    console = Console()
    chosen = read_map(map_file)
    sheet = open_bookings(
        file, chosen
    )  # what is wrong with the file as a whole is told before a database starts
    password = password_of(by)
    with ready_database(load(), console.print) as database:
        options = Options(is_dry_run=dry_run, batch=batch, report=report)
        asked = (by, password)
        summary = asyncio.run(_import(database, sheet, chosen, options, asked, console=console))
    show(summary, chosen, console, report)
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


def show(summary: Summary, chosen: ImportMap, console: Console, report: Path | None) -> None:
    """Print the sums; they add up to the rows of the file."""
    tally = summary.tally
    title = gettext("{source}: {n} rows", source=chosen.source, n=tally.rows)
    if summary.encoding:
        form = gettext(
            "{encoding}, delimiter {delimiter}", encoding=summary.encoding, delimiter=repr(summary.delimiter)
        )
        title = f"{title} ({form})"
    console.print(
        (title + " · " + gettext("DRY RUN, nothing written") if summary.is_dry_run else title), markup=False
    )
    for oddity in summary.oddities:
        console.print(oddity.say(command_locale()), markup=False)
    grid = Grid()
    grid.add_column(gettext("what happened to the rows"))
    grid.add_column(gettext("rows"), justify="right")
    for verdict in Verdict:
        if tally.verdicts[verdict] or verdict in {Verdict.IMPORTED, Verdict.REFUSED}:
            grid.add_row(_VERDICT_TEXT[verdict].say(command_locale()), str(tally.verdicts[verdict]))
    for reason, count in tally.reasons.most_common():
        grid.add_row(f"    {reason.value}", str(count), style="yellow")
    total = (
        gettext("the sum matches the file's rows") if tally.is_complete else gettext("THE SUM DOESN'T MATCH")
    )
    grid.add_row(total, str(sum(tally.verdicts.values())), style="bold")
    console.print(grid)
    if left_out := ", ".join(
        f"{NOISE_TEXT[one].say(command_locale())} {n}" for one, n in summary.left_out.most_common()
    ):
        console.print(gettext("lines that are no rows: {left_out}", left_out=left_out), markup=False)
    if summary.slots_opened:
        opened = ", ".join(f"{code} {capacity}" for code, capacity in sorted(summary.capacities.items()))
        console.print(
            gettext("{n} dates opened; capacity per date: {opened}", n=summary.slots_opened, opened=opened)
        )
    if report:
        console.print(gettext("row by row: {path}", path=report))
