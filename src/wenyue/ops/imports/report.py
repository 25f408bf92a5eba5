"""The row-level report of an import of bookings, and the rows that were not taken: every row of the file stands in it once."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from wenyue.application.booking_verdicts import BroughtRow
from wenyue.application.gone_bookings import Gone
from wenyue.imports.reading import Sheet
from wenyue.imports.refused_rows import Refuse, refused_rows
from wenyue.imports.row_files import WriteRow, row_file
from wenyue.locale import command_locale

HEADER: Final = (
    "row", "line", "key", "verdict", "reason", "column", "value", "what_to_do", "booking_id", "differs",
)  # fmt: skip
GONE: Final = "gone"


class Report:
    """Writes one line per row; the file appears under its name only when the import ran to its end.

    `refuse`: keeps the rows that are not taken.
    """

    def __init__(self, write: WriteRow | None, refuse: Refuse | None) -> None:
        self._write, self._refuse = write, refuse
        if write:
            write(HEADER)

    def row(self, one: BroughtRow) -> None:
        """What became of a row."""
        why = ("", "", "", "")
        if one.refusal is not None:
            refusal = one.refusal
            why = (refusal.reason.value, refusal.column, refusal.value, refusal.fix.say(command_locale()))
            if self._refuse:
                self._refuse(one.row, refusal)
        if self._write:
            booking_id = str(one.booking_id or "")
            where = (str(one.row.number), str(one.row.line), _plain(one.key))
            self._write((*where, one.verdict.value, *why, booking_id, ", ".join(one.differs)))

    def gone(self, gone: Gone) -> None:
        """Live bookings of earlier runs that the file does not have: no rows of it, and not counted as such."""
        if self._write:
            for key, booking_id in gone.shown:
                self._write(("", "", _plain(key), GONE, "", "", "", "", str(booking_id), ""))


def _plain(key: str) -> str:
    return key.removeprefix("k:")


@contextmanager
def report_to(
    path: Path | None, refused: Path | None = None, sheet: Sheet | None = None
) -> Generator[Report]:
    """A report into `path` (None: only the sums), and the refused rows of `sheet` into `refused`. Raises InputError."""
    with ExitStack() as files:
        write = files.enter_context(row_file(path)) if path is not None else None
        refuse = None
        if refused is not None and sheet is not None:
            refuse = files.enter_context(refused_rows(refused, sheet, command_locale()))
        yield Report(write, refuse)
