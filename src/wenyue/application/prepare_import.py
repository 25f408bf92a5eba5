"""Whoever moves in from an old system has the venues, the products and the dates made that its reservations speak of."""

from collections.abc import Mapping

import msgspec

from wenyue import audit, catalogue
from wenyue.application.import_request import DrawKey, Prepared, PrepareImport
from wenyue.application.import_venue_facts import refuse_other_clock
from wenyue.application.on_server import acting_with
from wenyue.application.operating import Operator, Works
from wenyue.booking import importing
from wenyue.booking.slots.importing import Places, SlotDraw
from wenyue.catalogue import Product, Venue
from wenyue.core.clock import local_date
from wenyue.core.duties import Right
from wenyue.platform.database.db import Tx


async def prepare_import(works: Works, operator: Operator, request: PrepareImport) -> Prepared:
    """Make what is missing, in one transaction, by the venues' own rules; what exists stays as it is. Recorded.

    Raises InputError when a venue is there with another currency or time zone.
    """
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        await refuse_other_clock(act.tx, request.venues)
        venue_ids, draws, opened, today = dict[str, int](), dict[DrawKey, SlotDraw](), 0, act.now.date()
        for venue, _ in request.venues:
            venue_id = await _venue(act.tx, venue)
            venue_ids[venue.code] = venue_id
            present = {one.code: one.id for one in await catalogue.products(act.tx, venue_id)}
            known = frozenset(present.values())
            present |= await _missing(act.tx, venue_id, request.products.get(venue.code, ()), present)
            slots = [
                msgspec.structs.replace(slot, venue_id=venue_id, product_id=present[key.product])
                for key, slot in request.slots.items()
                if key.venue == venue.code
            ]
            slots.sort(key=lambda slot: (slot.product_id, slot.on_date, slot.starts_at))
            today = local_date(act.now, venue.timezone)
            count = await importing.open_at_venue(act.tx, venue_id, slots, known, today)
            if count:
                actor, about = f"import:{request.source}", f"venue:{venue_id}"
                entry = audit.Entry(act.now, actor, "venue.slots_opened", about, {"slots": count})
                await audit.record(act.tx, [entry])
            opened += count
            draws |= await draws_of(act.tx, request, venue.code, present)
        return Prepared(venue_ids, today, draws, opened, Places({}))


async def _venue(tx: Tx, wanted: Venue) -> int:
    found = await catalogue.venue(tx, wanted.code)
    return found.id if found else (await catalogue.upsert_venues(tx, [wanted]))[wanted.code]


async def _missing(
    tx: Tx, venue_id: int, wanted: tuple[Product, ...], present: Mapping[str, int]
) -> dict[str, int]:
    """The products that the venue lacks, made."""
    missing = [msgspec.structs.replace(one, venue_id=venue_id) for one in wanted if one.code not in present]
    made = await catalogue.upsert_products(tx, missing) if missing else {}
    return {code: product_id for (_, code), product_id in made.items()}


async def draws_of(
    tx: Tx, request: PrepareImport, venue: str, present: Mapping[str, int]
) -> dict[DrawKey, SlotDraw]:
    """What the wanted sessions of a venue draw from, as far as they exist. `present`: its products by code."""
    wanted = [key for key in request.slots if key.venue == venue and key.product in present]
    if not wanted:
        return {}
    days = [key.on_date for key in wanted]
    ids = sorted({present[key.product] for key in wanted})
    found = await importing.slot_draws(tx, ids, min(days), max(days))
    draws: dict[DrawKey, SlotDraw] = {}
    for key in wanted:
        of_day = found.get((present[key.product], key.on_date), {})
        draw = next(iter(of_day.values()), None) if key.starts_at is None else of_day.get(key.starts_at)
        if draw is not None:
            draws[key] = draw
    return draws
