"""Running an import: look at the whole file first, open what it needs, then write batch after batch, each in one transaction.

Kill it at any moment: what was committed is recognised by its key when it runs again, and the rest follows.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID

from wenyue.application.import_bookings import ImportBookings, import_bookings
from wenyue.application.operating import Operator
from wenyue.application.prepare_import import Prepared, prepare_import, rehearse_import
from wenyue.application.reservations import ImportReservation
from wenyue.booking import importing
from wenyue.core.personal import Vault
from wenyue.imports.bookings import BookingFile, ImportMap, Progress, Reservation, Verdict, open_bookings
from wenyue.imports.reading import Noise, Row, Sheet
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message
from wenyue.ops.acting_as import SERVER, Acting
from wenyue.ops.imports.bookings import Builder
from wenyue.ops.imports.report import Report, Tally, report_to
from wenyue.platform.database.db import Database

BATCH_MAX: Final = importing.BOOKINGS_PER_CALL_MAX
_VERDICTS: Final = {
    importing.ImportOutcome.WRITTEN: Verdict.IMPORTED,
    importing.ImportOutcome.KNOWN: Verdict.ALREADY,
    importing.ImportOutcome.CHANGED: Verdict.CHANGED,
}
_SOLD_OUT_FIX: Final = Message(
    "a date of this stay is full: raise the product's capacity in the map, or its pools'"
)
WRITING: Final = Message("writing")


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. `batch`: rows per transaction, at most BATCH_MAX."""

    is_dry_run: bool = False
    batch: int = 500
    report: Path | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import did. `capacities`: product code → capacity of the dates that this run opened.

    `oddities`: what is odd about the file, `left_out`: its lines that are no rows.
    """

    tally: Tally
    encoding: str
    delimiter: str
    slots_opened: int
    is_dry_run: bool
    venue_id: int | None
    capacities: dict[str, int]
    oddities: tuple[Message, ...] = ()
    left_out: Counter[Noise] = field(default_factory=Counter[Noise])


def _quiet(_phase: Message, _done: int, _all: int) -> None:
    """Nobody watches."""


class Importer:
    """One import of one file, by `operator`. `database` and `vault` are the installation's."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        chosen: ImportMap,
        now: datetime,
        progress: Progress = _quiet,
        *,
        operator: Operator = SERVER,
    ) -> None:
        self._operator = operator
        self._works = Acting(database, vault, lambda: now)
        self._map = chosen
        self._builder = Builder(chosen)
        self._progress = progress

    async def import_file(self, path: Path, options: Options) -> Summary:
        """Import `path`. Raises InputError when the file as a whole cannot be read; nothing was written then."""
        sheet = await asyncio.to_thread(open_bookings, path, self._map)
        return await self.import_sheet(sheet, options)

    async def import_sheet(self, sheet: Sheet, options: Options) -> Summary:
        """The same of an opened file."""
        # Reading a file of a million rows takes minutes: beside the loop, whose connections would look dead meanwhile.
        file = await asyncio.to_thread(BookingFile, sheet, self._map, self._progress)
        survey = await asyncio.to_thread(file.survey, self._progress)
        capacities = survey.capacities(self._map)
        planned = await asyncio.to_thread(self._builder.plan, survey.dates, capacities)
        if options.is_dry_run:
            prepared = await rehearse_import(self._works, planned)
        else:
            prepared = await prepare_import(self._works, self._operator, planned)
        with report_to(options.report) as report:
            rows = file.rows()
            size = max(1, min(options.batch, BATCH_MAX))
            while part := await asyncio.to_thread(lambda: list(islice(rows, size))):
                await self._write(part, prepared, report, is_dry_run=options.is_dry_run)
                self._progress(WRITING, report.tally.rows, survey.rows)
        return Summary(
            tally=report.tally,
            encoding=sheet.encoding,
            delimiter=sheet.delimiter,
            slots_opened=prepared.slots_opened,
            is_dry_run=options.is_dry_run,
            venue_id=prepared.venue_id,
            capacities={self._builder.code(product): count for product, count in capacities.items()},
            oddities=sheet.oddities,
            left_out=file.left_out,
        )

    async def _write(
        self,
        part: Sequence[tuple[Row, Reservation | Refusal]],
        prepared: Prepared,
        report: Report,
        *,
        is_dry_run: bool,
    ) -> None:
        """One batch, one transaction; its rows are reported after the commit."""
        reservations = await asyncio.to_thread(self._reservations, part)
        request = ImportBookings(self._map.source, prepared, reservations, is_dry_run)
        _tell(report, part, await import_bookings(self._works, self._operator, request))

    def _reservations(self, part: Sequence[tuple[Row, Reservation | Refusal]]) -> list[ImportReservation]:
        return [self._builder.reservation(found) for _, found in part if isinstance(found, Reservation)]


def _tell(
    report: Report,
    part: Sequence[tuple[Row, Reservation | Refusal]],
    outcomes: Sequence[tuple[UUID, importing.ImportOutcome]],
) -> None:
    answers = iter(outcomes)
    for row, found in part:
        if isinstance(found, Refusal):
            report.refused(row, found)
            continue
        booking_id, outcome = next(answers)
        if outcome is importing.ImportOutcome.SOLD_OUT:
            refusal = Refusal(Reason.SOLD_OUT, "", _first_date(found), _SOLD_OUT_FIX)
            report.refused(row, refusal, found.key)
        else:
            report.taken(row, found.key, _VERDICTS[outcome], booking_id)


def _first_date(one: Reservation) -> str:
    return f"{one.arrival.isoformat()} + {one.nights}"
