"""Running an import: look at the whole file first, open what it needs, then write batch after batch, each in one transaction.

Kill it at any moment: what was committed is recognised by its key when it runs again, and the rest follows.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from wenyue.application.gone_bookings import Gone, gone_bookings
from wenyue.application.import_bookings import ImportBookings, import_bookings
from wenyue.application.import_request import Prepared
from wenyue.application.import_venue_facts import VenueFacts, venues_of_map
from wenyue.application.operating import Operator
from wenyue.application.prepare_import import prepare_import
from wenyue.application.rehearse_import import rehearse_import
from wenyue.application.reservations import ImportReservation
from wenyue.booking import importing
from wenyue.booking.slots.importing import ImportOutcome, Judged
from wenyue.core.clock import local_date
from wenyue.core.personal import Vault
from wenyue.imports.bookings import (
    BookingFile,
    Entry,
    ImportMap,
    Progress,
    ShownRow,
    Verdict,
    open_bookings,
    shown_rows,
)
from wenyue.imports.reading import Noise, Sheet, shown
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message
from wenyue.ops.acting_as import SERVER, Acting
from wenyue.ops.imports.bookings import Builder
from wenyue.ops.imports.report import Report, Tally, report_to
from wenyue.platform.database.db import Database

BATCH_MAX: Final = importing.BOOKINGS_PER_CALL_MAX
SHOWN_ROWS: Final = 10
_VERDICTS: Final = {
    ImportOutcome.WRITTEN: Verdict.IMPORTED,
    ImportOutcome.KNOWN: Verdict.ALREADY,
    ImportOutcome.CHANGED: Verdict.CHANGED,
    ImportOutcome.UPDATED: Verdict.UPDATED,
    ImportOutcome.CANCELLED: Verdict.CANCELLED,
}
_SOLD_OUT_FIX: Final = Message(
    "a date of this booking is full: raise the product's capacity in the map, or its pools'"
)
_RIVAL_FIX: Final = Message(
    "an earlier file brought {key}, which differs by signs or zeros only: write the same booking's number one way, or tell "
    "different bookings apart"
)
WRITING: Final = Message("writing")
REHEARSING: Final = Message("comparing with what is here")


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. `batch`: bookings per transaction, at most BATCH_MAX. `refused`: a file of the rows that are not taken."""

    is_dry_run: bool = False
    batch: int = 500
    report: Path | None = None
    refused: Path | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import did. `capacities`: product code → places of the sessions that this run opened.

    `oddities`: what is odd about the file, `left_out`: its lines that are no rows; `venues`: as they were before; `first`: its
    first rows, before and after; `gone`: live bookings of earlier runs in the file's days that it does not have.
    """

    tally: Tally
    encoding: str
    delimiter: str
    slots_opened: int
    is_dry_run: bool
    venue_ids: dict[str, int]
    capacities: dict[str, int]
    venues: tuple[VenueFacts, ...] = ()
    oddities: tuple[Message, ...] = ()
    left_out: Counter[Noise] = field(default_factory=Counter[Noise])
    first: tuple[ShownRow, ...] = ()
    gone: Gone = field(default_factory=Gone)

    @property
    def venue_id(self) -> int | None:
        """Of the only venue, or the first."""
        return next(iter(self.venue_ids.values()), None)


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
        self._today = local_date(now, chosen.venue.timezone)

    async def import_file(self, path: Path, options: Options) -> Summary:
        """Import `path`. Raises InputError when the file as a whole cannot be read; nothing was written then."""
        sheet = await asyncio.to_thread(open_bookings, path, self._map)
        return await self.import_sheet(sheet, options)

    async def import_sheet(self, sheet: Sheet, options: Options) -> Summary:
        """The same of an opened file."""
        # Reading a file of a million rows takes minutes: beside the loop, whose connections would look dead meanwhile.
        file = await asyncio.to_thread(BookingFile, sheet, self._map, self._today, self._progress)
        survey = await asyncio.to_thread(file.survey, self._progress)
        planned = await asyncio.to_thread(self._builder.plan, survey)
        venues = await venues_of_map(self._works, planned.venues)
        if options.is_dry_run:
            prepared = await rehearse_import(self._works, planned)
        else:
            prepared = await prepare_import(self._works, self._operator, planned)
        first: list[ShownRow] = []
        with ExitStack() as files:
            report = files.enter_context(report_to(options.report, options.refused, sheet))
            entries = file.entries()
            size = max(1, min(options.batch, BATCH_MAX))
            while part := await asyncio.to_thread(lambda: list(islice(entries, size))):
                while len(first) < SHOWN_ROWS and part[0].rows[0].number == 1:
                    first += [row for entry in part for row in shown_rows(entry, sheet.header, self._map)]
                    break
                await self._write(part, prepared, report, is_dry_run=options.is_dry_run)
                self._progress(REHEARSING if options.is_dry_run else WRITING, report.tally.rows, survey.rows)
            gone = await gone_bookings(self._works, self._map.source, survey.days, file.has)
            report.gone(gone)
        file.end()
        return Summary(
            tally=report.tally,
            encoding=sheet.encoding,
            delimiter=sheet.delimiter,
            slots_opened=prepared.slots_opened,
            is_dry_run=options.is_dry_run,
            venue_ids=prepared.venue_ids,
            capacities=self._builder.capacities(survey),
            venues=tuple(venues),
            oddities=sheet.oddities,
            left_out=file.left_out,
            first=tuple(first[:SHOWN_ROWS]),
            gone=gone,
        )

    async def _write(
        self, part: Sequence[Entry], prepared: Prepared, report: Report, *, is_dry_run: bool
    ) -> None:
        """One batch, one transaction; its rows are reported after the commit."""
        reservations = await asyncio.to_thread(self._reservations, part)
        request = ImportBookings(self._map.source, prepared, reservations, is_dry_run)
        _tell(report, part, await import_bookings(self._works, self._operator, request))

    def _reservations(self, part: Sequence[Entry]) -> list[ImportReservation]:
        return [self._builder.reservation(entry.key, entry.parts) for entry in part if entry.parts]


def _tell(report: Report, part: Sequence[Entry], judged: Sequence[Judged]) -> None:
    answers = iter(judged)
    for entry in part:
        if not entry.parts:
            for row, refusal in zip(entry.rows, entry.refusals, strict=True):
                report.refused(row, refusal, entry.key)
            continue
        one = next(answers)
        refusal = _refusal(entry, one)
        for row in entry.rows:
            if refusal is not None:
                report.refused(row, refusal, entry.key)
            else:
                report.taken(row, entry.key, _VERDICTS[one.outcome], one.id, one.said)


def _refusal(entry: Entry, one: Judged) -> Refusal | None:
    if one.outcome is ImportOutcome.SOLD_OUT:
        first = entry.parts[0]
        return Refusal(Reason.SOLD_OUT, "", f"{first.arrival.isoformat()} + {first.nights}", _SOLD_OUT_FIX)
    if one.outcome is ImportOutcome.AMBIGUOUS:
        fix = _RIVAL_FIX.filled(key=repr(shown(one.rival.removeprefix("k:"))))
        return Refusal(Reason.KEY_AMBIGUOUS, "", shown(entry.key.removeprefix("k:")), fix)
    return None
