"""Running an import: look at the whole file first, open what it needs, then write batch after batch, each in one transaction.

Kill it at any moment: what was committed is recognised by its key when it runs again, and the rest follows.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from wenyue.booking import importing
from wenyue.gate import go_through_again
from wenyue.infra.db import Database
from wenyue.kernel.personal import Vault
from wenyue.tools.importing.bookings import Builder
from wenyue.tools.importing.model import ImportMap, Reason, Refusal, Reservation, Row, Verdict
from wenyue.tools.importing.report import Report, Tally, report_to
from wenyue.tools.importing.stage import Progress, Stage, prepare, read_all, rehearse, take_survey
from wenyue.tools.importing.table import open_table

BATCH_MAX: Final = importing.BOOKINGS_PER_CALL_MAX
_VERDICTS: Final = {
    importing.ImportOutcome.WRITTEN: Verdict.IMPORTED,
    importing.ImportOutcome.KNOWN: Verdict.ALREADY,
    importing.ImportOutcome.CHANGED: Verdict.CHANGED,
}
_SOLD_OUT_FIX: Final = "a date of this stay is full: raise the product's capacity in the map, or its pools'"


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. `batch`: rows per transaction, at most BATCH_MAX."""

    is_dry_run: bool = False
    batch: int = 500
    report: Path | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import did. `capacities`: product code → capacity of the dates that this run opened."""

    tally: Tally
    encoding: str
    delimiter: str
    slots_opened: int
    is_dry_run: bool
    venue_id: int | None
    capacities: dict[str, int]


def _quiet(_phase: str, _done: int, _all: int) -> None:
    """Nobody watches."""


class Importer:
    """One import of one file. `database` and `vault` are the installation's."""

    def __init__(
        self, database: Database, vault: Vault, chosen: ImportMap, now: datetime, progress: Progress = _quiet
    ) -> None:
        self._database = database
        self._map = chosen
        self._builder = Builder(chosen, vault)
        self._now = now
        self._progress = progress

    async def run(self, path: Path, options: Options) -> Summary:
        """Import `path`. Raises InputError when the file as a whole cannot be read; nothing was written then."""
        # Reading a file of a million rows takes minutes: beside the loop, whose connections would look dead meanwhile.
        table = await asyncio.to_thread(open_table, path, self._map)
        survey = await asyncio.to_thread(take_survey, table, self._map, self._progress)
        if options.is_dry_run:
            async with self._database.connection() as tx:
                stage = await rehearse(tx, self._map, survey)
        else:
            async with self._database.transaction() as tx:
                stage = await prepare(tx, self._map, survey, self._builder, self._now)
        with report_to(options.report) as report:
            rows = read_all(table, self._map)
            size = max(1, min(options.batch, BATCH_MAX))
            while part := await asyncio.to_thread(lambda: list(islice(rows, size))):
                await self._write(part, stage, report, is_dry_run=options.is_dry_run)
                self._progress("writing · 写入", report.tally.rows, survey.rows)
        return Summary(
            tally=report.tally,
            encoding=table.encoding,
            delimiter=table.delimiter,
            slots_opened=stage.slots_opened,
            is_dry_run=options.is_dry_run,
            venue_id=stage.venue_id,
            capacities=stage.capacities,
        )

    async def _write(
        self,
        part: Sequence[tuple[Row, Reservation | Refusal]],
        stage: Stage,
        report: Report,
        *,
        is_dry_run: bool,
    ) -> None:
        """One batch, one transaction; its rows are reported after the commit."""
        bookings = await asyncio.to_thread(self._bookings, part, stage)
        source = self._map.source
        if is_dry_run:
            async with self._database.connection() as tx:
                known = await importing.known_bookings(tx, source, [one.source_key for one in bookings])
            outcomes = importing.judge(bookings, known, stage.left)
        else:
            async with self._database.transaction() as tx:
                outcomes = await importing.write_bookings(tx, source, bookings, self._now)
                await go_through_again(tx, (line.draw.slot_id for one in bookings for line in one.lines))
        _tell(report, part, bookings, outcomes)

    def _bookings(
        self, part: Sequence[tuple[Row, Reservation | Refusal]], stage: Stage
    ) -> list[importing.ImportedBooking]:
        return [
            self._builder.booking(found, stage.draws) for _, found in part if isinstance(found, Reservation)
        ]


def _tell(
    report: Report,
    part: Sequence[tuple[Row, Reservation | Refusal]],
    bookings: Sequence[importing.ImportedBooking],
    outcomes: Sequence[importing.ImportOutcome],
) -> None:
    answers = iter(zip(bookings, outcomes, strict=True))
    for row, found in part:
        if isinstance(found, Refusal):
            report.refused(row, found)
            continue
        booking, outcome = next(answers)
        if outcome is importing.ImportOutcome.SOLD_OUT:
            refusal = Refusal(Reason.SOLD_OUT, "", _first_date(found), _SOLD_OUT_FIX)
            report.refused(row, refusal, found.key)
        else:
            report.taken(row, found.key, _VERDICTS[outcome], booking.id)


def _first_date(one: Reservation) -> str:
    return f"{one.arrival.isoformat()} + {one.nights}"
