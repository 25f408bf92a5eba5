"""What a file is made of: rows, what is left out, and the bounds of all of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wenyue.core.confinement import Bounds

ROWS_MAX: Final = 5_000_000  # rows of one file
FILE_BYTES_MAX: Final = 4 * 1024**3  # unpacked
BLANK_LINES_MAX: Final = 100_000
LINE_CHARS_MAX: Final = 64 * 1024
RECORD_CHARS_MAX: Final = 1024 * 1024  # of one row, which quotes may spread over many lines
COLUMNS_MAX: Final = 500
HEADING_ROWS: Final = 40  # among so many rows from the top the header is looked for
WORKBOOK_BOUNDS: Final = Bounds(memory=1536 * 1024 * 1024, processor_s=900)  # of the process that opens one
SHOWN_CHARS_MAX: Final = 40  # of a value repeated in a message
OVERLONG: Final = "\x00line too long"  # stands in a row for a line that was too long to read


class Noise(StrEnum):
    """Why something of a file is no row of data."""

    TITLE = "title"  # above the header
    TOTAL = "total"
    NOTE = "note"
    BLANK = "blank"
    HEADER_AGAIN = "header-again"  # of a further page


@dataclass(frozen=True, slots=True)
class Row:
    """One row of data: its number (from 1), the line of the file that it ends on, its cells, one for each column."""

    number: int
    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that is no row: counted and said, never refused."""

    line: int
    noise: Noise
    text: str


def shown(value: str) -> str:
    """A value from the file, made safe and short for one line of a message."""
    clean = "".join(c if c.isprintable() else "·" for c in value[: SHOWN_CHARS_MAX + 1])
    return clean if len(clean) <= SHOWN_CHARS_MAX else clean[:SHOWN_CHARS_MAX] + "…"
