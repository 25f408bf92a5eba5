"""An operator sets how many people a session or a day of a venue has room for."""

from collections.abc import Awaitable
from datetime import date
from enum import StrEnum
from typing import Final

from msgspec import Struct

from wenyue.application.operating import Act, NotDone, Operator, Works, acting, find_venue
from wenyue.audit import Entry, record
from wenyue.booking import opening, touched
from wenyue.changes import Counts, Effect, Looked
from wenyue.events import append, kinds
from wenyue.kernel.duties import Right


class SetCapacity(Struct, frozen=True):
    """So many places of a session in all. `below_taken`: what becomes of fewer than are held and sold."""

    slot_id: int
    capacity: int
    below_taken: opening.BelowTaken = "refuse"


class SetDayCapacity(Struct, frozen=True):
    """So many places of a venue's day (an authority's cap). `below_taken` as with a session."""

    venue_id: int
    on_date: date
    capacity: int
    below_taken: opening.BelowTaken = "refuse"


class CapacitySet(StrEnum):
    """What came of it."""

    SET = "set"
    UNCHANGED = "unchanged"
    FOLLOWS = (
        "follows"  # more are taken: closed, and it goes down with every place given back until it is there
    )


Asked = SetCapacity | SetDayCapacity


async def set_capacity(works: Works, operator: Operator, request: Asked) -> CapacitySet | NotDone:
    """Give a session or a day so many places."""
    async with acting(works, operator) as act:
        return await do_set_capacity(act, request)


async def look_at_capacity(act: Act, request: Asked) -> Looked | NotDone:
    """What it would touch. `was`: the capacity it has, or is on its way to; a lower one only restricts."""
    venue_id = await _venue_of(act, request)
    if isinstance(venue_id, NotDone):
        return venue_id
    if isinstance(request, SetCapacity):
        found = await touched.of_slot(act.tx, request.slot_id)
    else:
        found = await touched.of_day_pool(act.tx, request.venue_id, request.on_date)
    if found is None:
        return _unknown(request)
    if not 0 <= request.capacity <= opening.CAPACITY_MAX:
        return NotDone.BAD_CAPACITY
    effect = Effect.RESTRICTS if request.capacity <= found.aim else Effect.LOOSENS
    counts, is_other = Counts(found.sessions, found.places), request.capacity != found.aim
    return Looked(venue_id, effect, {"capacity": found.aim}, counts, is_other=is_other)


async def do_set_capacity(act: Act, request: Asked) -> CapacitySet | NotDone:
    """The same in a transaction that has begun."""
    venue_id = await _venue_of(act, request)
    if isinstance(venue_id, NotDone):
        return venue_id
    detail: dict[str, object] = {"capacity": request.capacity}
    if isinstance(request, SetCapacity):
        asked = opening.set_capacity(
            act.tx, request.slot_id, request.capacity, below_taken=request.below_taken
        )
        entry = Entry(act.now, act.operator.name, "slot.capacity_set", f"slot:{request.slot_id}", detail)
        event: kinds.VenueEvent = kinds.SlotCapacitySet(venue_id, request.slot_id, request.capacity)
    else:
        asked = opening.set_day_capacity(
            act.tx, request.venue_id, request.on_date, request.capacity, below_taken=request.below_taken
        )
        detail = {"day": request.on_date.isoformat()} | detail
        entry = Entry(act.now, act.operator.name, "day.capacity_set", f"venue:{request.venue_id}", detail)
        event = kinds.DayCapacitySet(venue_id, request.on_date, request.capacity)
    return await _answer(act, asked, entry, event, _unknown(request))


async def _venue_of(act: Act, request: Asked) -> int | NotDone:
    if isinstance(request, SetDayCapacity):
        found = await find_venue(act, Right.CAPACITY_SET, request.venue_id)
        return found.id if found is not None else NotDone.VENUE_UNKNOWN
    venue_id = await opening.venue_of_slot(act.tx, request.slot_id)
    is_theirs = venue_id is not None and act.operator.may(Right.CAPACITY_SET, venue_id)
    return venue_id if venue_id is not None and is_theirs else NotDone.SLOT_UNKNOWN


def _unknown(request: Asked) -> NotDone:
    return NotDone.SLOT_UNKNOWN if isinstance(request, SetCapacity) else NotDone.DAY_UNKNOWN


async def _answer(
    act: Act,
    asked: Awaitable[opening.CapacityAnswer],
    entry: Entry,
    event: kinds.VenueEvent,
    unknown: NotDone,
) -> CapacitySet | NotDone:
    said = await asked
    done = _DONE.get(said)
    if done is None:
        return _NOT_DONE.get(said, unknown)
    if done is not CapacitySet.UNCHANGED:
        await record(act.tx, [entry])
        await append(act.tx, [event], act.now)
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
