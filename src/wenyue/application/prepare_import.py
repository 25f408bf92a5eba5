"""Whoever moves in from an old system has the venue, the products and the dates made that its reservations speak of."""

from collections.abc import Mapping
from datetime import date

import msgspec
from msgspec import Struct

from wenyue import audit, catalogue
from wenyue.application.on_server import acting_with
from wenyue.application.operating import Operator, Works
from wenyue.booking import importing
from wenyue.booking.slots.importing import NewSlot, SlotDraw
from wenyue.catalogue import Product, Venue
from wenyue.core.clock import local_date
from wenyue.core.duties import Right
from wenyue.platform.database.db import Tx

DrawKey = tuple[str, date]  # a product's code, a date


class PrepareImport(Struct, frozen=True):
    """`source`: the old system's data. Venue and products are known by their codes; of `slots` their ids are filled in here."""

    source: str
    venue: Venue
    products: tuple[Product, ...]
    slots: Mapping[DrawKey, NewSlot]


class Prepared(Struct, frozen=True):
    """What reservations draw from. `left`: places per pool, only of a rehearsal: they go down as rows are rehearsed."""

    venue_id: int | None
    draws: dict[DrawKey, SlotDraw]
    slots_opened: int
    left: dict[int, int]


async def prepare_import(works: Works, operator: Operator, request: PrepareImport) -> Prepared:
    """Make what is missing, in one transaction, by the venue's own rules; what exists stays as it is. Recorded."""
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        venue_id, timezone = await _venue(act.tx, request.venue)
        present = {one.code: one.id for one in await catalogue.products(act.tx, venue_id)}
        known = frozenset(present.values())
        missing = [
            msgspec.structs.replace(one, venue_id=venue_id)
            for one in request.products
            if one.code not in present
        ]
        if missing:
            made = await catalogue.upsert_products(act.tx, missing)
            present |= {code: product_id for (_, code), product_id in made.items()}
        slots = sorted(
            (
                msgspec.structs.replace(slot, venue_id=venue_id, product_id=present[code])
                for (code, _), slot in request.slots.items()
            ),
            key=lambda slot: (slot.product_id, slot.on_date),
        )
        today = local_date(act.now, timezone)
        opened = await importing.open_at_venue(act.tx, venue_id, slots, known, today)
        if opened:
            actor, about = f"import:{request.source}", f"venue:{venue_id}"
            entry = audit.Entry(act.now, actor, "venue.slots_opened", about, {"slots": opened})
            await audit.record(act.tx, [entry])
        return Prepared(venue_id, await _draws(act.tx, request, present), opened, {})


async def rehearse_import(works: Works, request: PrepareImport) -> Prepared:
    """The same without writing: dates that do not exist yet get made-up pools with negative ids."""
    async with works.db.connection() as tx:
        venue = await catalogue.venue(tx, request.venue.code)
        present = {one.code: one.id for one in await catalogue.products(tx, venue.id)} if venue else {}
        draws = await _draws(tx, request, present)
        pool_ids = sorted({pool_id for draw in draws.values() for pool_id in draw.pool_ids})
        left = await importing.places_left(tx, pool_ids)
    missing = sorted(key for key in request.slots if key not in draws)
    for number, key in enumerate(missing, start=1):
        draws[key] = SlotDraw(-number, -1, venue.id if venue else -1, key[1], (-number,))
        left[-number] = request.slots[key].capacity
    return Prepared(venue.id if venue else None, draws, len(missing), left)


async def _venue(tx: Tx, wanted: Venue) -> tuple[int, str]:
    """Whose days they are, and on which clock."""
    found = await catalogue.venue(tx, wanted.code)
    if found is not None:
        return found.id, found.timezone
    return (await catalogue.upsert_venues(tx, [wanted]))[wanted.code], wanted.timezone


async def _draws(tx: Tx, request: PrepareImport, present: Mapping[str, int]) -> dict[DrawKey, SlotDraw]:
    days = [on_date for _, on_date in request.slots]
    ids = {present[code]: code for code, _ in request.slots if code in present}
    if not ids:
        return {}
    found = await importing.slot_draws(tx, sorted(ids), min(days), max(days))
    by_code = {(ids[product_id], on_date): draw for (product_id, on_date), draw in found.items()}
    return {key: draw for key, draw in by_code.items() if key in request.slots}
