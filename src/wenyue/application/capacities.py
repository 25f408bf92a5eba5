"""How many people a session or a day of a venue has room for: what is asked, by whom it may be, and what it would touch."""

from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from wenyue.application.operating import Act, NotDone
from wenyue.application.operator_checks import find_venue
from wenyue.booking import slot_planning, touched
from wenyue.changes import Counts, Effect, Looked
from wenyue.core.duties import Right

CAPACITY_MAX: Final = slot_planning.CAPACITY_MAX
BelowTaken = slot_planning.BelowTaken


class SetCapacity(Struct, frozen=True):
    """So many places of a session in all. `below_taken`: what becomes of fewer than are held and sold."""

    slot_id: int
    capacity: int
    below_taken: BelowTaken = "refuse"


class SetDayCapacity(Struct, frozen=True):
    """So many places of a venue's day (an authority's cap), also of one that is not open yet. `below_taken` as with a session."""

    venue_id: int
    on_date: date
    capacity: int
    below_taken: BelowTaken = "refuse"


Asked = SetCapacity | SetDayCapacity


async def look_at_capacity(act: Act, request: Asked) -> Looked | NotDone:
    """What it would touch. `was`: the capacity it has, or is on its way to; a lower one only restricts."""
    venue_id = await venue_of_capacity(act, request)
    if isinstance(venue_id, NotDone):
        return venue_id
    if isinstance(request, SetCapacity):
        found = await touched.of_slot(act.tx, request.slot_id)
    else:
        found = await touched.of_day_pool(act.tx, request.venue_id, request.on_date)
    if found is None and isinstance(request, SetDayCapacity) and is_ahead(act, request):
        planned = await slot_planning.planned_capacity(act.tx, venue_id, request.on_date)
        found = None if planned is None else touched.Touched(0, 0, planned)
    if found is None:
        return unknown_place(request)
    if not 0 <= request.capacity <= CAPACITY_MAX:
        return NotDone.BAD_CAPACITY
    effect = Effect.RESTRICTS if request.capacity <= found.aim else Effect.LOOSENS
    counts, is_other = Counts(found.sessions, found.places), request.capacity != found.aim
    return Looked(venue_id, effect, {"capacity": found.aim}, counts, is_other=is_other)


def is_ahead(act: Act, request: SetDayCapacity) -> bool:
    """Whether the day may be one that is not open yet."""
    return (
        act.now.date() <= request.on_date <= act.now.date() + timedelta(days=slot_planning.PLANNED_DAYS_MAX)
    )


async def venue_of_capacity(act: Act, request: Asked) -> int | NotDone:
    """Whose place it is, if they who act may set its capacity."""
    if isinstance(request, SetDayCapacity):
        found = await find_venue(act, Right.CAPACITY_SET, request.venue_id)
        return found.id if found is not None else NotDone.VENUE_UNKNOWN
    venue_id = await slot_planning.venue_of_slot(act.tx, request.slot_id)
    is_theirs = venue_id is not None and act.operator.may(Right.CAPACITY_SET, venue_id)
    return venue_id if venue_id is not None and is_theirs else NotDone.SLOT_UNKNOWN


def unknown_place(request: Asked) -> NotDone:
    """That there is no such session or day."""
    return NotDone.SLOT_UNKNOWN if isinstance(request, SetCapacity) else NotDone.DAY_UNKNOWN
