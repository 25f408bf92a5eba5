"""`wenyue export cards`: every card in one file, in the form that `wenyue import cards` reads."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wenyue.application.export_cards import export_cards
from wenyue.core.personal import Vault
from wenyue.imports.card_lists import cells_of, header
from wenyue.imports.row_files import row_file
from wenyue.locale import LOCALES, Locale, Message, locale_named
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, operator_of, password_of, told_rights
from wenyue.ops.database import ReadyDatabase, ready_database
from wenyue.ops.exports.command import app
from wenyue.ops.progress import steps
from wenyue.platform.config import load
from wenyue.platform.database.db import Database
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys


@app.command("cards")
def export_card_list(
    file: Annotated[Path, typer.Argument(help="the file to write: its name ends in .csv or .xlsx")],
    *,
    language: Annotated[str, typer.Option("--lang", help="of the columns' names and words: zh or en")] = "zh",
    by: AsOf = "",
) -> None:
    """Write every card out: its holder, validity, companions, what is left. The file holds personal data."""
    locale = locale_named(language)
    if locale is None:
        raise SetupError(
            Message("--lang {language}: there are {known}", language=language, known=", ".join(LOCALES))
        )
    if file.suffix.lower() not in {".csv", ".xlsx"}:
        raise SetupError(Message("{path}: name a file that ends in .csv or .xlsx", path=file))
    console, password = Console(), password_of(by)
    with ready_database(load(), console.print) as database:
        count = asyncio.run(_export(database, file, locale, (by, password), console))
    console.print(gettext("{n} cards: {path}", n=count, path=file), markup=False)


async def _export(
    ready: ReadyDatabase, file: Path, locale: Locale, asked: tuple[str, str], console: Console
) -> int:
    """`asked`: the login and the password of `--as`."""
    count = 0
    async with Database(ready.owner_url, size_max=2, keeps=0) as database:
        works = Acting(database, Vault(load_keys(load().home)))
        operator = await operator_of(database, works.vault, *asked)
        with steps(console, None, gettext("cards")) as shown, told_rights(), row_file(file) as write:
            write(header(locale))
            async for card, card_type in export_cards(
                works, operator, lambda done, total: shown.at(done, total=total)
            ):
                write(cells_of(card, card_type, locale))
                count += 1
    return count
