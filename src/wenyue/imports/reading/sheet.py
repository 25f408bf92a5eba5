"""A file of rows, whatever it is: what it is, where its header stands, what is odd about it, its rows."""

import codecs
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wenyue.imports.reading.fault import InputError
from wenyue.imports.reading.heading import find_header, fold_name, noise_of
from wenyue.imports.reading.model import (
    COLUMNS_MAX,
    HEADING_ROWS,
    OVERLONG,
    ROWS_MAX,
    LeftOut,
    Noise,
    Row,
    shown,
)
from wenyue.imports.reading.pages import page_records
from wenyue.imports.reading.texts import TextFile, opened, understand
from wenyue.imports.reading.workbooks import Workbook, read_workbook
from wenyue.locale import Message

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_BIFF: Final = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00\x04")  # Excel 2 to 4: a bare stream
_PAGE: Final = (b"<html", b"<!doctype", b"<table", b"<meta", b"<head", b"<body", b"<style", b"<div")
_XML: Final = b"<?xml"
_PDF: Final = b"%PDF"

Records = Callable[[], Iterator[tuple[int, list[str]]]]


@dataclass(frozen=True, slots=True)
class Options:
    """How to read, where it is not found out: 'auto', '' and None mean that it is."""

    encoding: str = "auto"
    delimiter: str = "auto"
    sheet: str = ""
    header_line: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened file. `form`: csv, workbook or page; `oddities`: what a person should know, each said once."""

    path: Path
    form: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    above: tuple[LeftOut, ...]
    oddities: tuple[Message, ...]
    _records: Records

    @property
    def folded(self) -> tuple[str, ...]:
        """The header as names are compared."""
        return tuple(fold_name(name) for name in self.header)

    def rows(self, left_out: Counter[Noise] | None = None) -> Iterator[Row]:
        """Every row of data, in order; what is none is counted in `left_out`. Raises InputError. Begins anew each time."""
        number, width = 0, len(self.header)
        for line, cells in self._records():
            if line <= self.header_line:
                continue
            noise = noise_of(cells, self.header)
            if noise is not None:
                if left_out is not None:
                    left_out[noise] += 1
                continue
            number += 1
            if number > ROWS_MAX:
                raise InputError(
                    Message(
                        "{path} has more than {rows_max} rows: split it", path=self.path, rows_max=ROWS_MAX
                    )
                )
            yield Row(number, line, self._fitted(cells, width))

    def _fitted(self, cells: list[str], width: int) -> list[str]:
        """Without blank cells beyond the header; a workbook drops those at the end of a row, so they are put back."""
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        if len(cells) < width and self.form != "csv":
            return cells + [""] * (width - len(cells))
        return cells


def open_sheet(path: Path, known: Collection[str], options: Options = Options()) -> Sheet:
    """The file at `path`. `known`: names of columns that are looked for, as `fold_name` gives them. Raises InputError."""
    with opened(path) as file:
        head = file.read(2048)
    start = head.lstrip(codecs.BOM_UTF8).lstrip()[:16].lower()
    oddities: list[Message] = []
    if not head.strip(b"\x00 \r\n\t"):
        raise InputError(Message("{path} is empty", path=path))
    if head.startswith(_PDF):
        raise InputError(Message("{path} is a PDF: export CSV or a workbook instead", path=path))
    source: TextFile | Workbook
    if head.startswith((_ZIP, _OLE, *_BIFF)):
        source = read_workbook(path, options.sheet, known)
        form, encoding, delimiter, records = "workbook", "", "", source.records
        if source.others:
            oddities.append(
                Message(
                    "of several sheets {sheet} is read; not read: {others} (choose with file.sheet)",
                    sheet=repr(source.sheet),
                    others=", ".join(repr(name) for name in source.others),
                )
            )
    elif start.startswith(_XML) and b"Excel.Sheet" in head:
        raise InputError(
            Message(
                "{path} is an XML spreadsheet of 2003: open it and save it as a workbook (.xlsx) or CSV",
                path=path,
            )
        )
    elif start.startswith(_PAGE) or (start.startswith(_XML) and b"<html" in head.lower()):
        source = understand(path, options.encoding, ",", known)
        form, encoding, delimiter = "page", source.encoding, ""
        records = _page(path, encoding)
        oddities.append(Message("this is a web page that calls itself a workbook; its tables are read"))
    else:
        source = understand(path, options.encoding, options.delimiter, known)
        form, encoding, delimiter, records = "csv", source.encoding, source.delimiter, source.records
        oddities += _odd_text(source)
    first = _first(records, options.header_line)
    at = _header_at(first, known, options.header_line)
    if at is None:
        raise InputError(Message("{path}: there is no line with the names of columns", path=path))
    line, cells = first[at]
    above = tuple(
        LeftOut(number, _above(before), " ".join(filter(None, before))) for number, before in first[:at]
    )
    if titles := [one.text for one in above if one.noise is Noise.TITLE]:
        oddities.append(
            Message(
                "the header is in line {line}; left out above it: {text}",
                line=line,
                text=shown(" / ".join(titles)),
            )
        )
    header = _names(path, line, cells, oddities)
    return Sheet(path, form, encoding, delimiter, header, line, above, tuple(oddities), records)


def _first(records: Records, header_line: int | None) -> list[tuple[int, list[str]]]:
    """The records among which the header is."""
    found: list[tuple[int, list[str]]] = []
    for line, cells in records():
        found.append((line, cells))
        if header_line is None and len(found) == HEADING_ROWS:
            break
        if header_line is not None and line >= header_line:
            break
    return found


def _header_at(
    first: list[tuple[int, list[str]]], known: Collection[str], header_line: int | None
) -> int | None:
    if header_line is not None:
        at = next((at for at, (line, _) in enumerate(first) if line == header_line), None)
    else:
        at = find_header([cells for _, cells in first], known)
    return at if at is not None and any(cell.strip() for cell in first[at][1]) else None


def _above(cells: list[str]) -> Noise:
    return Noise.TITLE if any(cell.strip() for cell in cells) else Noise.BLANK


def _page(path: Path, encoding: str) -> Records:
    return lambda: page_records(path, encoding)


def _odd_text(source: TextFile) -> list[Message]:
    found: list[Message] = []
    if source.has_separator_line:
        found.append(Message("the first line says which delimiter is used (sep=)"))
    if source.delimiter in {"，", "；"}:
        found.append(Message("the columns are separated by full-width marks ({mark})", mark=source.delimiter))
    return found


def _names(path: Path, line: int, cells: list[str], oddities: list[Message]) -> tuple[str, ...]:
    """The header's names, tidy, without empty columns at its end. Raises InputError."""
    if any(OVERLONG in cell for cell in cells):
        raise InputError(Message("{path}: line {line}, the header, is too long", path=path, line=line))
    if any("\x00" in cell for cell in cells):
        raise InputError(
            Message(
                "{path}: line {line}, the header, contains NUL bytes: export it again as CSV UTF-8",
                path=path,
                line=line,
            )
        )
    names = [" ".join(cell.split()).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) < len(cells):
        oddities.append(
            Message("{n} columns without a name at the end are left out", n=len(cells) - len(names))
        )
    if any("\n" in cell.strip() or "\r" in cell.strip() for cell in cells):
        oddities.append(Message("names of columns have line breaks; they count as blanks"))
    if len(names) > COLUMNS_MAX:
        raise InputError(
            Message(
                "{path}: the header has {n} columns, more than {columns_max}",
                path=path,
                n=len(names),
                columns_max=COLUMNS_MAX,
            )
        )
    first_at: dict[str, int] = {}
    for at, name in enumerate(names, start=1):
        folded = fold_name(name)
        if folded and folded in first_at:
            raise InputError(
                Message(
                    "{path}: line {line} has the column {name} twice (columns {first} and {second}): rename one",
                    path=path,
                    line=line,
                    name=repr(shown(name)),
                    first=first_at[folded],
                    second=at,
                )
            )
        first_at[folded] = at
    return tuple(names)
