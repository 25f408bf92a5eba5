"""Whoever may export has the bookings written out, with their visitors: recorded before anything is read."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date

from msgspec import Struct

from wenyue import catalogue
from wenyue.application.on_server import KeyedWorks, acting_with
from wenyue.application.operating import Operator
from wenyue.application.written_bookings import Sold
from wenyue.audit import Entry, record
from wenyue.booking import importing
from wenyue.booking.slots.importing import Chosen
from wenyue.core.duties import Right
from wenyue.imports.booking_lists import WrittenRow, rows_of
from wenyue.platform.database.db import Tx


class VenueNotFound(LookupError):
    """There is no venue of this code."""


class ExportBookings(Struct, frozen=True):
    """Which rows: of the venue (code; '': every one), of these days of visit or arrival, both included (None: any)."""

    venue: str = ""
    from_day: date | None = None
    to_day: date | None = None

    def has(self, row: WrittenRow) -> bool:
        """The row is wanted."""
        is_day = (self.from_day or date.min) <= row.line.on_date <= (self.to_day or date.max)
        return is_day and self.venue in {"", row.line.venue}


@dataclass(slots=True)
class BookingsOut:
    """What was written so far. `holds`: not exported, as they are no bookings yet, or none any more.

    `other_currency`: rows in a currency that the map does not say of their venue, which an import refuses.
    """

    bookings: int = 0
    holds: int = 0
    other_currency: int = 0
    sold: Sold = field(default_factory=Sold)


async def export_bookings(
    works: KeyedWorks,
    operator: Operator,
    progress: Callable[[int, int], None],
    request: ExportBookings,
    out: BookingsOut,
) -> AsyncIterator[WrittenRow]:
    """Every row as it is at one moment, by number of booking; `progress` hears of bookings. `out` counts along.

    Raises NotAllowed, VenueNotFound, SealBroken.
    """
    async with acting_with(works, operator, Right.DATA_EXPORT) as act:
        chosen = await _chosen(act.tx, request)
        total, out.holds = await importing.count_exported(act.tx, chosen)
        said: dict[str, object] = {"bookings": total, "venue": request.venue}
        said |= {"from": str(request.from_day or ""), "to": str(request.to_day or "")}
        await record(act.tx, [Entry(act.now, operator.name, "bookings.exported", "export", said)])
    done = 0
    async with works.db.reading(is_one_moment=True) as tx:
        async for page in importing.exported(tx, chosen):
            await out.sold.read(tx, page)
            for one in page:
                rows = [row for row in rows_of(out.sold.written(works.vault, one)) if request.has(row)]
                out.bookings += bool(rows)
                for row in rows:
                    out.other_currency += await out.sold.note(tx, row)
                    yield row
            done += len(page)
            progress(done, max(total, done))


async def _chosen(tx: Tx, request: ExportBookings) -> Chosen:
    found = await catalogue.venue(tx, request.venue) if request.venue else None
    if request.venue and found is None:
        raise VenueNotFound(request.venue)
    return Chosen(found.id if found else None, request.from_day, request.to_day)
