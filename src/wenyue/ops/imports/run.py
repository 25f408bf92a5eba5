"""Running an import of bookings at a terminal: the file, what is written about it, and what was done."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from wenyue.application.bring_bookings import BookingsBrought, bring_bookings, preview_bookings
from wenyue.application.operating import Operator
from wenyue.booking import importing
from wenyue.core.clock import local_date
from wenyue.core.personal import Vault
from wenyue.imports.bookings import BookingFile, ImportMap, Progress, Tally, open_bookings
from wenyue.imports.reading import Noise, Sheet
from wenyue.locale import Message
from wenyue.ops.acting_as import SERVER, Acting
from wenyue.ops.imports.report import report_to
from wenyue.platform.database.db import Database

BATCH_MAX: Final = importing.BOOKINGS_PER_CALL_MAX


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. `batch`: bookings per transaction, at most BATCH_MAX. `refused`: a file of the rows that are not taken."""

    is_dry_run: bool = False
    batch: int = 500
    report: Path | None = None
    refused: Path | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import did, or would do. `left_out`: lines of the file that are no rows."""

    sheet: Sheet
    is_dry_run: bool
    done: BookingsBrought
    left_out: Counter[Noise] = field(default_factory=Counter[Noise])

    @property
    def tally(self) -> Tally:
        """The sums."""
        return self.done.tally

    @property
    def venue_id(self) -> int | None:
        """Of the only venue, or the first."""
        return next(iter(self.done.venue_ids.values()), None)


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
        self._progress = progress
        self._today = local_date(now, chosen.venue.timezone)

    async def import_file(self, path: Path, options: Options) -> Summary:
        """Import `path`. Raises InputError when the file as a whole cannot be read; nothing was written then."""
        sheet = await asyncio.to_thread(open_bookings, path, self._map)
        return await self.import_sheet(sheet, options)

    async def import_sheet(self, sheet: Sheet, options: Options) -> Summary:
        """The same of an opened file."""
        # Reading a file of a million rows takes minutes: beside the loop, whose connections would look dead meanwhile.
        file = await asyncio.to_thread(BookingFile, sheet, self._map, self._today, self._progress)
        try:
            with report_to(options.report, options.refused, sheet) as report:
                asked = (self._works, self._operator, file, report.row, self._progress)
                size = max(1, min(options.batch, BATCH_MAX))
                bring = preview_bookings if options.is_dry_run else bring_bookings
                done = await bring(*asked, batch=size)
                report.gone(done.gone)
        finally:
            file.end()
        return Summary(sheet, options.is_dry_run, done, file.left_out)
