"""Rows of a workbook, read by a child process with limits into a file that nobody else sees."""

import os
import tempfile
import weakref
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from wenyue.imports.reading.fault import InputError
from wenyue.imports.reading.model import ROWS_MAX, WORKBOOK_BOUNDS
from wenyue.locale import Message
from wenyue.platform.confined import ask_confined

PACKED_BYTES_MAX: Final = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Workbook:
    """A sheet whose rows lie in a temporary file without a name. `others`: sheets with rows that were not read."""

    path: Path
    sheet: str
    others: tuple[str, ...]
    hidden: int
    _rows: IO[bytes] = field(repr=False)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """(row of the sheet's used part, from 1; cells) of every row, blank ones too."""
        decode = msgspec.json.Decoder(list[str]).decode
        with os.fdopen(os.dup(self._rows.fileno()), "rb") as rows:
            rows.seek(0)
            for number, line in enumerate(rows, start=1):
                yield number, decode(line)


def read_workbook(path: Path, sheet: str, known: Collection[str]) -> Workbook:
    """The sheet named `sheet`, or ('') the one whose header has the most `known` names. Raises InputError."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(
            Message("cannot read {path}: {strerror}", path=path, strerror=error.strerror or error)
        ) from error
    if size > PACKED_BYTES_MAX:
        raise _too_much(path)
    rows = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the workbook
    try:
        said = _ask(path, sheet, known, rows)
    except BaseException:
        rows.close()
        raise
    book = Workbook(path, said["sheet"], tuple(said["others"]), said["hidden"], rows)
    weakref.finalize(book, rows.close)
    return book


def _ask(path: Path, sheet: str, known: Collection[str], rows: IO[bytes]) -> dict[str, Any]:
    question = {"path": str(path.absolute()), "sheet": sheet, "known": sorted(known)}
    said = ask_confined("wenyue.imports.reading.workbook_child", question, rows, WORKBOOK_BOUNDS)
    if said is None:
        raise _too_much(path)
    problem = said.get("problem")
    if problem in {"memory", "rows"}:
        raise _too_much(path)
    if problem == "PasswordError":
        raise InputError(Message("{path} has a password: remove it and save the workbook again", path=path))
    if problem == "sheet":
        raise InputError(
            Message(
                "{path} has no sheet {sheet}; it has {names}",
                path=path,
                sheet=repr(sheet),
                names=", ".join(repr(name) for name in said["sheets"]),
            )
        )
    if problem == "empty":
        raise InputError(Message("{path} has no sheet with rows", path=path))
    if problem is not None:
        raise InputError(
            Message(
                "{path} cannot be read as a workbook ({problem}): open it in Excel or WPS and save it again, or as CSV UTF-8",
                path=path,
                problem=problem,
            )
        )
    return said


def _too_much(path: Path) -> InputError:
    return InputError(
        Message(
            "{path} cannot be read as a workbook within {memory} MiB and {rows} rows: save the sheet as CSV UTF-8, "
            "which may be of any length",
            path=path,
            memory=WORKBOOK_BOUNDS.memory >> 20,
            rows=ROWS_MAX,
        )
    )
