"""An operator sets how many people a session or a day of a venue has room for."""

from collections.abc import Awaitable
from enum import StrEnum
from typing import Final

from wenyue.application.capacities import (
    Asked,
    SetCapacity,
    SetDayCapacity,
    is_ahead,
    unknown_place,
    venue_of_capacity,
)
from wenyue.application.operating import Act, NotDone, Operator, Works, acting
from wenyue.audit import Entry, record
from wenyue.booking import slot_planning
from wenyue.events import append, kinds


class CapacitySet(StrEnum):
    """What came of it."""

    SET = "set"
    UNCHANGED = "unchanged"
    FOLLOWS = (
        "follows"  # more are taken: closed, and it goes down with every place given back until it is there
    )


async def set_capacity(works: Works, operator: Operator, request: Asked) -> CapacitySet | NotDone:
    """Give a session or a day so many places."""
    async with acting(works, operator) as act:
        return await do_set_capacity(act, request)


async def do_set_capacity(act: Act, request: Asked) -> CapacitySet | NotDone:
    """The same in a transaction that has begun."""
    venue_id = await venue_of_capacity(act, request)
    if isinstance(venue_id, NotDone):
        return venue_id
    detail: dict[str, object] = {"capacity": request.capacity}
    if isinstance(request, SetCapacity):
        asked = slot_planning.set_capacity(
            act.tx, request.slot_id, request.capacity, below_taken=request.below_taken
        )
        entry = Entry(act.now, act.operator.name, "slot.capacity_set", f"slot:{request.slot_id}", detail)
        event: kinds.VenueEvent = kinds.SlotCapacitySet(venue_id, request.slot_id, request.capacity)
    else:
        asked = _set_day(act, request)
        detail = {"day": request.on_date.isoformat()} | detail
        entry = Entry(act.now, act.operator.name, "day.capacity_set", f"venue:{request.venue_id}", detail)
        event = kinds.DayCapacitySet(venue_id, request.on_date, request.capacity)
    return await _answer(act, asked, entry, event, unknown_place(request))


async def _set_day(act: Act, request: SetDayCapacity) -> slot_planning.CapacityAnswer:
    """A day that is open, or will be. Opened in this moment, it is there when it is asked again."""

    async def set_open() -> slot_planning.CapacityAnswer:
        return await slot_planning.set_day_capacity(
            act.tx, request.venue_id, request.on_date, request.capacity, below_taken=request.below_taken
        )

    said = await set_open()
    if said is not slot_planning.CapacityAnswer.UNKNOWN or not is_ahead(act, request):
        return said
    planned = await slot_planning.set_planned_capacity(
        act.tx, request.venue_id, request.on_date, request.capacity
    )
    return await set_open() if planned is slot_planning.CapacityAnswer.UNKNOWN else planned


async def _answer(
    act: Act,
    asked: Awaitable[slot_planning.CapacityAnswer],
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
    slot_planning.CapacityAnswer.SET: CapacitySet.SET,
    slot_planning.CapacityAnswer.UNCHANGED: CapacitySet.UNCHANGED,
    slot_planning.CapacityAnswer.FOLLOWS: CapacitySet.FOLLOWS,
}
_NOT_DONE: Final = {
    slot_planning.CapacityAnswer.BELOW_TAKEN: NotDone.BELOW_TAKEN,
    slot_planning.CapacityAnswer.BELOW_RESERVES: NotDone.BELOW_RESERVES,
    slot_planning.CapacityAnswer.OUT_OF_RANGE: NotDone.BAD_CAPACITY,
}
