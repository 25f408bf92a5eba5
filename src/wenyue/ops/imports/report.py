"""The row-level report of an import, and its sums: every row of the file stands in it once."""

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from wenyue.application.gone_bookings import Gone
from wenyue.booking.slots.importing import Difference
from wenyue.imports.bookings import Verdict
from wenyue.imports.reading import Row, Sheet
from wenyue.imports.refusals import Reason, Refusal
from wenyue.imports.refused_rows import Refuse, refused_rows
from wenyue.imports.row_files import WriteRow, row_file
from wenyue.locale import command_locale

HEADER: Final = (
    "row", "line", "key", "verdict", "reason", "column", "value", "what_to_do", "booking_id", "differs",
)  # fmt: skip
GONE: Final = "gone"


@dataclass(slots=True)
class Tally:
    """What became of the rows. `rows` is always the sum of the rest."""

    rows: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter[Verdict])
    reasons: Counter[Reason] = field(default_factory=Counter[Reason])
    differences: Counter[Difference] = field(default_factory=Counter[Difference])

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
    """Writes one line per row; the file appears under its name only when the import ran to its end.

    `refuse`: keeps the rows that are not taken.
    """

    def __init__(self, write: WriteRow | None, refuse: Refuse | None) -> None:
        self.tally = Tally()
        self._write, self._refuse = write, refuse
        if write:
            write(HEADER)

    def taken(
        self, row: Row, key: str, verdict: Verdict, booking_id: UUID, said: Sequence[Difference] = ()
    ) -> None:
        """A row that is a booking here, from this run or an earlier one; what it says that the booking said not."""
        self.tally.add(verdict)
        self.tally.differences.update(said)
        if self._write:
            differs = ", ".join(said)
            self._write(
                (
                    str(row.number),
                    str(row.line),
                    _plain(key),
                    verdict.value,
                    "",
                    "",
                    "",
                    "",
                    str(booking_id),
                    differs,
                )
            )

    def refused(self, row: Row, refusal: Refusal, key: str = "") -> None:
        """A row that was not taken."""
        self.tally.add(Verdict.REFUSED, refusal.reason)
        if self._refuse:
            self._refuse(row, refusal)
        if self._write:
            where = (refusal.column, refusal.value, refusal.fix.say(command_locale()))
            verdict = Verdict.REFUSED.value
            self._write(
                (str(row.number), str(row.line), _plain(key), verdict, refusal.reason.value, *where, "", "")
            )

    def gone(self, gone: Gone) -> None:
        """Live bookings of earlier runs that the file does not have: no rows of it, and not counted as such."""
        for key, booking_id in gone.shown if self._write else ():
            assert self._write is not None  # noqa: S101 - as asked above
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
