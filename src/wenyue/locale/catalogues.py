"""Reads catalogues: `catalogues/<language>/<part>.po`, straight from the files, all parts of a language into one table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from gettext import c2py
from importlib.resources import files
from typing import Any, Final, cast

from wenyue.locale.languages import LOCALES, Locale

IN_CONTEXT: Final = "\x04"  # as in .mo files: context, this, id
_PACKAGE: Final = "wenyue.locale"


def key_of(context: str | None, message: str) -> str:
    """How the tables name a message."""
    return f"{context}{IN_CONTEXT}{message}" if context else message


def _english(n: int) -> int:
    return int(n != 1)


@dataclass(slots=True)
class Catalogue:
    """The texts of one language. `form_of`: which of the forms of a plural a number wants."""

    texts: dict[str, str] = field(default_factory=dict[str, str])
    plurals: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    form_of: Callable[[int], int] = _english


def read_catalogue(locale: Locale) -> Catalogue:
    """Every text of a language of LOCALES. Raises KeyError for any other."""
    found = Catalogue()
    for part in _parts(LOCALES[locale].folder):
        found.form_of = c2py(part.plural_expr)
        for entry in part:
            if not entry.id or not all(entry.string or [""]):  # of a plural: every form
                continue
            if isinstance(entry.id, str):
                found.texts[key_of(entry.context, entry.id)] = cast(str, entry.string)
            else:
                found.plurals[key_of(entry.context, entry.id[0])] = tuple(cast(tuple[str, ...], entry.string))
    return found


def _parts(folder: str) -> Iterator[Any]:
    from babel.messages.pofile import read_po  # noqa: PLC0415 - a command that says nothing need not load it

    where = files(_PACKAGE).joinpath("catalogues", folder)
    for file in sorted(where.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".po"):
            with file.open("rb") as lines:
                yield read_po(lines, locale=folder)
