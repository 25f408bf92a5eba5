"""An operator lifts a closure and takes up sales again."""

from msgspec import Struct

from wenyue.application.operating import Act, NotDone, Operator, Works, acting
from wenyue.application.operator_checks import span_detail
from wenyue.audit import Entry, record
from wenyue.booking import slot_planning, touched
from wenyue.catalogue import Closure, closure
from wenyue.catalogue import lift_closure as end_closure
from wenyue.changes import Counts, Effect, Looked
from wenyue.core.duties import Right
from wenyue.events import append, kinds
from wenyue.locale import DEFAULT, text_in


class LiftClosure(Struct, frozen=True):
    """Which closure."""

    closure_id: int


async def lift_closure(works: Works, operator: Operator, request: LiftClosure) -> int | NotDone:
    """Lift a closure and take up sales again; how many slots opened. What another closure covers stays closed."""
    async with acting(works, operator) as act:
        return await do_lift_closure(act, request)


async def look_at_lifting(act: Act, request: LiftClosure) -> Looked | NotDone:
    """What it would touch: sessions that are closed, and the places taken in them."""
    found = await _find(act, request)
    if found is None:
        return NotDone.CLOSURE_UNKNOWN
    days = (found.from_date, found.to_date)
    here = await touched.of_days(act.tx, found.venue_id, found.product_id, *days, is_open=False)
    was = span_detail(*days, found.product_id) | {"reason": text_in(found.reason, DEFAULT)}
    return Looked(found.venue_id, Effect.LOOSENS, was, Counts(here.sessions, here.places))


async def do_lift_closure(act: Act, request: LiftClosure) -> int | NotDone:
    """The same in a transaction that has begun."""
    found = await _find(act, request)
    if found is None or not await end_closure(act.tx, found.id, act.now):
        return NotDone.CLOSURE_UNKNOWN
    slots = await slot_planning.reopen_slots(
        act.tx, found.venue_id, found.product_id, found.from_date, found.to_date
    )
    detail = span_detail(found.from_date, found.to_date, found.product_id) | {"slots": slots}
    entry = Entry(act.now, act.operator.name, "slots.reopened", f"venue:{found.venue_id}", detail)
    await record(act.tx, [entry])
    days = (found.from_date, found.to_date)
    await append(act.tx, [kinds.SlotsReopened(found.venue_id, found.product_id, *days)], act.now)
    return slots


async def _find(act: Act, request: LiftClosure) -> Closure | None:
    found = await closure(act.tx, request.closure_id)
    return found if found is not None and act.operator.may(Right.SLOTS_REOPEN, found.venue_id) else None
