"""Files of rows that are written for people: CSV, or a workbook where the name ends in .xlsx. Constant memory.

Nothing in them is computed when a spreadsheet opens it, and numbers that it would spoil (16 digits of a card, zeros in
front) stay text. They hold personal data: only their owner may read them. They appear under their name once they are whole.
"""

import os
import re
import tempfile
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from wenyue.core.sheets import sheet_writer
from wenyue.imports.reading import InputError
from wenyue.locale import Message

SHEET_ROWS_MAX: Final = 1_048_576
CELL_CHARS_MAX: Final = 32_767  # of a workbook
_SPOILT: Final = re.compile(
    r"[+-]?\d{12,}|0\d+|\d+[Ee]\d+"
)  # rounded, shortened, or taken for a power of ten
_UNWRITABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
)  # XML has none of them
WriteRow = Callable[[Iterable[str]], None]


def is_workbook(path: Path) -> bool:
    """Whether a file of this name is written as a workbook."""
    return path.suffix.lower() == ".xlsx"


@contextmanager
def row_file(path: Path) -> Generator[WriteRow]:
    """Writes rows of texts; the file is there when the block ends well, and as it was before when not. Raises InputError."""
    with _whole(path) as name, (_workbook if is_workbook(path) else _csv)(name) as write:
        yield write


def text_file(path: Path, text: str) -> None:
    """The same of one text. Raises InputError."""
    with _whole(path) as name:
        name.write_text(text, encoding="utf-8")


@contextmanager
def _whole(path: Path) -> Generator[Path]:
    """A file of its own that gets this path when the block ends well."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    except OSError as error:
        raise _unwritable(path, error) from error
    os.close(handle)
    try:
        yield Path(name)
        Path(name).replace(path)
    except (OSError, XlsxWriterException) as error:
        raise _unwritable(path, error) from error
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _csv(path: Path) -> Generator[WriteRow]:
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as stream:
        write = sheet_writer(stream)
        yield lambda cells: _none(write([unspoilt(cell) for cell in cells]))


@contextmanager
def _workbook(path: Path) -> Generator[WriteRow]:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
    sheet = book.add_worksheet()  # pyright: ignore[reportUnknownMemberType] - its classes are not typed
    at = 0

    def write(cells: Iterable[str]) -> None:
        nonlocal at
        if at == SHEET_ROWS_MAX:
            raise InputError(Message("more rows than a sheet has: write a file whose name ends in .csv"))
        for column, cell in enumerate(cells):
            if cell:
                sheet.write_string(at, column, _UNWRITABLE.sub("\ufffd", cell)[:CELL_CHARS_MAX])
        at += 1

    yield write
    book.close()


def unspoilt(cell: str) -> str:
    """A text of a CSV that a spreadsheet would read as another number, with the apostrophe that makes it a text."""
    return f"'{cell}" if _SPOILT.fullmatch(cell) else cell


def _none(_: object) -> None:
    return None


def _unwritable(path: Path, error: Exception) -> InputError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return InputError(Message("cannot write {path}: {strerror}", path=path, strerror=why))
