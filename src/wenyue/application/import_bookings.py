"""Whoever moves in from an old system brings its reservations in, each in the state in which it ended or stands.

The old system sold them and was paid: nothing is asked that a booking is asked (a turn, a price, a preset's terms), nobody is
told. What it shares with a booking is the places: decided under the same locks, and refused when a pool has none left.
"""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from wenyue.application.import_request import Prepared
from wenyue.application.on_server import KeyedWorks, acting_with
from wenyue.application.operating import Operator
from wenyue.application.reservations import ImportReservation, bookings_of
from wenyue.booking import importing
from wenyue.booking.slots.importing import ImportOutcome, Judged
from wenyue.core.duties import Right
from wenyue.events import append, kinds
from wenyue.gate import go_through_again


class ImportBookings(Struct, frozen=True):
    """A batch of one source, at most BOOKINGS_PER_CALL_MAX, each key once."""

    source: str
    prepared: Prepared
    reservations: Sequence[ImportReservation]
    is_dry_run: bool = False


async def import_bookings(works: KeyedWorks, operator: Operator, request: ImportBookings) -> list[Judged]:
    """Of each reservation its booking's id, what became of it and what differs; one transaction.

    A known key whose row says something else changes its booking: a status is followed, anything else only of a visit to come
    that nobody changed here.
    """
    # Sealing a thousand parties takes a while: beside the loop, whose connections would look dead meanwhile.
    bookings = await asyncio.to_thread(
        bookings_of, works.vault, request.source, request.prepared, request.reservations
    )
    today = request.prepared.today
    if request.is_dry_run:
        async with works.db.connection() as tx:
            return await importing.rehearse_bookings(
                tx, request.source, bookings, request.prepared.places, today
            )
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        judged = await importing.write_bookings(act.tx, request.source, bookings, act.now, today)
        await go_through_again(act.tx, (line.draw.slot_id for one in bookings for line in one.lines))
        written = sum(one.outcome is ImportOutcome.WRITTEN for one in judged)
        if written:
            await append(act.tx, [kinds.BookingsImported(request.source, written)], act.now)
    return judged
