"""Whoever may import brings a list of venues in; what the list does not say of a venue that is there stays.

A venue is known by its code here; where the list has none, or one that is not known, by its province and name (and kind,
where the list says it). So it stays the same venue when its level, its position or, known by its code, its name changes.
"""

from wenyue import catalogue
from wenyue.application.known_venues import KnownVenues
from wenyue.application.list_outcomes import (
    ListRequest,
    ListTaken,
    ListVerdict,
)
from wenyue.application.on_server import acting_with, require
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.catalogue import Venue
from wenyue.core.duties import Right
from wenyue.events import append, kinds
from wenyue.imports.venues import VenueRow
from wenyue.platform.database.db import Tx

VENUES_PER_STATEMENT_MAX = 1_000


async def import_venues(works: Works, operator: Operator, request: ListRequest[VenueRow]) -> ListTaken:
    """Take them all or none. Raises NotAllowed, LoginEnded."""
    if request.is_dry_run:
        require(operator, Right.DATA_IMPORT)
        async with works.db.reading() as tx:
            return await do_import_venues(tx, request)
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        taken = await do_import_venues(act.tx, request)
        new, changed = taken.counts[ListVerdict.NEW], taken.counts[ListVerdict.CHANGED]
        detail: dict[str, object] = {"source": request.source, "new": new, "changed": changed}
        await record(act.tx, [Entry(act.now, operator.name, "venues.imported", "import", detail)])
        if new or changed:
            await append(act.tx, [kinds.VenuesImported(request.source, new, changed)], act.now)
    return taken


async def do_import_venues(tx: Tx, request: ListRequest[VenueRow]) -> ListTaken:
    """The same in a transaction that has begun; of a rehearsal it only reads."""
    known = await KnownVenues.of(tx, [row for _, row in request.rows])
    taken, wanted, weeks = ListTaken(), list[Venue](), dict[str, VenueRow]()
    for line, row in request.rows:
        outcome, venue = known.take(line, row, request.source)
        taken.outcomes.append(outcome)
        if venue is not None and outcome.verdict is not ListVerdict.SAME:
            wanted.append(venue)
            if row.says_hours:
                weeks[venue.code] = row
    if wanted and not request.is_dry_run:
        ids: dict[str, int] = {}
        for at in range(0, len(wanted), VENUES_PER_STATEMENT_MAX):
            ids |= await catalogue.upsert_venues(tx, wanted[at : at + VENUES_PER_STATEMENT_MAX])
        await catalogue.replace_weeks(
            tx, {ids[code]: known.week(ids[code], row) for code, row in weeks.items()}
        )
    taken.gone = sorted(await catalogue.listing.codes_of_source(tx, request.source) - known.seen)
    return taken
