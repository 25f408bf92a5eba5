"""`wenyue import cards`: the face of the import of cards at a terminal."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from wenyue.application.on_server import require
from wenyue.cards.importing import BATCH_MAX, Verdict
from wenyue.core.clock import local_date, utc_now
from wenyue.core.duties import Right
from wenyue.core.personal import Vault
from wenyue.imports.cards import State
from wenyue.imports.column_maps import guessed_map, read_column_map
from wenyue.imports.columns import Kind, known_names
from wenyue.imports.mapping import ColumnMap
from wenyue.imports.reading import Noise, Sheet, fold_name, open_sheet
from wenyue.imports.surveying import survey
from wenyue.locale import Message, command_locale, say
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, operator_of, password_of, told_rights
from wenyue.ops.database import ReadyDatabase, ready_database
from wenyue.ops.imports.card_run import CardImporter, CardSummary, Options, told
from wenyue.ops.imports.command import app
from wenyue.ops.imports.guess import show_survey
from wenyue.ops.progress import steps
from wenyue.platform.config import load
from wenyue.platform.database.db import Database
from wenyue.platform.keys import load_keys

_CONNECTIONS_MAX: Final = 4
_TIMEZONE: Final = "Asia/Shanghai"
_VERDICTS: Final = {
    Verdict.NEW: Message.in_context("import", "new"),
    Verdict.CHANGED: Message.in_context("import", "changed"),
    Verdict.KEPT: Message("changed here meanwhile, left as it is"),
    Verdict.SAME: Message("the same as the last time"),
    Verdict.REFUSED: Message("refused"),
}
_NOISE: Final = {
    Noise.TITLE: Message("titles"),
    Noise.TOTAL: Message("totals"),
    Noise.NOTE: Message("notes"),
    Noise.BLANK: Message("blank lines"),
    Noise.HEADER_AGAIN: Message("headers of further pages"),
}


@app.command("cards")
def import_card_list(
    file: Annotated[Path, typer.Argument(help="the old system's cards: CSV, .xlsx, .xls or .ods")],
    *,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="how to read it: a TOML file; else its columns are guessed")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="look at everything, write nothing")] = False,
    report: Annotated[
        Path | None, typer.Option(help="a CSV with one line per row: what became of it and why")
    ] = None,
    refused: Annotated[
        Path | None, typer.Option(help="the refused rows in the form of the file, with why and what to do")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=BATCH_MAX, help="rows per transaction")] = 500,
    by: AsOf = "",
) -> None:
    """Bring cards of another system in: holders, validity, what is left on them."""
    console = Console()
    sheet, chosen = _understand(file, map_file, console)
    options = Options(dry_run, batch, report, refused)
    password = password_of(by)
    with ready_database(load(), console.print) as database:
        summary = asyncio.run(_import(database, sheet, chosen, options, (by, password), console=console))
    show(summary, chosen, options, console)
    if not summary.is_complete:
        raise typer.Exit(1)


def _understand(file: Path, map_file: Path | None, console: Console) -> tuple[Sheet, ColumnMap]:
    """The file and how it is read: what is wrong with either as a whole is told before a database starts. Raises InputError."""
    known = known_names(Kind.CARDS)
    if map_file is not None:
        chosen = read_column_map(map_file, Kind.CARDS, {"state": [state.value for state in State]})
        sheet = open_sheet(
            file, known | {fold_name(rule.column) for rule in chosen.columns.values()}, chosen.options
        )
        for one in sheet.oddities:
            console.print(f"· {say(one, command_locale())}", markup=False, soft_wrap=True)
    else:
        sheet = open_sheet(file, known)
        today = local_date(utc_now(), _TIMEZONE)
        show_survey(survey(sheet, today, Kind.CARDS), console)
        chosen, _ = guessed_map(sheet, Kind.CARDS, today)
    return sheet, chosen


async def _import(
    ready: ReadyDatabase,
    sheet: Sheet,
    chosen: ColumnMap,
    options: Options,
    asked: tuple[str, str],
    *,
    console: Console,
) -> CardSummary:
    """`asked`: the login and the password of `--as`."""
    async with Database(ready.owner_url, size_max=_CONNECTIONS_MAX, keeps=0) as database:
        works = Acting(database, Vault(load_keys(load().home)))
        operator = await operator_of(database, works.vault, *asked)
        with steps(console, None) as shown, told_rights():
            require(operator, Right.DATA_IMPORT)

            def progress(phase: str, done: int, total: int) -> None:
                shown.at(done, phase, total=total or None)

            importer = CardImporter(
                works, operator, chosen, sheet, locale=command_locale(), progress=progress
            )
            return await importer.import_file(options)


def show(summary: CardSummary, chosen: ColumnMap, options: Options, console: Console) -> None:
    """Print the sums, which add up to the rows of the file; of a dry run the first rows, too."""
    locale = command_locale()
    if options.is_dry_run:
        _show_rows(summary, console)
    title = gettext("{source}: {n} rows", source=chosen.source, n=summary.rows)
    grid = Grid(title=f"{title} · {gettext('DRY RUN, nothing written')}" if options.is_dry_run else title)
    grid.add_column(gettext("what happened to the rows"))
    grid.add_column(gettext("rows"), justify="right")
    for verdict, words in _VERDICTS.items():
        grid.add_row(say(words, locale), str(summary.verdicts[verdict]))
    for reason, count in summary.reasons.most_common():
        grid.add_row(f"    {reason}", str(count), style="yellow")
    for (name, is_applied), count in sorted(summary.fields.items()):
        words = (
            gettext("{field} changed", field=name)
            if is_applied
            else gettext("{field} left as it is", field=name)
        )
        grid.add_row(f"    {words}", str(count), style="cyan")
    total = (
        gettext("the sum matches the file's rows")
        if summary.is_complete
        else gettext("THE SUM DOESN'T MATCH")
    )
    grid.add_row(total, str(sum(summary.verdicts.values())), style="bold")
    console.print(grid)
    if summary.left_out:
        left_out = ", ".join(f"{say(_NOISE[noise], locale)} {n}" for noise, n in summary.left_out.items())
        console.print(gettext("no rows of data: {left_out}", left_out=left_out), markup=False)
    if summary.gone:
        first = ", ".join(summary.gone_first) + (" …" if summary.gone > len(summary.gone_first) else "")
        words = gettext("{n} cards of earlier files are not in this one; nothing was done", n=summary.gone)
        console.print(f"{words}: {first}", markup=False)
    for path in (options.report, options.refused):
        if path:
            console.print(gettext("row by row: {path}", path=path), markup=False)


def _show_rows(summary: CardSummary, console: Console) -> None:
    locale = command_locale()
    grid = Grid(title=gettext("the first rows"))
    for name in (gettext("line"), gettext("in the file"), gettext("here")):
        grid.add_column(name)
    for one in summary.shown:
        before = "\n".join(raw for _, raw, _ in one.fields)
        after = "\n".join(f"{name}: {now}" for name, _, now in one.fields)
        if one.refusal is not None:
            before = before or f"{one.refusal.column}: {one.refusal.value}"
            after = f"{one.refusal.reason.value}: {say(one.refusal.fix, locale)}"
        changes = "\n".join(say(told(change), locale) for change in one.changes)
        verdict = say(_VERDICTS[one.verdict], locale)
        here = "\n".join(filter(None, (verdict, after, changes)))
        grid.add_row(str(one.line), Text(before), Text(here), end_section=True)
    console.print(grid)
