"""Opening: stores the pools and slots that `planning` makes of calendar templates, and changes slots that are open.

Opening is idempotent and never touches a slot that exists. A change (closing, price, capacity) bumps the revision
of the slot's session pool, by which every worker notices that its cached facts are old.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import Final, Literal

import msgspec
from psycopg.types.json import Jsonb

from wenyue import catalogue
from wenyue.booking.slots.planning import (
    CALENDAR_REASONS,
    DAYS_AHEAD_MAX,
    GENERAL,
    NewPool,
    NewSlot,
    Opening,
    day_capacities,
    plan,
)
from wenyue.catalogue import Closure, Product, Template, Venue
from wenyue.core.limits import SESSIONS_AHEAD_DAYS
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries
from wenyue.policy import HolidayCalendar, Preset, load_calendar, read_presets

SLOTS_PER_STATEMENT_MAX: Final = 4_000
CAPACITY_MAX: Final = 10_000_000
PLANNED_DAYS_MAX: Final = 800  # that a day's capacity is set ahead
_SQL: Final = queries("wenyue.booking.slots", "slot_planning.sql")


class CapacityAnswer(IntEnum):
    """What a change of capacity came to."""

    SET = 0
    UNCHANGED = 1
    UNKNOWN = 2  # no such slot, or the venue has no day pool on that date
    BELOW_TAKEN = 3  # fewer than are held and sold: sell no more, or cancel by a published rule first
    BELOW_RESERVES = 4  # fewer than the channel reserves add up to
    OUT_OF_RANGE = 5
    FOLLOWS = (
        6  # more are taken: closed, and the capacity goes down with every place given back until it is there
    )


BelowTaken = Literal["refuse", "follow"]


@dataclass(frozen=True, slots=True)
class OpenedCount:
    """How much was new. Pools include session, day and channel pools."""

    slots: int
    pools: int

    def __add__(self, other: "OpenedCount") -> "OpenedCount":
        return OpenedCount(self.slots + other.slots, self.pools + other.pools)


async def open_slots(
    tx: Tx,
    *,
    venue: Venue,
    product: Product,
    templates: Sequence[Template],
    preset: Preset,
    calendar: HolidayCalendar,
    closures: Sequence[Closure],
    prices: Mapping[date, int],
    from_day: date,
    to_day: date,
) -> OpenedCount:
    """Open one product's slots for venue-local dates from `from_day` to `to_day` (both included, 400 days at most)."""
    opening = Opening(venue, product, templates, preset, closures, prices)
    return await write(tx, plan(opening, calendar, from_day, to_day))


async def open_all_ahead(
    tx: Tx,
    calendar: HolidayCalendar,
    presets: Mapping[str, Preset],
    today: date,
    days_ahead: int = SESSIONS_AHEAD_DAYS,
    *,
    progress: Callable[[int], None] = lambda _slots: None,
) -> OpenedCount:
    """Open every active product's slots from `today` for `days_ahead` days after it; run daily, and it does only the new.

    `presets` are those of `policy.load_presets`. `progress` hears the number of new slots so far.
    """
    until = today + timedelta(days=min(days_ahead, DAYS_AHEAD_MAX))
    opened, after = OpenedCount(0, 0), 0
    while page := await catalogue.active_products(tx, after=after):
        after = page[-1].id
        planned: list[tuple[NewSlot, list[NewPool]]] = []
        for opening in await openings(tx, page, presets, today, until):
            planned += plan(opening, calendar, today, until)
        opened += await write(tx, planned)
        progress(opened.slots)
    return opened


async def openings(
    tx: Tx, page: Sequence[Product], presets: Mapping[str, Preset], from_day: date, to_day: date
) -> list[Opening]:
    """What these products' days are planned from, read once for all of them."""
    product_ids = [one.id for one in page]
    venue_ids = sorted({one.venue_id for one in page})
    venues = await catalogue.venues_by_id(tx, venue_ids)
    templates = await catalogue.templates(tx, product_ids, from_day)
    closures = await catalogue.closures(tx, venue_ids, from_day, to_day)
    prices = await catalogue.prices(tx, product_ids, from_day, to_day)
    return [
        Opening(
            venue=venues[product.venue_id],
            product=product,
            templates=templates.get(product.id, []),
            preset=presets[product.policy_code],
            closures=closures.get(product.venue_id, []),
            prices=prices.get(product.id, {}),
        )
        for product in page
    ]


async def write(tx: Tx, planned: Sequence[tuple[NewSlot, list[NewPool]]]) -> OpenedCount:
    """Store planned slots and their pools; what is there already stays as it is."""
    parts = [
        planned[at : at + SLOTS_PER_STATEMENT_MAX] for at in range(0, len(planned), SLOTS_PER_STATEMENT_MAX)
    ]
    opened = OpenedCount(0, 0)
    for part in (
        parts
    ):  # every pool first: a session draws from the pool of its venue's day, whichever product made that
        pools = [pool for _, needed in part for pool in needed]
        added = await tx.execute(_SQL["add_pools"], {"pools": msgspec.json.encode(pools).decode()})
        opened += OpenedCount(0, added.rowcount)
    for part in parts:
        slots = [slot for slot, _ in part]
        added = await tx.execute(_SQL["add_slots"], {"slots": msgspec.json.encode(slots).decode()})
        opened += OpenedCount(added.rowcount, 0)
    return opened


async def slots_on(tx: Tx, product_id: int, on_date: date) -> list[int]:
    """The ids of a product's slots on a venue-local date, in time order."""
    cursor = await tx.execute(_SQL["slots_on"], {"product_id": product_id, "on_date": on_date})
    return [row[0] for row in await cursor.fetchall()]


async def venue_of_slot(tx: Tx, slot_id: int) -> int | None:
    """Whose slot it is; None: there is none."""
    row = await (await tx.execute(_SQL["venue_of_slot"], {"slot_id": slot_id})).fetchone()
    return row[0] if row else None


async def close_slots(
    tx: Tx,
    venue_id: int,
    product_id: int | None,
    *,
    from_day: date,
    to_day: date,
    reason: Texts,
) -> int:
    """Stop sales of the venue's (or one product's) slots on these dates; returns how many were open. Bookings stay."""
    scope: dict[str, object] = {
        "venue_id": venue_id,
        "product_id": product_id,
        "from_day": from_day,
        "to_day": to_day,
    }
    await tx.execute(_SQL["lock_slots"], scope)
    closed = await tx.execute(_SQL["close_slots"], scope | {"reason": Jsonb(reason)})
    return await _switch(tx, [row[0] for row in await closed.fetchall()], is_open=False)


async def reopen_slots(tx: Tx, venue_id: int, product_id: int | None, from_day: date, to_day: date) -> int:
    """Take up sales again on these dates and return how many slots opened.

    What the calendar closed (CALENDAR_REASONS) stays closed, and so do days that another closure of the catalogue still
    covers: lift the closure there first.
    """
    scope: dict[str, object] = {
        "venue_id": venue_id,
        "product_id": product_id,
        "from_day": from_day,
        "to_day": to_day,
    }
    await tx.execute(_SQL["lock_slots"], scope)
    cursor = await tx.execute(_SQL["reopen_slots"], scope | {"of_calendar": list(CALENDAR_REASONS)})
    opened = await _switch(tx, [row[0] for row in await cursor.fetchall()], is_open=True)
    standing = await catalogue.closures(tx, [venue_id], from_day, to_day)
    for closure in standing.get(venue_id, []):
        if closure.product_id is None or product_id in {None, closure.product_id}:
            opened -= await close_slots(
                tx,
                venue_id,
                product_id if closure.product_id is None else closure.product_id,
                from_day=max(from_day, closure.from_date),
                to_day=min(to_day, closure.to_date),
                reason=closure.reason,
            )
    return opened


async def reprice(tx: Tx, product_id: int, by_date: Mapping[date, int]) -> int:
    """Set the price (分 per place) of the product's slots on these dates; returns how many changed. Bookings keep theirs."""
    if not by_date:
        return 0
    scope: dict[str, object] = {"product_id": product_id, "from_day": min(by_date), "to_day": max(by_date)}
    await tx.execute(_SQL["lock_priced"], scope)
    prices = [{"on_date": day.isoformat(), "price_minor": price} for day, price in by_date.items()]
    cursor = await tx.execute(_SQL["reprice_slots"], {"product_id": product_id, "prices": json.dumps(prices)})
    ids = [row[0] for row in await cursor.fetchall()]
    await tx.execute(_SQL["bump_pools"], {"ids": ids})
    return len(ids)


async def set_capacity(
    tx: Tx, slot_id: int, capacity: int, *, below_taken: BelowTaken = "refuse"
) -> CapacityAnswer:
    """Set how many places a slot has in all; what channel reserves leave is adjusted with it.

    `below_taken`: what becomes of fewer places than are held and sold. One change of capacities per transaction: batches
    lock pools in id order, and two changes in one transaction do not.
    """
    if not 0 <= capacity <= CAPACITY_MAX:
        return CapacityAnswer.OUT_OF_RANGE
    rows = [
        _Counted(*row)
        for row in await (await tx.execute(_SQL["lock_slot_pools"], {"slot_id": slot_id})).fetchall()
    ]
    reserved = sum(one.capacity for one in rows if one.channel not in {"", GENERAL})
    wanted: dict[int, int] = {}
    for one in rows:
        target = capacity if one.kind == "session" else capacity - reserved
        if one.kind == "channel" and one.channel != GENERAL:
            continue
        if target < 0:
            return CapacityAnswer.BELOW_RESERVES
        if target < one.taken and below_taken == "refuse":
            return CapacityAnswer.BELOW_TAKEN
        wanted[one.id] = target
    return await _set_capacities(tx, wanted, rows, below_taken)


async def set_day_capacity(
    tx: Tx, venue_id: int, on_date: date, capacity: int, *, below_taken: BelowTaken = "refuse"
) -> CapacityAnswer:
    """Set the venue's carrying capacity of a date (an order's cap). `below_taken` as with a slot. One per transaction."""
    if not 0 <= capacity <= CAPACITY_MAX:
        return CapacityAnswer.OUT_OF_RANGE
    cursor = await tx.execute(_SQL["lock_day_pool"], {"venue_id": venue_id, "on_date": on_date})
    rows = [_Counted(*row) for row in await cursor.fetchall()]
    return await _set_capacities(tx, {one.id: capacity for one in rows}, rows, below_taken)


async def planned_capacity(tx: Tx, venue_id: int, on_date: date) -> int | None:
    """The carrying capacity with which the day will open; None: it has none, or sessions of it are open already."""
    products = await catalogue.products(tx, venue_id)
    row = {"venue_id": venue_id, "on_date": on_date}
    [(is_open,)] = await (await tx.execute(_SQL["has_slots_on"], row)).fetchall()
    if is_open or not products:
        return None
    presets, _ = await read_presets(tx, {})
    calendar = await load_calendar(tx)
    found = await openings(tx, products, presets, on_date, on_date)
    planned = [one for opening in found for one in plan(opening, calendar, on_date, on_date)]
    return day_capacities(planned).get(venue_id)


async def set_planned_capacity(tx: Tx, venue_id: int, on_date: date, capacity: int) -> CapacityAnswer:
    """Let the day open with so many places. UNKNOWN: the day will have no such figure, or it is there by now.

    The day's pool is made beforehand: opening keeps a pool that exists, and ties the day's sessions to it. Whichever of the two
    comes first, the other sees it.
    """
    if not 0 <= capacity <= CAPACITY_MAX:
        return CapacityAnswer.OUT_OF_RANGE
    if await planned_capacity(tx, venue_id, on_date) is None:
        return CapacityAnswer.UNKNOWN
    pool = NewPool("day", venue_id, None, on_date, None, None, capacity, is_open=True)
    added = await tx.execute(_SQL["add_pools"], {"pools": msgspec.json.encode([pool]).decode()})
    return CapacityAnswer.SET if added.rowcount else CapacityAnswer.UNKNOWN


async def _set_capacities(
    tx: Tx, wanted: Mapping[int, int], rows: Sequence["_Counted"], below_taken: BelowTaken
) -> CapacityAnswer:
    if not wanted:
        return CapacityAnswer.UNKNOWN
    changes = [(one, _change(one, wanted[one.id])) for one in rows if one.id in wanted]
    is_below = any(new.target is not None for _, new in changes)
    if is_below and below_taken == "refuse":
        return CapacityAnswer.BELOW_TAKEN
    changed = [new for old, new in changes if (new.capacity, new.target) != (old.capacity, old.target)]
    if changed:
        await tx.execute(_SQL["set_capacities"], {"pools": msgspec.json.encode(changed).decode()})
    if is_below:
        return CapacityAnswer.FOLLOWS
    return CapacityAnswer.SET if changed else CapacityAnswer.UNCHANGED


class _Counted(msgspec.Struct, frozen=True):
    """A locked pool. `may_open`: nothing but a target closes it."""

    id: int
    kind: str
    channel: str
    capacity: int
    taken: int
    target: int | None
    may_open: bool


class _Change(msgspec.Struct, frozen=True):
    id: int
    capacity: int
    is_open: bool
    target: int | None


def _change(one: _Counted, wanted: int) -> _Change:
    """A pool with so many places, or on the way there while more are taken."""
    if wanted < one.taken:
        return _Change(one.id, one.taken, is_open=False, target=wanted)
    return _Change(one.id, wanted, is_open=one.may_open, target=None)


async def _switch(tx: Tx, pool_ids: list[int], *, is_open: bool) -> int:
    if pool_ids:
        await tx.execute(_SQL["switch_pools"], {"ids": pool_ids, "is_open": is_open})
    return len(pool_ids)
