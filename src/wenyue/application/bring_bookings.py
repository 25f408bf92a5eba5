"""Whoever moves in brings a file of bookings in, or looks at what that would do: the same answers, and nothing written.

The whole file is looked at first, what it needs is opened, then batch after batch is written, each in one transaction. Killed at
any moment, it goes on when it runs again: what was committed is recognised by its key.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from wenyue.application.booking_lines import Builder
from wenyue.application.booking_plan import Plan
from wenyue.application.booking_verdicts import BroughtRow, verdicts
from wenyue.application.gone_bookings import Gone, gone_bookings
from wenyue.application.import_bookings import ImportBookings, import_bookings
from wenyue.application.import_venue_facts import VenueFacts, venues_of_map
from wenyue.application.on_server import KeyedWorks
from wenyue.application.operating import Operator
from wenyue.application.prepare_import import prepare_import
from wenyue.application.reading_ahead import read_ahead
from wenyue.application.rehearse_import import rehearse_import
from wenyue.application.reservations import ImportReservation
from wenyue.imports.bookings import BookingFile, Entry, Progress, ShownRow, Tally, first_rows
from wenyue.locale import Message

SHOWN_ROWS: Final = 10
WRITING: Final = Message("writing")
REHEARSING: Final = Message("comparing with what is here")


@dataclass(slots=True)
class BookingsBrought:
    """What was done, or would be. `capacities`: product code → places of the sessions that are opened.

    `venues`: as they were before; `first`: the first rows, before and after; `gone`: live bookings of earlier runs in the
    file's days that it does not have.
    """

    venues: tuple[VenueFacts, ...]
    venue_ids: dict[str, int]
    slots_opened: int
    capacities: dict[str, int]
    tally: Tally = field(default_factory=Tally)
    first: tuple[ShownRow, ...] = ()
    gone: Gone = field(default_factory=Gone)


async def preview_bookings(
    works: KeyedWorks,
    operator: Operator,
    file: BookingFile,
    heard: Callable[[BroughtRow], None],
    progress: Progress,
    *,
    batch: int = 500,
) -> BookingsBrought:
    """What `bring_bookings` would do; nothing is written. Raises InputError."""
    return await bring_bookings(works, operator, file, heard, progress, batch=batch, is_dry_run=True)


async def bring_bookings(
    works: KeyedWorks,
    operator: Operator,
    file: BookingFile,
    heard: Callable[[BroughtRow], None],
    progress: Progress,
    *,
    batch: int = 500,
    is_dry_run: bool = False,
) -> BookingsBrought:
    """`heard` is told of every row once its batch is committed; `batch`: bookings of one transaction. Raises InputError."""
    # Reading a file of a million rows takes minutes: beside the loop, whose connections would look dead meanwhile.
    survey = await asyncio.to_thread(file.survey, progress)
    plan, builder = Plan(file.map), Builder(file.map)
    planned = await asyncio.to_thread(plan.request, survey)
    venues = await venues_of_map(works, planned.venues)
    prepared = await (
        rehearse_import(works, planned) if is_dry_run else prepare_import(works, operator, planned)
    )
    done = BookingsBrought(tuple(venues), prepared.venue_ids, prepared.slots_opened, plan.capacities(survey))
    entries, days, rows = file.entries(), survey.days, survey.rows
    del planned, survey  # of ten thousands of sessions: what is written from here on needs their places only

    def read() -> tuple[list[Entry], list[ImportReservation]] | None:
        part = list(islice(entries, batch))
        return (part, builder.reservations(part)) if part else None

    async with aclosing(read_ahead(read)) as ahead:
        async for part, asked in ahead:
            done.first = done.first or first_rows(part, file.sheet.header, file.map, SHOWN_ROWS)
            request = ImportBookings(file.map.source, prepared, asked, is_dry_run)
            for row in verdicts(part, await import_bookings(works, operator, request)):
                done.tally.add(row.verdict, row.refusal.reason if row.refusal else None, row.differs)
                heard(row)
            progress(REHEARSING if is_dry_run else WRITING, done.tally.rows, rows)
    done.gone = await gone_bookings(works, file.map.source, days, file.has)
    return done
