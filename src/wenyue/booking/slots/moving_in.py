"""What an import opens at a venue that sells already follows the venue: its closures, capacities, prices and release."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from wenyue import catalogue
from wenyue.booking.slots.planning import NewPool, Opening, closed_reason, plan
from wenyue.booking.slots.slot_planning import openings
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries
from wenyue.policy import HolidayCalendar, load_calendar, read_presets, release_at, sales_end_at

_SQL: Final = queries("wenyue.booking.slots", "slot_planning.sql")


class NewSlot(msgspec.Struct, frozen=True):
    """A slot to open, past or future, with a pool of its own. Money in minor units.

    `is_only`: the product has one a day. `fitted_by`: the import that opens it with as many places as its file needs, and may
    give it more; None: the capacity was stated.
    """

    venue_id: int
    product_id: int
    on_date: date
    starts_at: datetime
    ends_at: datetime
    release_at: datetime
    closes_at: datetime
    capacity: int
    price_minor: int
    currency: str
    is_open: bool = True
    closed_reason: Texts = {}
    is_only: bool = True
    fitted_by: str | None = None


async def follow_venue(
    tx: Tx, venue_id: int, slots: Sequence[NewSlot], known: Collection[int], today: date
) -> list[NewSlot]:
    """These slots of a venue as they may open: those from `today` on by the venue's own rules, earlier ones as they are.

    `known`: products that were there before. The pools of coming days that are to have a carrying capacity are made first, as
    when a day is opened, so that whatever is opened there draws from them.
    """
    ahead = [slot.on_date for slot in slots if slot.on_date >= today]
    if not ahead:
        return list(slots)
    presets, _ = await read_presets(tx, {})
    calendar = await load_calendar(tx)
    products = await catalogue.products(tx, venue_id)
    found = await openings(tx, products, presets, min(ahead), max(ahead))
    pools = planned_days(found, calendar, ahead)
    if pools:
        await tx.execute(_SQL["add_pools"], {"pools": msgspec.json.encode(pools).decode()})
    by_product = {one.product.id: one for one in found}
    return [as_venue(slot, by_product, calendar, known) if slot.on_date >= today else slot for slot in slots]


def planned_days(
    found: Sequence[Opening], calendar: HolidayCalendar, wanted: Collection[date]
) -> list[NewPool]:
    """Pure: the pools of these days with the carrying capacity that each will open with; days without one are left out."""
    pools: dict[date, NewPool] = {}
    for one in found:
        for day in sorted(set(wanted)):
            for _, needed in plan(one, calendar, day, day):
                for pool in needed:
                    if pool.kind == "day":
                        pools.setdefault(day, pool)
    return [pools[day] for day in sorted(pools)]


def as_venue(
    slot: NewSlot, found: Mapping[int, Opening], calendar: HolidayCalendar, known: Collection[int]
) -> NewSlot:
    """Pure: the slot as the venue opens it. Closed where the venue is; a product that was there keeps its prices and release.

    A file loosens nothing that asks for a second person where an operator does it.
    """
    opening = found.get(slot.product_id)
    if opening is None:
        return slot
    reason = closed_reason(opening, slot.on_date, calendar.day_kind(slot.on_date))
    slot = msgspec.structs.replace(slot, is_open=not reason, closed_reason=reason)
    if slot.product_id not in known:
        return slot
    preset, timezone, own = opening.preset, opening.venue.timezone, opening.product.price_minor
    return msgspec.structs.replace(
        slot,
        price_minor=opening.prices.get(slot.on_date, own),
        release_at=release_at(preset, slot.on_date, timezone),
        closes_at=sales_end_at(preset, slot.starts_at, slot.ends_at, timezone),
    )
