"""Reading a CSV file from an old system: encoding, delimiter, header, rows; bounded, and no surprise is a traceback."""

import codecs
import csv
import difflib
import gzip
import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from wenyue.locale import Message
from wenyue.ops.imports.fault import InputError
from wenyue.ops.imports.model import (
    BLANK_LINES_MAX,
    COLUMNS_MAX,
    FILE_BYTES_MAX,
    LINE_BYTES_MAX,
    OVERLONG,
    RECORD_CHARS_MAX,
    ROWS_MAX,
    ImportMap,
    Row,
    shown,
)

_CHUNK: Final = 1 << 20
_AUTO_DELIMITERS: Final = (",", ";", "\t", "|")
_MAGIC: Final = {
    b"PK\x03\x04": "an Excel workbook or zip archive: save the sheet as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV (UTF-8)",
    b"\xff\xfe": "UTF-16: save it as CSV UTF-8",
    b"\xfe\xff": "UTF-16: save it as CSV UTF-8",
    b"%PDF": "a PDF: export CSV instead",
}


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file whose header satisfies the map. `rows()` may be called again and again."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Every record after the header, in order; blank lines are skipped. Raises InputError."""
        with _opened(self.path) as file:
            records = _records(_lines(file, self.encoding), self.delimiter, self.path)
            next(records)
            for number, (line, cells) in enumerate(records, start=1):
                if number > ROWS_MAX:
                    raise InputError(
                        Message(
                            "{path} has more than {rows_max} rows: split it",
                            path=self.path,
                            rows_max=ROWS_MAX,
                        )
                    )
                yield Row(number, line, cells)


def open_table(path: Path, chosen: ImportMap) -> Table:
    """The table in `path` read as `chosen` says. Raises InputError: line, column and fix."""
    encoding = _encoding(path, chosen.encoding)
    with _opened(path) as file:
        first = next(_lines(file, encoding), "")
    if not first.strip():
        raise InputError(
            Message("{path}: line 1 is empty; it must be the header with the column names", path=path)
        )
    if OVERLONG in first:
        raise InputError(
            Message(
                "{path}: line 1 is longer than {line_bytes_max} bytes; a header with line endings is "
                "expected there",
                path=path,
                line_bytes_max=LINE_BYTES_MAX,
            ),
        )
    delimiter = chosen.delimiter
    if delimiter == "auto":
        delimiter = max(_AUTO_DELIMITERS, key=first.count)
    with _opened(path) as file:
        _, cells = next(_records(_lines(file, encoding), delimiter, path))
    header = tuple(cell.strip() for cell in cells)
    _check_header(path, header, delimiter, chosen)
    return Table(path, encoding, delimiter, header)


class _Bounded:
    """A file that is read at most FILE_BYTES_MAX far: a small packed file may unpack to a thousand times its size."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._left = FILE_BYTES_MAX

    def read(self, size: int) -> bytes:
        """As a file's. Raises InputError."""
        return self._counted(self._file.read(size))

    def readline(self, size: int) -> bytes:
        """As a file's. Raises InputError."""
        return self._counted(self._file.readline(size))

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise InputError(
                Message(
                    "{path} holds more than {file_bytes_max} MiB unpacked: split it",
                    path=self._path,
                    file_bytes_max=FILE_BYTES_MAX >> 20,
                ),
            )
        return data


@contextmanager
def _opened(path: Path) -> Generator[_Bounded]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield _Bounded(cast(BinaryIO, file), path)
    except (EOFError, gzip.BadGzipFile) as error:
        raise InputError(
            Message("{path} is a damaged gzip file ({error}): fetch it again", path=path, error=error)
        ) from error
    except OSError as error:
        raise InputError(
            Message("cannot read {path}: {strerror}", path=path, strerror=error.strerror or error)
        ) from error


def _encoding(path: Path, wanted: str) -> str:
    """`wanted`, or for 'auto' UTF-8 when the whole file is UTF-8, else GB18030 when it is that."""
    with _opened(path) as file:
        head = file.read(4)
    for magic, meaning in _MAGIC.items():
        if head.startswith(magic):
            raise InputError(Message("{path} is {meaning}", path=path, meaning=meaning))
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if wanted != "auto":
        return wanted
    where = ""
    for name in ("utf-8", "gb18030"):
        try:
            _decode_all(path, name)
        except UnicodeDecodeError as error:
            where = where or f"first strange byte {error.object[error.start]:#04x}"
        else:
            return name
    raise InputError(
        Message(
            "{path} is neither UTF-8 nor GB18030 ({where}): set file.encoding in the map, e.g. "
            '"latin-1" or "cp1252"',
            path=path,
            where=where,
        ),
    )


def _decode_all(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with _opened(path) as file:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
    decoder.decode(b"", final=True)


def _lines(file: _Bounded, encoding: str) -> Iterator[str]:
    """Decoded lines with their endings; a line that is too long is dropped unread and a marker stands for it."""
    number = 0
    while raw := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > LINE_BYTES_MAX and not raw.endswith(b"\n"):
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(_CHUNK)
            yield OVERLONG + "\n"
            continue
        try:
            text = raw.decode(encoding if number == 1 else encoding.removesuffix("-sig"))
        except UnicodeDecodeError as error:
            raise InputError(
                Message(
                    "line {number}, byte {start}: {raw} is not {encoding}; correct file.encoding in the map",
                    number=number,
                    start=error.start + 1,
                    raw=f"{raw[error.start]:#04x}",
                    encoding=encoding,
                ),
            ) from error
        yield text


def _records(lines: Iterator[str], delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """(last line, cells) of every record that is not blank; of the others there are at most BLANK_LINES_MAX."""
    started, blank, size = 1, 0, 0

    def counted() -> Iterator[str]:
        nonlocal size
        for line in lines:
            size += len(line)
            if size > RECORD_CHARS_MAX:
                raise InputError(
                    Message(
                        "{path}: the record that starts on line {started} is longer than {record_chars_max} "
                        "characters: quotes hold many lines together; look for one too many or too few from "
                        "there on (delimiter {delimiter})",
                        started=started,
                        path=path,
                        record_chars_max=RECORD_CHARS_MAX,
                        delimiter=repr(delimiter),
                    ),
                )
            yield line

    reader = csv.reader(counted(), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, cells
            else:
                blank += 1
                if blank > BLANK_LINES_MAX:
                    raise InputError(
                        Message(
                            "{path} has more than {blank_lines_max} blank lines (line {line_no}): remove them",
                            line_no=reader.line_num,
                            path=path,
                            blank_lines_max=BLANK_LINES_MAX,
                        ),
                    )
            started, size = reader.line_num + 1, 0
    except csv.Error as error:
        raise InputError(
            Message(
                "{path}: the record that starts on line {started} cannot be read ({error}): a quote "
                "is opened there and not closed, or stands inside a value; double it or remove it "
                "(delimiter {delimiter})",
                started=started,
                path=path,
                error=error,
                delimiter=repr(delimiter),
            ),
        ) from error


def _check_header(path: Path, header: tuple[str, ...], delimiter: str, chosen: ImportMap) -> None:
    if len(header) > COLUMNS_MAX:
        raise InputError(
            Message(
                "{path}: the header has {n} columns, more than {columns_max}",
                path=path,
                n=len(header),
                columns_max=COLUMNS_MAX,
            )
        )
    if any("\x00" in name for name in header):
        raise InputError(
            Message("{path}: the header (line 1) contains NUL bytes: export it again as CSV UTF-8", path=path)
        )
    first_at: dict[str, int] = {}
    for at, name in enumerate(header, start=1):
        if name in first_at and name:
            raise InputError(
                Message(
                    "{path}: line 1 has the column {name} twice (columns {first} and {second}): rename one",
                    path=path,
                    name=repr(shown(name)),
                    first=first_at[name],
                    second=at,
                )
            )
        first_at[name] = at
    missing = [(key, name) for key, name in chosen.used_columns() if name not in first_at]
    if not missing:
        return
    other = max((one for one in _AUTO_DELIMITERS if one != delimiter), key=header[0].count)
    if len(header) == 1 and header[0].count(other):
        raise InputError(
            Message(
                "{path}: line 1 is a single column when split at {delimiter}, but contains {other} "
                "{count} times: set file.delimiter in the map to {other} or 'auto'",
                path=path,
                delimiter=repr(delimiter),
                other=repr(other),
                count=header[0].count(other),
            ),
        )
    told = io.StringIO()
    for key, name in missing:
        near = difflib.get_close_matches(name, header, n=1, cutoff=0.5)
        hint = f"; did you mean {shown(near[0])!r}?" if near else ""
        told.write(f"\n  column {name!r} (map key {key}) is missing{hint}")
    raise InputError(
        Message(
            "{path}: line 1 lacks {n} column(s) that the map names; correct the map or the export:{line}",
            n=len(missing),
            path=path,
            line=told.getvalue(),
        ),
    )
