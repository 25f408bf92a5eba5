"""Files as Excel and Chinese offices write them: workbooks with a merged title and a note, CSV in GB18030 or with a BOM and `;`.

Lines are counted as a text editor, or the workbook, shows them. Uses nothing of `wenyue`.
"""

import csv
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import xlsxwriter

_BLANK_EVERY: Final = 4_999


class Page:
    """A CSV file in the making."""

    def __init__(self, writer: Any, width: int) -> None:  # noqa: ANN401 - the csv module does not export its type
        self._writer, self._width = writer, width
        self.line, self.rows = 0, 0

    def aside(self, *cells: str) -> None:
        """A line that is no row: a title, the header, a total, or nothing at all."""
        self._writer.writerow([*cells, *[""] * (self._width - len(cells))])
        self.line += 1

    def row(self, cells: Sequence[str]) -> int:
        """A row; its line. Now and then a blank one stands before it."""
        if self.rows % _BLANK_EVERY == _BLANK_EVERY - 1:
            self.aside()
        self._writer.writerow(cells)
        self.line += 1
        self.rows += 1
        return self.line


@contextmanager
def csv_page(
    path: Path, header: Sequence[str], *, encoding: str, delimiter: str, title: str
) -> Generator[Page]:
    """A CSV file with a title (where one is given) above its header."""
    with path.open("w", encoding=encoding, newline="") as file:
        page = Page(csv.writer(file, delimiter=delimiter), len(header))
        if title:
            page.aside(title)
        page.aside(*header)
        yield page


class Book:
    """A workbook's only sheet in the making."""

    def __init__(self, sheet: Any, formats: dict[str, Any]) -> None:  # noqa: ANN401 - xlsxwriter has no types
        self._sheet, self._formats = sheet, formats
        self.line, self.rows = 2, 0

    def row(self, cells: Sequence[str | int | float | date | None]) -> int:
        """A row; its line. Texts stay texts, also those of digits; dates are Excel's."""
        for at, cell in enumerate(cells):
            match cell:
                case None | "":
                    continue
                case date():
                    self._sheet.write_datetime(self.line, at, cell, self._formats["date"])
                case str():
                    self._sheet.write_string(self.line, at, cell, self._formats["text"])
                case _:
                    self._sheet.write_number(self.line, at, cell)
        self.line += 1
        self.rows += 1
        return self.line

    def note(self, *cells: str) -> None:
        """Something below the rows, after a blank one."""
        for at, cell in enumerate(cells):
            self._sheet.write_string(self.line + 1, at, cell)
        self.line += 2


@contextmanager
def workbook(path: Path, header: Sequence[str], title: str) -> Generator[Book]:
    """A workbook: a title over all columns, the header below it."""
    book: Any = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    try:
        sheet = book.add_worksheet("导出")
        bold = book.add_format({"bold": True, "align": "center"})
        formats = {
            "date": book.add_format({"num_format": "yyyy/m/d"}),
            "text": book.add_format({"num_format": "@"}),
        }
        sheet.merge_range(0, 0, 0, len(header) - 1, title, bold)
        for at, name in enumerate(header):
            sheet.write_string(1, at, name, bold)
        yield Book(sheet, formats)
    finally:
        book.close()
