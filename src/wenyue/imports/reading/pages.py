"""Tables of a web page that calls itself a workbook: many old systems export HTML under the name `.xls`."""

import codecs
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from wenyue.imports.reading.fault import InputError
from wenyue.imports.reading.model import COLUMNS_MAX
from wenyue.imports.reading.texts import opened
from wenyue.locale import Message

_BYTES_MAX: Final = 256 * 1024 * 1024
_CHUNK: Final = 1 << 16
_CELL_CHARS_MAX: Final = 64 * 1024


class _Cells(HTMLParser):
    """Collects the rows of tables; a cell of a nested table belongs to the cell around it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.done: list[list[str]] = []
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._spans = 1
        self._size = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Rows and cells begin; `<br>` is a line break inside of a cell."""
        if tag == "tr":
            self._end_row()
            self._row = []
        elif tag in {"td", "th"} and self._row is not None:
            self._end_cell()
            self._cell, self._size = [], 0
            span = dict(attrs).get("colspan") or "1"
            self._spans = min(int(span), COLUMNS_MAX) if span.isdecimal() and len(span) < len("1000") else 1
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """They end."""
        if tag in {"td", "th"}:
            self._end_cell()
        elif tag in {"tr", "table"}:
            self._end_row()

    def handle_data(self, data: str) -> None:
        """Text of a cell."""
        if self._cell is not None and self._size < _CELL_CHARS_MAX:
            self._cell.append(data)
            self._size += len(data)

    def _end_cell(self) -> None:
        if self._row is not None and self._cell is not None and len(self._row) < COLUMNS_MAX + 1:
            text = "".join(self._cell).replace("\xa0", " ").strip()
            self._row += [text, *([""] * (self._spans - 1))]
        self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._row is not None:
            self.done.append(self._row)
        self._row = None


def page_records(path: Path, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the row, cells) of every row of every table of the page, in order. Raises InputError."""
    parser, decoder = _Cells(), codecs.getincrementaldecoder(encoding)("replace")
    number = 0
    with opened(path) as file:
        while chunk := file.read(_CHUNK):
            if file.taken > _BYTES_MAX:
                raise InputError(
                    Message(
                        "{path} is a web page of more than {n} MiB: save it as CSV",
                        path=path,
                        n=_BYTES_MAX >> 20,
                    )
                )
            parser.feed(decoder.decode(chunk))
            for cells in parser.done:
                number += 1
                yield number, cells
            parser.done.clear()
    parser.close()
    for cells in parser.done:
        number += 1
        yield number, cells
