"""An operator closes a venue or a product for some days. Bookings stand: nobody is moved by it."""

from msgspec import Struct

from wenyue.application.closing import CloseSlots, why_not_close
from wenyue.application.operating import Act, NotDone, Operator, Works, acting
from wenyue.application.operator_checks import span_detail
from wenyue.audit import Entry, record
from wenyue.booking import slot_planning
from wenyue.catalogue import NewClosure, add_closure
from wenyue.events import append, kinds


class Closed(Struct, frozen=True):
    """`closure_id` None: the very same closure stood already. `slots`: how many were open until now."""

    closure_id: int | None
    slots: int


async def close_slots(works: Works, operator: Operator, request: CloseSlots) -> Closed | NotDone:
    """Announce a closure and stop sales; days that are not open yet will open closed. Asked again, it changes nothing."""
    async with acting(works, operator) as act:
        return await do_close_slots(act, request)


async def do_close_slots(act: Act, request: CloseSlots) -> Closed | NotDone:
    """The same in a transaction that has begun."""
    problem = await why_not_close(act, request)
    if problem is not None:
        return problem
    closure_id = await add_closure(
        act.tx,
        NewClosure(
            venue_id=request.venue_id,
            product_id=request.product_id,
            from_date=request.from_day,
            to_date=request.to_day,
            reason=request.reason,
            source=request.source,
        ),
    )
    slots = await slot_planning.close_slots(
        act.tx,
        request.venue_id,
        request.product_id,
        from_day=request.from_day,
        to_day=request.to_day,
        reason=request.reason,
    )
    if closure_id is not None or slots:
        detail = span_detail(request.from_day, request.to_day, request.product_id) | {"slots": slots}
        subject = f"venue:{request.venue_id}"
        await record(act.tx, [Entry(act.now, act.operator.name, "slots.closed", subject, detail)])
        days = (request.from_day, request.to_day)
        await append(act.tx, [kinds.SlotsClosed(request.venue_id, request.product_id, *days)], act.now)
    return Closed(closure_id, slots)
