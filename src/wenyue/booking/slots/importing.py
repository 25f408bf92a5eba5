"""Reservations of another system written as ours: in their final state, counted in the pools, once per source and key."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from enum import IntEnum
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from wenyue import audit
from wenyue.booking.model import BookingState, Channel
from wenyue.booking.persistence.literals import array, rows_json
from wenyue.booking.slots.moving_in import NewSlot, follow_venue
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Tx, queries

SLOTS_PER_CALL_MAX: Final = 5_000
BOOKINGS_PER_CALL_MAX: Final = 2_000
_SQL: Final = queries("wenyue.booking.slots", "importing.sql")
_DRAWING: Final = (BookingState.CONFIRMED, BookingState.NO_SHOW)


class SlotDraw(NamedTuple):
    """What a place on one product and date draws from."""

    slot_id: int
    product_id: int
    venue_id: int
    on_date: date
    pool_ids: tuple[int, ...]


class ImportedLine(NamedTuple):
    """One slot of an imported booking. `redeemed_at`: when the guest came, None when nobody did."""

    draw: SlotDraw
    quantity: int
    price_minor: int
    redeemed_at: datetime | None


class ImportedBooking(msgspec.Struct, frozen=True):
    """A booking of another system. `source_key` is its name there; the id follows from both, so a re-run has the same."""

    id: UUID
    source_key: str
    body_hash: bytes
    state: BookingState
    created_at: datetime
    changed_at: datetime
    total_minor: int
    currency: str
    party: bytes  # sealed
    lines: tuple[ImportedLine, ...]


class ImportOutcome(IntEnum):
    """What became of one imported booking."""

    WRITTEN = 0
    KNOWN = 1  # an earlier run wrote it
    CHANGED = 2  # an earlier run wrote it, and it said something else then; left as it is
    SOLD_OUT = 3  # a pool has no place left; nothing was written


Known = Mapping[str, tuple[UUID, bytes]]  # source key -> (booking id, body hash)


async def open_slots(tx: Tx, slots: Sequence[NewSlot]) -> int:
    """Open the slots whose product has none on that date; returns how many. Existing slots stay as they are."""
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
) -> dict[tuple[int, date], SlotDraw]:
    """What each (product, date) draws from; dates without a slot are absent."""
    found: dict[tuple[int, date], SlotDraw] = {}
    params = {"product_ids": array(product_ids), "from_day": from_day, "to_day": to_day}
    for slot_id, product_id, venue_id, on_date, pool_ids in await (
        await tx.execute(_SQL["draws"], params)
    ).fetchall():
        found[product_id, on_date] = SlotDraw(slot_id, product_id, venue_id, on_date, tuple(pool_ids))
    return found


async def known_bookings(tx: Tx, source: str, keys: Sequence[str]) -> Known:
    """Which of these keys an earlier run wrote."""
    rows = await (await tx.execute(_SQL["known"], {"source": source, "keys": list(keys)})).fetchall()
    return {key: (booking_id, body_hash) for key, booking_id, body_hash in rows}


async def places_left(tx: Tx, pool_ids: Sequence[int]) -> dict[int, int]:
    """Places left in these pools just now, without a lock: for dry runs."""
    return dict(await (await tx.execute(_SQL["places_left"], {"ids": array(pool_ids)})).fetchall())


def judge(bookings: Sequence[ImportedBooking], known: Known, left: dict[int, int]) -> list[ImportOutcome]:
    """The outcome of each booking, in order; pure. `left` goes down as places are taken."""
    outcomes: list[ImportOutcome] = []
    for one in bookings:
        if one.source_key in known:
            is_same = known[one.source_key][1] == one.body_hash
            outcomes.append(ImportOutcome.KNOWN if is_same else ImportOutcome.CHANGED)
            continue
        wanted = drawn(one)
        if any(left.get(pool_id, 0) < places for pool_id, places in wanted.items()):
            outcomes.append(ImportOutcome.SOLD_OUT)
            continue
        for pool_id, places in wanted.items():
            left[pool_id] -= places
        outcomes.append(ImportOutcome.WRITTEN)
    return outcomes


def drawn(one: ImportedBooking) -> dict[int, int]:
    """Places that the booking takes, by pool; nothing unless it is confirmed, or a no-show: those places stood empty."""
    wanted: dict[int, int] = {}
    if one.state in _DRAWING:
        for line in one.lines:
            for pool_id in line.draw.pool_ids:
                wanted[pool_id] = wanted.get(pool_id, 0) + line.quantity
    return wanted


async def write_bookings(
    tx: Tx, source: str, bookings: Sequence[ImportedBooking], now: datetime
) -> list[ImportOutcome]:
    """Write one batch, all that is judged WRITTEN; the caller commits. At most BOOKINGS_PER_CALL_MAX, keys unique.

    The pools are locked before anything is decided, so counters equal bookings whatever else is being sold meanwhile.
    No message goes out: the guests of the old system were told by it.
    """
    await tx.execute(_SQL["one_importer"], {"source": source})
    pool_ids = sorted({pool_id for one in bookings for pool_id in drawn(one)})
    locked = await (await tx.execute(_SQL["lock_pools"], {"ids": array(pool_ids)})).fetchall()
    known = await known_bookings(tx, source, [one.source_key for one in bookings])
    left: dict[int, int] = dict(locked)
    before = dict(left)
    outcomes = judge(bookings, known, left)
    taken = [one for one, outcome in zip(bookings, outcomes, strict=True) if outcome is ImportOutcome.WRITTEN]
    if taken:
        await _insert(tx, source, taken)
        moved = [
            {"id": pool_id, "sold": before[pool_id] - places}
            for pool_id, places in left.items()
            if places != before[pool_id]
        ]
        if moved:
            await tx.execute(_SQL["move_pools"], {"rows": rows_json(moved)})
        await audit.record(
            tx,
            [
                audit.Entry(now, f"import:{source}", "booking.imported", str(one.id), {"key": one.source_key})
                for one in taken
            ],
        )
    return outcomes


async def _insert(tx: Tx, source: str, taken: Sequence[ImportedBooking]) -> None:
    lines: list[dict[str, object]] = []
    redemptions: list[dict[str, object]] = []
    for one in taken:
        is_live = one.state in _DRAWING
        for number, line in enumerate(one.lines):
            _, product_id, venue_id, on_date, pool_ids = line.draw
            lines.append(
                {
                    "booking_id": one.id,
                    "line_no": number,
                    "slot_id": line.draw.slot_id,
                    "product_id": product_id,
                    "venue_id": venue_id,
                    "on_date": on_date,
                    "quantity": line.quantity,
                    "price_minor": line.price_minor,
                    "pool_ids": pool_ids,
                    "is_live": is_live,
                }
            )
            if line.redeemed_at is not None:
                scan_id = uuid7(int(line.redeemed_at.timestamp() * 1000))
                redemptions.append(
                    {"id": scan_id, "booking_id": one.id, "line_no": number, "at": line.redeemed_at}
                )
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
    await tx.execute(_SQL["insert_lines"], {"rows": rows_json(lines)})
    if redemptions:
        await tx.execute(
            _SQL["insert_redemptions"], {"rows": rows_json(redemptions), "gate": f"import:{source}"}
        )


async def pools_that_differ(tx: Tx, venue_id: int) -> list[tuple[int, ...]]:
    """Pools of a venue that break invariant I2: (id, capacity, held, sold, held due, sold due); empty when all is well."""
    return await (await tx.execute(_SQL["pools_that_differ"], {"venue_id": venue_id})).fetchall()
