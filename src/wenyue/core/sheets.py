"""CSV files that somebody opens in a spreadsheet: what is text there stays text. Every file of ours is written here."""

import csv
from collections.abc import Callable, Iterable
from typing import Final, TextIO

# What a spreadsheet takes for the beginning of a formula, full-width signs among it, also behind blanks that it drops.
_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")


def inert(cell: object) -> object:
    """The cell as a spreadsheet shows it instead of computing: text that would be a formula gets an apostrophe before it.

    Numbers stay numbers; so does text that is one (`-3`, `+12.5`).
    """
    if not isinstance(cell, str) or not cell:
        return cell
    begins = cell.lstrip(" \u00a0\u3000\ufeff\u200b")[:1]
    if not ({cell[0], begins} & _FORMULA) or _is_number(cell):
        return cell
    return f"'{cell}"


def sheet_writer(file: TextIO) -> Callable[[Iterable[object]], object]:
    """Writes one row of inert cells to `file` (opened with newline='')."""
    write = csv.writer(file).writerow
    return lambda cells: write([inert(cell) for cell in cells])


def _is_number(text: str) -> bool:
    return text.isascii() and text[1:].replace(".", "", 1).isdigit() and text[0] in "+-"
