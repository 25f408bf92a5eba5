"""Writing an export at a terminal: one file, row by row, how far it is, how many rows it has."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, TypeVar

import typer
from rich.console import Console

from wenyue.application.operating import Operator
from wenyue.core.personal import Vault
from wenyue.imports.row_files import row_file
from wenyue.locale import LOCALES, Locale, Message, command_locale, locale_named
from wenyue.ops.acting_as import Acting, operator_of, password_of, told_rights
from wenyue.ops.database import ready_database
from wenyue.ops.progress import steps
from wenyue.platform.config import load
from wenyue.platform.database.db import Database
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys

R = TypeVar("R")
Told = Callable[[int, int], None]  # so many rows of so many
ExportFile = Annotated[Path, typer.Argument(help="the file to write: its name ends in .csv or .xlsx")]
Words = Annotated[str, typer.Option("--lang", help="of the columns' names and words: zh or en")]


@dataclass(frozen=True, slots=True)
class Export(Generic[R]):
    """One kind of list: what its rows are called, the use case that reads them, and how one is written."""

    noun: Message
    header: Callable[[Locale], list[str]]
    rows: Callable[[Acting, Operator, Told], AsyncIterator[R]]
    cells: Callable[[R, Locale], list[str]]


def locale_for(file: Path, language: str) -> Locale:
    """The language of the columns, once the file's name can be one. Raises SetupError."""
    locale = locale_named(language)
    if locale is None:
        raise SetupError(
            Message("--lang {language}: there are {known}", language=language, known=", ".join(LOCALES))
        )
    if file.suffix.lower() not in {".csv", ".xlsx"}:
        raise SetupError(Message("{path}: name a file that ends in .csv or .xlsx", path=file))
    return locale


def write_export(kind: Export[R], file: Path, language: str, by: str, console: Console) -> int:
    """Write every row; how many there were. Raises SetupError, InputError; then the file is as it was."""
    locale, password = locale_for(file, language), password_of(by)

    async def write() -> int:
        count = 0
        async with Database(ready.owner_url, size_max=2, keeps=0) as database:
            works = Acting(database, Vault(load_keys(load().home)))
            operator = await operator_of(database, works.vault, by, password)
            noun = kind.noun.say(command_locale())
            with steps(console, None, noun) as shown, told_rights(), row_file(file) as row:
                row(kind.header(locale))
                told: Told = lambda done, total: shown.at(done, total=total)  # noqa: E731 - its type is said
                async for one in kind.rows(works, operator, told):
                    row(kind.cells(one, locale))
                    count += 1
        return count

    with ready_database(load(), console.print) as ready:
        return asyncio.run(write())
