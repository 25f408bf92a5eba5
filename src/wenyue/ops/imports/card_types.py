"""`wenyue import card-types`: the rules of an operator's cards, from files of their own or as they are shipped."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table as Grid

from wenyue.application.import_card_types import import_card_types
from wenyue.cards.bringing_types import (
    TYPES_PER_CALL_MAX,
    CardType,
    RulesError,
    Standing,
    parse_type,
    shipped_types,
)
from wenyue.imports.reading import InputError
from wenyue.locale import Message, command_locale, text_in
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import AsOf, acting_as
from wenyue.ops.imports.command import app

_BYTES_MAX: Final = 256 * 1024
_WORDS: Final = {
    Standing.NEW: Message("new"),
    Standing.CHANGED: Message("changed"),
    Standing.SAME: Message("unchanged"),
    Standing.HELD: Message("refused: cards of it have other entitlements"),
}


@app.command("card-types")
def import_type_files(
    files: Annotated[
        list[str], typer.Argument(help="files (JSON, a card type each), or codes of those that are shipped")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="look at everything, write nothing")] = False,
    by: AsOf = "",
) -> None:
    """Bring card types in: what cards of each are good for. All of them, or none."""
    types = _read(files)
    found = acting_as(
        lambda works, operator: import_card_types(works, operator, types, is_dry_run=dry_run), by
    )
    locale = command_locale()
    grid = Grid(title=gettext("DRY RUN, nothing written") if dry_run else None)
    grid.add_column(gettext("card type"))
    grid.add_column(gettext("what happened to it"))
    for one, standing in zip(types, found, strict=True):
        grid.add_row(f"{one.code} · {text_in(one.name, locale)}", _WORDS[standing].say(locale))
    Console().print(grid)
    held = [one.code for one, standing in zip(types, found, strict=True) if standing is Standing.HELD]
    if held:
        raise InputError(
            Message(
                "nothing was written: somebody has cards of {codes}, whose entries are counted by its entitlements; "
                "give the changed type another code",
                codes=", ".join(held),
            )
        )


def _read(files: list[str]) -> list[CardType]:
    """Each file's, or the shipped one of that code. Raises InputError."""
    if len(files) > TYPES_PER_CALL_MAX:
        raise InputError(Message("at most {most} card types at a time", most=TYPES_PER_CALL_MAX))
    types = [_type(one) for one in files]
    twice = [code for code, count in Counter(one.code for one in types).items() if count > 1]
    if twice:
        raise InputError(Message("two files have the code {code}: each card type has its own", code=twice[0]))
    return types


def _type(name: str) -> CardType:
    path = Path(name)
    if not path.is_file():
        if (shipped := shipped_types().get(name)) is not None:
            return shipped
        raise InputError(
            Message(
                "{name} is neither a file nor a card type that is shipped; these are: {codes}",
                name=name,
                codes=", ".join(shipped_types()),
            )
        )
    try:
        with path.open("rb") as file:
            raw = file.read(_BYTES_MAX + 1)
    except OSError as error:
        raise InputError(
            Message("cannot read {path}: {strerror}", path=path, strerror=error.strerror)
        ) from error
    if len(raw) > _BYTES_MAX:
        raise InputError(Message("{path} is larger than {most} bytes", path=path, most=_BYTES_MAX))
    try:
        return parse_type(raw.removeprefix(b"\xef\xbb\xbf"))
    except RulesError as error:
        raise InputError(Message("{path}: {error}", path=path, error=error)) from error
