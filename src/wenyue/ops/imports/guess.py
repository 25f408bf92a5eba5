"""`wenyue import guess`: what a file is and what its columns say, at a terminal; a map of it, for editing."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from wenyue.core.clock import utc_now
from wenyue.imports.column_maps import SURE_FROM
from wenyue.imports.columns import Kind, field_of, known_names, title_of
from wenyue.imports.map_writing import map_text
from wenyue.imports.reading import InputError, open_sheet
from wenyue.imports.surveying import Survey, survey
from wenyue.locale import Message, command_locale
from wenyue.locale.terminal import gettext, ngettext
from wenyue.ops.imports.command import app

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
) -> None:
    """Find out what a file is and what its columns say."""
    console = Console()
    found = survey(open_sheet(file, known_names(kind)), utc_now().date(), kind)
    show_survey(found, console)
    if out is None:
        console.print(gettext("to write a map for editing: --out MAP.toml"), markup=False)
        return
    try:
        with out.open("x", encoding="utf-8") as stream:
            stream.write(map_text(found, command_locale()))
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
