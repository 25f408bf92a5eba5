"""An operator sets how many people a session or a day of a venue has room for."""

from collections.abc import Awaitable
from datetime import date
from enum import StrEnum
from typing import Final

from wenyue.application.operating import NotDone, Operator, Works, acting, find_venue
from wenyue.audit import Entry, record
from wenyue.booking import opening
from wenyue.infra.db import Tx


class CapacitySet(StrEnum):
    """What came of it."""

    SET = "set"
    UNCHANGED = "unchanged"
    FOLLOWS = (
        "follows"  # more are taken: closed, and it goes down with every place given back until it is there
    )


async def set_capacity(
    works: Works,
    operator: Operator,
    slot_id: int,
    capacity: int,
    *,
    below_taken: opening.BelowTaken = "refuse",
) -> CapacitySet | NotDone:
    """Give a session so many places in all. `below_taken`: what becomes of fewer than are held and sold."""
    async with acting(works, operator) as (tx, now):
        venue_id = await opening.venue_of_slot(tx, slot_id)
        if venue_id is None or not operator.may_act_at(venue_id):
            return NotDone.SLOT_UNKNOWN
        asked = opening.set_capacity(tx, slot_id, capacity, below_taken=below_taken)
        entry = Entry(now, operator.name, "slot.capacity_set", f"slot:{slot_id}", {"capacity": capacity})
        return await _answer(tx, asked, entry, NotDone.SLOT_UNKNOWN)


async def set_day_capacity(
    works: Works,
    operator: Operator,
    venue_id: int,
    on_date: date,
    capacity: int,
    *,
    below_taken: opening.BelowTaken = "refuse",
) -> CapacitySet | NotDone:
    """Give a venue's day so many places (an authority's cap). `below_taken` as with a session."""
    async with acting(works, operator) as (tx, now):
        if await find_venue(tx, operator, venue_id) is None:
            return NotDone.VENUE_UNKNOWN
        asked = opening.set_day_capacity(tx, venue_id, on_date, capacity, below_taken=below_taken)
        detail: dict[str, object] = {"day": on_date.isoformat(), "capacity": capacity}
        entry = Entry(now, operator.name, "day.capacity_set", f"venue:{venue_id}", detail)
        return await _answer(tx, asked, entry, NotDone.DAY_UNKNOWN)


async def _answer(
    tx: Tx, asked: Awaitable[opening.CapacityAnswer], entry: Entry, unknown: NotDone
) -> CapacitySet | NotDone:
    said = await asked
    done = _DONE.get(said)
    if done is None:
        return _NOT_DONE.get(said, unknown)
    if done is not CapacitySet.UNCHANGED:
        await record(tx, [entry])
    return done


_DONE: Final = {
    opening.CapacityAnswer.SET: CapacitySet.SET,
    opening.CapacityAnswer.UNCHANGED: CapacitySet.UNCHANGED,
    opening.CapacityAnswer.FOLLOWS: CapacitySet.FOLLOWS,
}
_NOT_DONE: Final = {
    opening.CapacityAnswer.BELOW_TAKEN: NotDone.BELOW_TAKEN,
    opening.CapacityAnswer.BELOW_RESERVES: NotDone.BELOW_RESERVES,
    opening.CapacityAnswer.OUT_OF_RANGE: NotDone.BAD_CAPACITY,
}
