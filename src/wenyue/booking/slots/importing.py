"""Reservations of another system written as ours: in their final state, counted in the pools, once per source and key."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from wenyue import audit
from wenyue.booking.model import BookingState, Channel
from wenyue.booking.persistence.literals import array, rows_json
from wenyue.booking.slots.differing import DRAWING, Difference, Step, StoredBooking, StoredLine
from wenyue.booking.slots.imported import (
    ImportedBooking,
    ImportedLine,
    ImportedPlace,
    ImportOutcome,
    SlotDraw,
)
from wenyue.booking.slots.judging import Alike, Judged, Places, drawn, folded, judge
from wenyue.booking.slots.moving_in import NewSlot, follow_venue
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Tx, queries

__all__ = [
    "BOOKINGS_PER_CALL_MAX",
    "Difference",
    "ImportOutcome",
    "ImportedBooking",
    "ImportedLine",
    "ImportedPlace",
    "Judged",
    "NewSlot",
    "Places",
    "SlotDraw",
    "folded",
    "open_at_venue",
    "open_slots",
    "places_left",
    "pools_that_differ",
    "rehearse_bookings",
    "slot_draws",
    "standing",
    "write_bookings",
]
SLOTS_PER_CALL_MAX: Final = 5_000
BOOKINGS_PER_CALL_MAX: Final = 2_000
_PAGE: Final = 5_000
_SQL: Final = queries("wenyue.booking.slots", "importing.sql")
_OWN_SCOPES: Final = 1 << 62  # beyond every slot's and venue's number


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
    return await _places(tx, "places_left", source, pool_ids)


async def _places(tx: Tx, statement: str, source: str, pool_ids: Sequence[int]) -> Places:
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


async def rehearse_bookings(
    tx: Tx, source: str, bookings: Sequence[ImportedBooking], places: Places, today: date
) -> list[Judged]:
    """What would become of each; nothing is written or locked. `places` changes with it, for the batches that follow."""
    alike = await _alike(tx, source, bookings)
    stored = await _stored(tx, source, _differing(bookings, alike))
    lacking = {pool_id for one in stored.values() for pool_id in one.drawn} - places.left.keys()
    if lacking:
        more = await places_left(tx, source, sorted(lacking))
        places.left |= more.left
        places.growing |= more.growing
    return judge(bookings, alike, stored, places, today)


async def write_bookings(
    tx: Tx, source: str, bookings: Sequence[ImportedBooking], now: datetime, today: date
) -> list[Judged]:
    """Write one batch, and what rows of known bookings say now; the caller commits. At most BOOKINGS_PER_CALL_MAX, keys unique.

    Bookings and pools are locked before anything is decided, so counters equal bookings whatever else is being sold
    meanwhile. No message goes out: the guests of the old system were told by it.
    """
    await tx.execute(_SQL["one_importer"], {"source": source})
    alike = await _alike(tx, source, bookings)
    differing = _differing(bookings, alike)
    if differing:
        await tx.execute(_SQL["lock_bookings"], {"ids": differing})
    stored = await _stored(tx, source, differing)
    pool_ids = {pool_id for one in bookings for pool_id in drawn(one)}
    pool_ids |= {pool_id for one in stored.values() for pool_id in one.drawn}
    places = await _places(tx, "lock_pools", source, sorted(pool_ids))
    before = dict(places.left)
    judged = judge(bookings, alike, stored, places, today)
    pairs = list(zip(bookings, judged, strict=True))
    new = [one for one, what in pairs if what.outcome is ImportOutcome.WRITTEN]
    if new:
        await _insert(tx, source, new)
    changed = [(one, what) for one, what in pairs if what.step in {Step.CANCEL, Step.SETTLE, Step.REPLACE}]
    if changed:
        await _change(tx, source, changed, stored)
    moved = [
        {"id": pool_id, "sold": before[pool_id] - left + grown, "grown": grown}
        for pool_id, left in places.left.items()
        if left != before[pool_id] or places.grown[pool_id]
        for grown in [places.grown[pool_id]]
    ]
    if moved:
        await tx.execute(_SQL["move_pools"], {"rows": rows_json(moved)})
    await _record(tx, source, new, changed, now)
    return judged


async def _alike(tx: Tx, source: str, bookings: Sequence[ImportedBooking]) -> list[Alike]:
    keys = {"source": source, "keys": [one.source_key for one in bookings]}
    rows = await (await tx.execute(_SQL["alike"], keys)).fetchall()
    return [Alike(key, booking_id, bytes(body_hash)) for key, booking_id, body_hash, _ in rows]


def _differing(bookings: Sequence[ImportedBooking], alike: Sequence[Alike]) -> list[UUID]:
    said = {one.source_key: one.body_hash for one in bookings}
    return [one.id for one in alike if said.get(folded(one.source_key), one.body_hash) != one.body_hash]


async def _stored(tx: Tx, source: str, ids: Sequence[UUID]) -> dict[UUID, StoredBooking]:
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


async def _insert(tx: Tx, source: str, taken: Sequence[ImportedBooking]) -> None:
    rows = [
        {
            "id": one.id,
            "body_hash": one.body_hash,
            "state": one.state,
            "channel": Channel.ONLINE,
            "created_at": one.created_at,
            "changed_at": one.changed_at,
            "total_minor": one.total_minor,
            "currency": one.currency,
            "party": one.party,
            "source_key": one.source_key,
        }
        for one in taken
    ]
    await tx.execute(_SQL["insert_bookings"], {"rows": rows_json(rows), "source": source})
    await _insert_lines(tx, source, [(one.id, 0, one) for one in taken])


async def _insert_lines(tx: Tx, source: str, of: Sequence[tuple[UUID, int, ImportedBooking]]) -> None:
    """Lines, places and visits of these bookings, each with its id here and the number of its first new line."""
    lines: list[dict[str, object]] = []
    visits: list[dict[str, object]] = []
    for booking_id, first, one in of:
        for number, line in enumerate(one.lines, start=first):
            _, product_id, venue_id, on_date, pool_ids, _ = line.draw
            lines.append(
                {
                    "booking_id": booking_id,
                    "line_no": number,
                    "slot_id": line.draw.slot_id,
                    "product_id": product_id,
                    "venue_id": venue_id,
                    "on_date": on_date,
                    "quantity": line.quantity,
                    "price_minor": line.price_minor,
                    "pool_ids": pool_ids,
                    "is_live": one.state in DRAWING,
                }
            )
            visits += _visits(booking_id, number, line)
    await tx.execute(_SQL["insert_lines"], {"rows": rows_json(lines)})
    places = [
        (booking_id, number, line, place, one.state in DRAWING)
        for booking_id, first, one in of
        for number, line in enumerate(one.lines, start=first)
        for place in line.places
    ]
    if places:
        await tx.execute(_SQL["insert_places"], {"rows": rows_json(await _place_rows(tx, places))})
    if visits:
        await tx.execute(_SQL["insert_redemptions"], {"rows": rows_json(visits), "gate": f"import:{source}"})


def _visits(booking_id: UUID, line_no: int, line: ImportedLine) -> list[dict[str, object]]:
    """That the guests of a line came: each named one, or all of them as one."""
    return [
        {
            "id": uuid7(int(at.timestamp() * 1000)),
            "booking_id": booking_id,
            "line_no": line_no,
            "visitor_no": number,
            "at": at,
        }
        for number, at in line.came
    ]


async def _place_rows(
    tx: Tx, places: Sequence[tuple[UUID, int, ImportedLine, ImportedPlace, bool]]
) -> list[dict[str, object]]:
    """Named places. The old system sold them: whoever has one there already keeps both, the later under a scope of its own."""
    rows: list[dict[str, object]] = [
        {
            "booking_id": booking_id,
            "line_no": line_no,
            "visitor_no": place.visitor_no,
            "person_key": place.person_key,
            "number_key": place.number_key,
            "on_date": line.draw.on_date,
            "scope": line.draw.scope,
            "is_live": is_live,
        }
        for booking_id, line_no, line, place, is_live in places
    ]
    found = await (await tx.execute(_SQL["persons_taken"], {"rows": rows_json(rows)})).fetchall()
    taken: set[tuple[bytes, date, int]] = set()
    for _, person_key, number_key, on_date, scope in found:
        taken |= {(bytes(key), on_date, scope) for key in (person_key, number_key) if key is not None}
    for row, (booking_id, line_no, line, place, is_live) in zip(rows, places, strict=True):
        if not is_live:
            continue
        spots = {
            (key, line.draw.on_date, line.draw.scope)
            for key in (place.person_key, place.number_key)
            if key is not None
        }
        if spots & taken:
            low = int.from_bytes(booking_id.bytes[-7:], "big") ^ (line_no << 8) ^ place.visitor_no
            row["scope"] = -(_OWN_SCOPES | low)
        taken |= spots
    return rows


async def _change(
    tx: Tx,
    source: str,
    changed: Sequence[tuple[ImportedBooking, Judged]],
    stored: dict[UUID, StoredBooking],
) -> None:
    given_back = [what.id for _, what in changed if what.step is not Step.SETTLE]
    if given_back:
        await tx.execute(_SQL["release_lines"], {"ids": given_back})
        await tx.execute(_SQL["release_places"], {"ids": given_back})
    replaced = [
        (what.id, max((line.line_no for line in stored[what.id].lines), default=-1) + 1, one)
        for one, what in changed
        if what.step is Step.REPLACE
    ]
    if replaced:
        await _insert_lines(tx, source, replaced)
    visits = [
        visit
        for one, what in changed
        if what.step is Step.SETTLE
        for here, line in zip(stored[what.id].live, one.lines, strict=True)
        for visit in _visits(what.id, here.line_no, line)
    ]
    if visits:
        await tx.execute(_SQL["insert_redemptions"], {"rows": rows_json(visits), "gate": f"import:{source}"})
    rows = [
        {
            "id": what.id,
            "state": one.state,
            "changed_at": one.changed_at,
            "total_minor": one.total_minor,
            "body_hash": one.body_hash,
            "party": one.party,
        }
        for one, what in changed
    ]
    await tx.execute(_SQL["settle_bookings"], {"rows": rows_json(rows)})


async def _record(
    tx: Tx,
    source: str,
    new: Sequence[ImportedBooking],
    changed: Sequence[tuple[ImportedBooking, Judged]],
    now: datetime,
) -> None:
    actor = f"import:{source}"
    entries = [
        audit.Entry(now, actor, "booking.imported", str(one.id), {"key": one.source_key}) for one in new
    ]
    entries += [
        audit.Entry(
            now, actor, "booking.imported_again", str(what.id),
            {"key": one.source_key, "outcome": what.outcome.name.lower(), "differs": [str(said) for said in what.said]},
        )
        for one, what in changed
    ]  # fmt: skip
    if entries:
        await audit.record(tx, entries)


async def pools_that_differ(tx: Tx, venue_id: int) -> list[tuple[int, ...]]:
    """Pools of a venue that break invariant I2: (id, capacity, held, sold, held due, sold due); empty when all is well."""
    return await (await tx.execute(_SQL["pools_that_differ"], {"venue_id": venue_id})).fetchall()
