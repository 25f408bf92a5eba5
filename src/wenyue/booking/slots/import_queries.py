"""What an import asks before it decides: slots and what they draw from, places left, bookings of the source as they stand."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from wenyue.booking.model import BookingState
from wenyue.booking.persistence.literals import array, rows_json
from wenyue.booking.slots.differing import StoredBooking, StoredLine
from wenyue.booking.slots.imported import ImportedBooking, SlotDraw
from wenyue.booking.slots.judging import Alike, Places, folded
from wenyue.booking.slots.moving_in import NewSlot, follow_venue
from wenyue.platform.database.db import Tx, queries

SLOTS_PER_CALL_MAX: Final = 5_000
_PAGE: Final = 5_000
_SQL: Final = queries("wenyue.booking.slots", "importing.sql")


async def open_slots(tx: Tx, slots: Sequence[NewSlot]) -> int:
    """Open the slots that do not exist yet; returns how many. One that `is_only` exists when its product has any that day."""
    opened = 0
    for start in range(0, len(slots), SLOTS_PER_CALL_MAX):
        rows = {"rows": rows_json(slots[start : start + SLOTS_PER_CALL_MAX])}
        await tx.execute(_SQL["open_pools"], rows)
        opened += (await tx.execute(_SQL["open_slots"], rows)).rowcount
    return opened


async def open_at_venue(
    tx: Tx, venue_id: int, slots: Sequence[NewSlot], known: Collection[int], today: date
) -> int:
    """The same of one venue's slots; those that are to come open as the venue's own (see `moving_in.follow_venue`)."""
    return await open_slots(tx, await follow_venue(tx, venue_id, slots, known, today))


async def slot_draws(
    tx: Tx, product_ids: Sequence[int], from_day: date, to_day: date
) -> dict[tuple[int, date], dict[datetime, SlotDraw]]:
    """What each (product, date) draws from by when its slots start, the earliest first; dates without a slot are absent."""
    found: dict[tuple[int, date], dict[datetime, SlotDraw]] = {}
    params = {"product_ids": array(product_ids), "from_day": from_day, "to_day": to_day}
    rows = await (await tx.execute(_SQL["draws"], params)).fetchall()
    for slot_id, product_id, venue_id, on_date, starts_at, pool_ids, scope in rows:
        draw = SlotDraw(slot_id, product_id, venue_id, on_date, tuple(pool_ids), scope)
        found.setdefault((product_id, on_date), {})[starts_at] = draw
    return found


async def places_left(tx: Tx, source: str, pool_ids: Sequence[int]) -> Places:
    """Places left in these pools just now, without a lock: for dry runs."""
    return await places_of(tx, "places_left", source, pool_ids)


async def places_of(tx: Tx, statement: str, source: str, pool_ids: Sequence[int]) -> Places:
    """Places left in these pools, as `statement` reads them, and which pools grow with a longer export."""
    params = {"ids": array(pool_ids), "source": source}
    rows = await (await tx.execute(_SQL[statement], params)).fetchall()
    growing = frozenset(pool_id for pool_id, _, is_fitted in rows if is_fitted)
    return Places({pool_id: left for pool_id, left, _ in rows}, growing)


async def standing(
    tx: Tx, source: str, from_day: date, to_day: date
) -> AsyncIterator[list[tuple[str, UUID]]]:
    """The live bookings of a source with a visit within these days, key and id, in pages by key."""
    after = ""
    while True:
        wanted = {"source": source, "after": after, "from_day": from_day, "to_day": to_day, "limit": _PAGE}
        page = await (await tx.execute(_SQL["standing"], wanted)).fetchall()
        if page:
            yield [(key, booking_id) for key, booking_id in page]
        if len(page) < _PAGE:
            return
        after = page[-1][0]


async def alike_bookings(tx: Tx, source: str, bookings: Sequence[ImportedBooking]) -> list[Alike]:
    """Bookings of the source that have these keys, or keys that differ by marks and zeros in front only."""
    keys = {"source": source, "keys": [one.source_key for one in bookings]}
    rows = await (await tx.execute(_SQL["alike"], keys)).fetchall()
    return [Alike(key, booking_id, bytes(body_hash)) for key, booking_id, body_hash, _ in rows]


def differing_ids(bookings: Sequence[ImportedBooking], alike: Sequence[Alike]) -> list[UUID]:
    """Of the known bookings those of which the file says something else now."""
    said = {one.source_key: one.body_hash for one in bookings}
    return [one.id for one in alike if said.get(folded(one.source_key), one.body_hash) != one.body_hash]


async def stored_bookings(tx: Tx, source: str, ids: Sequence[UUID]) -> dict[UUID, StoredBooking]:
    """These bookings as they stand here, with their lines."""
    if not ids:
        return {}
    params = {"ids": list(ids), "gate": f"import:{source}"}
    rows = await (await tx.execute(_SQL["bookings_now"], params)).fetchall()
    lines: dict[UUID, list[StoredLine]] = {}
    for booking_id, line_no, slot_id, on_date, quantity, price, pool_ids, is_live, persons, came in await (
        await tx.execute(_SQL["lines_of"], {"ids": list(ids)})
    ).fetchall():
        keys = tuple(bytes(key) for key in persons)
        line = StoredLine(line_no, slot_id, on_date, quantity, price, tuple(pool_ids), is_live, keys, came)
        lines.setdefault(booking_id, []).append(line)
    return {
        booking_id: StoredBooking(
            booking_id, key, bytes(body_hash), BookingState(state), total, is_as_left, has_come,
            tuple(lines.get(booking_id, ())),
        )
        for booking_id, key, body_hash, state, total, is_as_left, has_come in rows
    }  # fmt: skip


async def pools_that_differ(tx: Tx, venue_id: int) -> list[tuple[int, ...]]:
    """Pools of a venue that break invariant I2: (id, capacity, held, sold, held due, sold due); empty when all is well."""
    return await (await tx.execute(_SQL["pools_that_differ"], {"venue_id": venue_id})).fetchall()
