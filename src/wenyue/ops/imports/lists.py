"""Bringing a list in at a terminal: the file, its map or what it is guessed to say, the dry run, what became of each row."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, TypeVar

import typer
from rich.console import Console

from wenyue.application.list_outcomes import ListOutcome, ListRequest, ListTaken, ListVerdict
from wenyue.application.operating import Operator
from wenyue.core.clock import utc_now
from wenyue.core.personal import Vault
from wenyue.imports.cells import Cells
from wenyue.imports.column_maps import NotSure, guessed_map, read_column_map
from wenyue.imports.columns import Kind, known_names
from wenyue.imports.listing import Listing, read_list
from wenyue.imports.mapping import ColumnMap
from wenyue.imports.reading import Sheet, fold_name, open_sheet
from wenyue.imports.refusals import Refusal
from wenyue.imports.surveying import survey
from wenyue.imports.usual_words import meanings_of
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, operator_of, password_of, told_rights
from wenyue.ops.database import ready_database
from wenyue.ops.imports.guess import show_survey
from wenyue.ops.imports.list_showing import Brought, show, write_files
from wenyue.ops.progress import steps
from wenyue.platform.config import load
from wenyue.platform.database.db import Database
from wenyue.platform.keys import load_keys

R = TypeVar("R")
ListFile = Annotated[Path, typer.Argument(help="a list of another system: CSV, a workbook, a saved web page")]
MapFile = Annotated[
    Path | None, typer.Option("--map", help="how to read it: a TOML file; else its columns are guessed")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="look at everything, write nothing")]
ReportFile = Annotated[Path | None, typer.Option(help="one line per row: what became of it and why")]
RefusedFile = Annotated[
    Path | None, typer.Option(help="the refused rows in the form of the file, with why and what to do")
]


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What whoever runs the command asks for."""

    file: Path
    map_file: Path | None = None
    is_dry_run: bool = False
    report: Path | None = None
    refused: Path | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class ListKind(Generic[R]):
    """One kind of list: how a row is read, and the use case that takes what was read."""

    kind: Kind
    read: Callable[[Cells], R]
    take: Callable[[Acting, Operator, ListRequest[R]], Awaitable[ListTaken]]


def bring(kind: ListKind[R], options: ListOptions) -> None:
    """Bring the list in and print what became of it. Raises SetupError."""
    console = Console()
    sheet, chosen = _understand(kind.kind, options, console)
    password = password_of(options.by)
    listing = read_list(sheet, chosen, kind.read)
    rows = [(listing.rows[at].row.line, found) for at, found in listing.read()]
    request = ListRequest(chosen.source, rows, options.is_dry_run)
    with ready_database(load(), console.print) as ready:
        taken = asyncio.run(_take(kind, request, ready.owner_url, (options.by, password), console))
    brought = Brought(sheet, chosen, listing, _outcomes(listing, taken), taken)
    write_files(brought, options.report, options.refused)
    show(brought, console, is_dry_run=options.is_dry_run)
    for path in (options.report, options.refused):
        if path is not None:
            console.print(gettext("row by row: {path}", path=path), markup=False)


def _understand(kind: Kind, options: ListOptions, console: Console) -> tuple[Sheet, ColumnMap]:
    """What is wrong with the file or its map as a whole is told before a database starts. Raises InputError."""
    if options.map_file is not None:
        chosen = read_column_map(options.map_file, kind, meanings_of(kind))
        named = {fold_name(rule.column) for rule in chosen.columns.values()}
        sheet = open_sheet(options.file, known_names(kind) | named, chosen.options)
    else:
        sheet, today = open_sheet(options.file, known_names(kind)), utc_now().date()
        try:
            chosen, _ = guessed_map(sheet, kind, today)
        except NotSure:
            show_survey(survey(sheet, today, kind), console)
            raise
    return sheet, chosen


async def _take(
    kind: ListKind[R], request: ListRequest[R], url: str, asked: tuple[str, str], console: Console
) -> ListTaken:
    """`asked`: the login and the password of `--as`."""
    async with Database(url, size_max=4, keeps=0) as database:
        works = Acting(database, Vault(load_keys(load().home)))
        operator = await operator_of(works.db, works.vault, *asked)
        with steps(console, len(request.rows), kind.kind.value) as shown, told_rights():
            taken = await kind.take(works, operator, request)
            shown.at(len(request.rows))
        return taken


def _outcomes(listing: Listing[R], taken: ListTaken) -> list[ListOutcome]:
    """One for each row of the file."""
    answers = iter(taken.outcomes)
    return [
        ListOutcome(ListVerdict.REFUSED, refusal=one.found)
        if isinstance(one.found, Refusal)
        else next(answers)
        for one in listing.rows
    ]
