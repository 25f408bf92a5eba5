"""`wenyue import guess`: what a file is and what its columns say, at a terminal; a map of it, for editing."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import psycopg
import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from wenyue.application.known_names import venues_here
from wenyue.core.clock import utc_now
from wenyue.imports.booking_maps import VenueHere, venues_of
from wenyue.imports.column_maps import SURE_FROM
from wenyue.imports.columns import Kind, field_of, known_names, title_of
from wenyue.imports.map_writing import map_text
from wenyue.imports.reading import InputError, open_sheet
from wenyue.imports.surveying import Survey, survey
from wenyue.locale import Message, command_locale
from wenyue.locale.terminal import gettext, ngettext
from wenyue.ops.imports.command import app
from wenyue.platform.config import load
from wenyue.platform.database.db import Database, DatabaseDown
from wenyue.platform.embedded_server import find_running

_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_KINDS: Final = {
    Kind.VENUES: Message.in_context("rows", "venues"),
    Kind.PRODUCTS: Message.in_context("rows", "products"),
    Kind.SESSIONS: Message.in_context("rows", "sessions"),
    Kind.CARDS: Message.in_context("rows", "cards"),
    Kind.BOOKINGS: Message.in_context("rows", "bookings"),
}


@app.command("guess")
def guess_file(
    file: Annotated[Path, typer.Argument(help="a file of another system: CSV, a workbook, a saved web page")],
    *,
    kind: Annotated[Kind | None, typer.Option(help="what its rows are, where that is known")] = None,
    out: Annotated[Path | None, typer.Option(help="write a map for editing: MAP.toml")] = None,
    venue: Annotated[
        str, typer.Option(help="of bookings: the code that their venue has, or is to have, here")
    ] = "",
) -> None:
    """Find out what a file is and what its columns say."""
    console = Console()
    found = survey(open_sheet(file, known_names(kind)), utc_now().date(), kind)
    show_survey(found, console)
    is_of_bookings = found.proposal.kind is Kind.BOOKINGS
    if venue and (not is_of_bookings or len(venues_of(found)) > 1 or not _CODE.fullmatch(venue)):
        raise InputError(
            Message("--venue is a code (a to z, digits, hyphens) of the only venue of a file of bookings")
        )
    if out is None:
        console.print(gettext("to write a map for editing: --out MAP.toml"), markup=False)
        return
    names = venues_of(found) if is_of_bookings else ()
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(map_text(found, command_locale(), _venues_here(names), venue))
    except FileExistsError as error:
        raise InputError(Message("{path} is there already: name another file", path=out)) from error
    except OSError as error:
        raise InputError(
            Message("cannot write {path}: {strerror}", path=out, strerror=error.strerror)
        ) from error
    console.print(
        gettext(
            "written: {path}. Look at it, then: wenyue import {kind} {file} --map {path} --dry-run",
            path=out,
            kind=found.proposal.kind.value,
            file=file,
        ),
        markup=False,
        soft_wrap=True,
    )


def _venues_here(names: Sequence[str]) -> Mapping[str, VenueHere]:
    """Those that this installation has, if it runs: to look at a file none is needed, and none is started."""
    if not names:
        return {}
    settings = load()
    server = None if settings.database.url else find_running(settings.home)
    url = settings.database.url or (server.app_url if server else "")
    if not url:
        return {}

    async def look() -> dict[str, VenueHere]:
        database = Database(url, size_max=1, role=settings.database.role or None, keeps=0)
        async with database, database.reading() as tx:
            return await venues_here(tx, names)

    try:
        return asyncio.run(look())
    except (DatabaseDown, psycopg.Error):
        return {}  # no database, or an older one's: the codes are suggested, and the file was understood all the same


def show_survey(found: Survey, console: Console) -> None:
    """What a file is, what is odd about it, and what each column says, how sure that is, and why."""
    proposal, locale = found.proposal, command_locale()
    rows = ngettext("{n} row looked at", "{n} rows looked at", found.rows, n=found.rows)
    name = _KINDS[proposal.kind].say(locale)
    console.print(
        f"{found.sheet.path.name}: {name} ({proposal.kind.value}) · {rows}", markup=False, soft_wrap=True
    )
    for odd in found.sheet.oddities:
        console.print(f"· {odd.say(locale)}", markup=False, soft_wrap=True)
    grid = Grid()
    grid.add_column(gettext("column"))
    grid.add_column(gettext("says"))
    grid.add_column("%", justify="right")
    grid.add_column(gettext("why"))
    grid.add_column(gettext("for example"))
    for one, example in zip(proposal.columns, found.examples, strict=True):
        field = field_of(proposal.kind, one.field or "")
        title = title_of(field, locale) if field else "—"
        says = title if field is None or title == field.name else f"{field.name} {title}"
        style = "" if field is not None and one.confidence >= SURE_FROM else "yellow"
        cells = (one.column, says, str(one.confidence) if field else "", one.reason.say(locale), example)
        grid.add_row(*map(Text, cells), style=style)
    console.print(grid)
    if proposal.missing:
        console.print(
            gettext("no column seems to say what is needed: {fields}", fields=", ".join(proposal.missing)),
            style="yellow",
            markup=False,
        )
