"""Records of a text file: its encoding, its delimiter, its lines; bounded, and no surprise is a traceback."""

import codecs
import csv
import gzip
import io
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from wenyue.imports.reading.fault import InputError
from wenyue.imports.reading.heading import fold_name
from wenyue.imports.reading.model import (
    BLANK_LINES_MAX,
    FILE_BYTES_MAX,
    LINE_CHARS_MAX,
    OVERLONG,
    RECORD_CHARS_MAX,
)
from wenyue.locale import Message

DELIMITERS: Final = (",", ";", "\t", "|", "，", "；")
ENCODINGS: Final = (
    "utf-8",
    "gb18030",
    "big5hkscs",
    "utf-16-le",
    "utf-16-be",
    "latin-1",
    "cp1252",
    "shift_jis",
)
_CHUNK: Final = 1 << 20
_LOOK_BYTES: Final = 64 * 1024
_LOOK_LINES: Final = 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of lines, understood. `first_line`: of the first record, after a `sep=` line."""

    path: Path
    encoding: str
    delimiter: str
    skips: int  # bytes of its byte order mark
    has_separator_line: bool

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """(line that it ends on, cells) of every record, blank ones too. Raises InputError."""
        with opened(self.path) as file:
            file.read(self.skips)
            lines = _lines(file, self.encoding, self.path)
            if self.has_separator_line:
                next(lines, None)
            yield from _records(lines, self.delimiter, self.path, 1 if self.has_separator_line else 0)


def understand(path: Path, encoding: str, delimiter: str, known: Collection[str]) -> TextFile:
    """How the text in `path` is to be read; `encoding` and `delimiter` may be 'auto'. Raises InputError.

    `known`: folded names of columns that are looked for; they tell GB18030 from Big5, where most bytes are both.
    """
    with opened(path) as file:
        head = file.read(_LOOK_BYTES)
    skips = 0
    for mark, name in _MARKS:
        if head.startswith(mark):
            encoding, skips = name, len(mark)
            break
    else:
        if encoding == "auto":
            encoding = _without_mark(head) or _encoding(path, head, known)
    if encoding == "utf-8-sig":
        encoding = "utf-8"
    text = head[skips:].decode(encoding, "replace")
    lines = text.splitlines()[:_LOOK_LINES]
    has_separator_line = bool(lines) and lines[0].strip().casefold().startswith("sep=")
    if has_separator_line:
        stated = lines[0].strip()[4:5] or "\t"
        lines = lines[1:]
        delimiter = stated if delimiter == "auto" else delimiter
    if delimiter == "auto":
        delimiter = _delimiter(lines)
    return TextFile(path, encoding, delimiter, skips, has_separator_line)


def _without_mark(head: bytes) -> str | None:
    """UTF-16 whose byte order mark was lost: every other byte of its ASCII is zero."""
    if b"\x00" not in head[:4096]:
        return None
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    if max(even, odd) * 8 < len(head[:4096]):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _encoding(path: Path, head: bytes, known: Collection[str]) -> str:
    """UTF-8 when all of the file is UTF-8; else GB18030 or Big5, whichever it is and names more of the columns."""
    where = ""
    fitting: list[str] = []
    for name in ("utf-8", "gb18030", "big5hkscs"):
        try:
            _decode_all(path, name)
        except UnicodeDecodeError as error:
            where = where or f"{error.object[error.start]:#04x}"
        else:
            if name == "utf-8":
                return name
            fitting.append(name)
    if fitting:
        return max(
            fitting, key=lambda name: (_names_in(head.decode(name, "ignore"), known), name == "gb18030")
        )
    raise InputError(
        Message(
            "{path} is neither UTF-8 nor UTF-16, GB18030 or Big5 (first strange byte {where}): save it as CSV UTF-8, "
            'or name its encoding, e.g. "latin-1" or "cp1252"',
            path=path,
            where=where,
        )
    )


def _names_in(text: str, known: Collection[str]) -> int:
    first = fold_name("".join(text.splitlines()[:_LOOK_LINES]))
    return sum(name in first for name in known if len(name) > 1)


def _decode_all(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with opened(path) as file:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
    decoder.decode(b"", final=True)


def _delimiter(lines: list[str]) -> str:
    """What stands on the most lines, then the most often; outside of quotes."""

    def weight(mark: str) -> tuple[int, int]:
        counts = [sum(part.count(mark) for part in line.split('"')[::2]) for line in lines]
        return sum(count > 0 for count in counts), sum(counts)

    return max(DELIMITERS, key=weight)


class Bounded(io.RawIOBase):
    """A file that is read at most FILE_BYTES_MAX far: a small packed file may unpack to a thousand times its size."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._left = FILE_BYTES_MAX
        self.taken = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes. Raises InputError."""
        return self._counted(self._file.read(size))

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """As a file's. Raises InputError."""
        data = self._counted(self._file.read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def _counted(self, data: bytes) -> bytes:
        self.taken += len(data)
        if self.taken > self._left:
            raise InputError(
                Message(
                    "{path} holds more than {file_bytes_max} MiB unpacked: split it",
                    path=self._path,
                    file_bytes_max=FILE_BYTES_MAX >> 20,
                )
            )
        return data


@contextmanager
def opened(path: Path) -> Generator[Bounded]:
    """The file's bytes, unpacked when it is gzip. Raises InputError."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield Bounded(cast(BinaryIO, file), path)
    except (EOFError, gzip.BadGzipFile) as error:
        raise InputError(
            Message("{path} is a damaged gzip file ({error}): fetch it again", path=path, error=error)
        ) from error
    except OSError as error:
        raise InputError(
            Message("cannot read {path}: {strerror}", path=path, strerror=error.strerror or error)
        ) from error


def _lines(file: Bounded, encoding: str, path: Path) -> Iterator[str]:
    """Decoded lines with their endings (LF, CRLF or CR alone); of a line that is too long a marker stands for it."""
    number = 0
    stream = io.TextIOWrapper(io.BufferedReader(file, _CHUNK), encoding=encoding, newline="")
    try:
        while line := stream.readline(LINE_CHARS_MAX + 1):
            number += 1
            if len(line) > LINE_CHARS_MAX and not line.endswith(("\n", "\r")):
                while line and not line.endswith(("\n", "\r")):
                    line = stream.readline(_CHUNK)
                yield OVERLONG + "\n"
            else:
                yield line
    except UnicodeDecodeError as error:
        raise InputError(
            Message(
                "{path}: after line {number} the byte {raw} is not {encoding}; save the file as CSV UTF-8, or name "
                "its encoding",
                path=path,
                number=number,
                raw=f"{error.object[error.start]:#04x}",
                encoding=encoding,
            )
        ) from error


def _records(
    lines: Iterator[str], delimiter: str, path: Path, skipped: int
) -> Iterator[tuple[int, list[str]]]:
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
                        started=started + skipped,
                        path=path,
                        record_chars_max=RECORD_CHARS_MAX,
                        delimiter=repr(delimiter),
                    )
                )
            yield line

    reader = csv.reader(counted(), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if not cells:
                blank += 1
                if blank > BLANK_LINES_MAX:
                    raise InputError(
                        Message(
                            "{path} has more than {blank_lines_max} blank lines (line {line_no}): remove them",
                            line_no=reader.line_num + skipped,
                            path=path,
                            blank_lines_max=BLANK_LINES_MAX,
                        )
                    )
            yield reader.line_num + skipped, cells
            started, size = reader.line_num + 1, 0
    except csv.Error as error:
        raise InputError(
            Message(
                "{path}: the record that starts on line {started} cannot be read ({error}): a quote "
                "is opened there and not closed, or stands inside a value; double it or remove it "
                "(delimiter {delimiter})",
                started=started + skipped,
                path=path,
                error=error,
                delimiter=repr(delimiter),
            )
        ) from error
