"""What an import would open, without writing: dates that do not exist yet get made-up pools with negative ids."""

from wenyue import catalogue
from wenyue.application.import_request import DrawKey, Prepared, PrepareImport
from wenyue.application.import_venue_facts import refuse_other_clock
from wenyue.application.operating import Works
from wenyue.application.prepare_import import draws_of
from wenyue.booking import importing
from wenyue.booking.slots.importing import SlotDraw
from wenyue.core.clock import local_date


async def rehearse_import(works: Works, request: PrepareImport) -> Prepared:
    """What `prepare_import` would make. Raises InputError, as it does."""
    now, draws, venue_ids = works.clock(), dict[DrawKey, SlotDraw](), dict[str, int]()
    async with works.db.connection() as tx:
        await refuse_other_clock(tx, request.venues)
        for wanted, _ in request.venues:
            venue = await catalogue.venue(tx, wanted.code)
            if venue is not None:
                venue_ids[wanted.code] = venue.id
                present = {one.code: one.id for one in await catalogue.products(tx, venue.id)}
                draws |= await draws_of(tx, request, wanted.code, present)
        pool_ids = sorted({pool_id for draw in draws.values() for pool_id in draw.pool_ids})
        places = await importing.places_left(tx, request.source, pool_ids)
    missing = sorted(request.slots.keys() - draws.keys(), key=str)
    for number, key in enumerate(missing, start=1):
        draws[key] = SlotDraw(-number, -1, venue_ids.get(key.venue, -1), key.on_date, (-number,))
        places.left[-number] = request.slots[key].capacity
    fitted = {-number for number, key in enumerate(missing, start=1) if request.slots[key].fitted_by}
    places.growing |= fitted
    today = local_date(now, request.venues[0][0].timezone)
    return Prepared(venue_ids, today, draws, len(missing), places)
