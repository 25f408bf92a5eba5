"""Whoever may export has every venue written out, with its week: recorded before anything is read."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from wenyue import catalogue
from wenyue.application.on_server import KeyedWorks, acting_with
from wenyue.application.operating import Operator
from wenyue.audit import Entry, record
from wenyue.catalogue import OpeningHours, Venue
from wenyue.core.duties import Right
from wenyue.imports.venues import VenueRow, Week

_EVERY_DAY: Final = range(7)


async def export_venues(
    works: KeyedWorks, operator: Operator, progress: Callable[[int, int], None]
) -> AsyncIterator[VenueRow]:
    """Every active venue as it is at one moment, in the order of their making; `progress` hears how many of how many.

    Raises NotAllowed.
    """
    async with acting_with(works, operator, Right.DATA_EXPORT) as act:
        total = await catalogue.listing.count_venues(act.tx)
        await record(act.tx, [Entry(act.now, operator.name, "venues.exported", "export", {"venues": total})])
    done, after = 0, 0
    async with works.db.reading(is_one_moment=True) as tx:
        while page := await catalogue.listing.venues_after(tx, after):
            weeks = await catalogue.weeks(tx, [one.id for one in page])
            for one in page:
                yield row_of(one, weeks.get(one.id, ()))
            done, after = done + len(page), page[-1].id
            progress(done, max(total, done))


def row_of(venue: Venue, week: Sequence[OpeningHours]) -> VenueRow:
    """The venue as a list says it."""
    own = tuple((one.weekday, Week(one.opens, one.closes, one.last_entry)) for one in week)
    is_even = len({hours for _, hours in own}) == 1
    closed = sum(1 << day for day in _EVERY_DAY if day not in dict(own))
    return VenueRow(
        code=venue.code,
        name=venue.name,
        kind=venue.kind,
        province=venue.province,
        city=venue.city,
        latitude=venue.latitude,
        longitude=venue.longitude,
        level=venue.level,
        timezone=venue.timezone,
        summary=venue.summary,
        tags=venue.tags,
        aliases=venue.aliases,
        week=own[0][1] if is_even else None,
        closed_weekdays=closed if is_even else None,
        days=() if is_even else own,
        facts=venue.facts.texts,
        phone=venue.facts.phone,
    )
