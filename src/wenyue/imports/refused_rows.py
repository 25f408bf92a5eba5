"""The rows that were not taken, as a file of the same form with one more column: why, and what to do. Mended, it comes in."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from wenyue.imports.reading import InputError, Row, Sheet
from wenyue.imports.reading.model import OVERLONG
from wenyue.imports.refusals import Refusal
from wenyue.imports.row_files import is_workbook, row_file
from wenyue.locale import Locale, Message, say

WHY: Final = Message("Why it was not taken, and what to do")
Refuse = Callable[[Row, Refusal], None]


@contextmanager
def refused_rows(path: Path, sheet: Sheet, locale: Locale) -> Generator[Refuse]:
    """Keeps rows as they stood in the file. A workbook comes back as one, everything else as CSV. Raises InputError.

    The column is left out of the header's names where the file has it from an earlier time: it is written anew.
    """
    if path.exists() and sheet.path.exists() and path.samefile(sheet.path):
        raise InputError(
            Message("{path} is the file that is read: name another for the refused rows", path=path)
        )
    if (sheet.form == "workbook") != is_workbook(path):
        raise InputError(
            Message(
                "the refused rows are of the same form as the file: name a file that ends in {ending}",
                ending=".xlsx" if sheet.form == "workbook" else ".csv",
            )
        )
    title = say(WHY, locale)
    kept = [at for at, name in enumerate(sheet.header) if name != title]
    with row_file(path) as write:
        write([*(sheet.header[at] for at in kept), title])

        def refuse(row: Row, refusal: Refusal) -> None:
            write([*_fitted(row.cells, kept, len(sheet.header)), told(refusal, locale)])

        yield refuse


def told(refusal: Refusal, locale: Locale) -> str:
    """`身份证号 1.10105E+17: key-ruined: …`: column, what stood there, the reason, what to do."""
    where = " ".join(part for part in (refusal.column, refusal.value) if part)
    return ": ".join(part for part in (where, refusal.reason.value, say(refusal.fix, locale)) if part)


def _fitted(cells: Sequence[str], kept: Sequence[int], width: int) -> list[str]:
    """The row under the header's columns; what it has beyond them comes behind the last."""
    cells = [cell.replace(OVERLONG, "") for cell in cells]
    found = [cells[at] if at < len(cells) else "" for at in kept]
    if beyond := [cell for cell in cells[width:] if cell.strip()]:
        found[-1] = " ".join([found[-1], *beyond])
    return found
