"""The row-level report of an import, and its sums: every row of the file stands in it once."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from wenyue.core.sheets import sheet_writer
from wenyue.imports.bookings import Verdict
from wenyue.imports.reading import InputError, Row
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message, command_locale

HEADER: Final = ("row", "line", "key", "verdict", "reason", "column", "value", "what_to_do", "booking_id")


@dataclass(slots=True)
class Tally:
    """What became of the rows. `rows` is always the sum of the rest."""

    rows: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter[Verdict])
    reasons: Counter[Reason] = field(default_factory=Counter[Reason])

    def add(self, verdict: Verdict, reason: Reason | None = None) -> None:
        """Count one row."""
        self.rows += 1
        self.verdicts[verdict] += 1
        if reason is not None:
            self.reasons[reason] += 1

    @property
    def is_complete(self) -> bool:
        """Every row has exactly one verdict, and every refused row one reason."""
        is_summed = sum(self.verdicts.values()) == self.rows
        return is_summed and sum(self.reasons.values()) == self.verdicts[Verdict.REFUSED]


class Report:
    """Writes one line per row; the file appears under its name only when the import ran to its end."""

    def __init__(self, path: Path | None) -> None:
        self.tally = Tally()
        self._path = path
        self._writer = None if path is None else sheet_writer(self._open(path))

    def _open(self, path: Path):  # noqa: ANN202 - the text file, closed by `report_to`
        self._partial = path.with_name(path.name + ".partial")
        try:
            self._file = self._partial.open("w", encoding="utf-8-sig", newline="")
        except OSError as error:
            raise InputError(
                Message("cannot write the report {path}: {strerror}", path=path, strerror=error.strerror)
            ) from error
        self._file.write("")
        return self._file

    def start(self) -> None:
        """Write the header."""
        if self._writer:
            self._writer(HEADER)

    def taken(self, row: Row, key: str, verdict: Verdict, booking_id: UUID) -> None:
        """A row that is a booking here, from this run or an earlier one."""
        self.tally.add(verdict)
        if self._writer:
            self._writer((row.number, row.line, key, verdict.value, "", "", "", "", booking_id))

    def refused(self, row: Row, refusal: Refusal, key: str = "") -> None:
        """A row that was not taken."""
        self.tally.add(Verdict.REFUSED, refusal.reason)
        if self._writer:
            where = (refusal.column, refusal.value, refusal.fix.say(command_locale()))
            cells = (
                row.number,
                row.line,
                key,
                Verdict.REFUSED.value,
                refusal.reason.value,
                *where,
                "",
            )
            self._writer(cells)

    def close(self, *, is_whole: bool) -> None:
        """Close the file; a whole report gets its name."""
        if self._path is not None:
            self._file.close()
            if is_whole:
                self._partial.replace(self._path)


@contextmanager
def report_to(path: Path | None) -> Generator[Report]:
    """A report into `path` (None: only the sums)."""
    report = Report(path)
    is_whole = False
    try:
        report.start()
        yield report
        is_whole = True
    finally:
        report.close(is_whole=is_whole)
