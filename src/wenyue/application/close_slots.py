"""An operator closes a venue or a product for some days. Bookings stand: nobody is moved by it."""

from datetime import date

from msgspec import Struct

from wenyue.application.operating import (
    CLOSURES_OF_VENUE_MAX,
    Act,
    NotDone,
    Operator,
    Works,
    acting,
    are_dates,
    find_product,
    find_venue,
    is_reason,
)
from wenyue.audit import Entry, record
from wenyue.booking import opening, touched
from wenyue.catalogue import NewClosure, add_closure, count_closures
from wenyue.changes import Counts, Effect, Looked
from wenyue.events import append, kinds
from wenyue.kernel.clock import local_date
from wenyue.kernel.duties import Right


class CloseSlots(Struct, frozen=True):
    """Both days included. `product_id` None: the whole venue. `reason_zh` is what travellers are told, `reason_en` in English."""

    venue_id: int
    from_day: date
    to_day: date
    reason_zh: str
    reason_en: str = ""
    product_id: int | None = None
    source: str = ""  # the notice that says so


class Closed(Struct, frozen=True):
    """`closure_id` None: the very same closure stood already. `slots`: how many were open until now."""

    closure_id: int | None
    slots: int


async def close_slots(works: Works, operator: Operator, request: CloseSlots) -> Closed | NotDone:
    """Announce a closure and stop sales; days that are not open yet will open closed. Asked again, it changes nothing."""
    async with acting(works, operator) as act:
        return await do_close_slots(act, request)


async def look_at_closing(act: Act, request: CloseSlots) -> Looked | NotDone:
    """What it would touch: sessions that are open, and the places taken in them."""
    problem = await _why_not(act, request)
    if problem is not None:
        return problem
    days = (request.from_day, request.to_day)
    found = await touched.of_days(act.tx, request.venue_id, request.product_id, *days, is_open=True)
    return Looked(request.venue_id, Effect.RESTRICTS, {}, Counts(found.sessions, found.places))


async def do_close_slots(act: Act, request: CloseSlots) -> Closed | NotDone:
    """The same in a transaction that has begun."""
    problem = await _why_not(act, request)
    if problem is not None:
        return problem
    closure_id = await add_closure(
        act.tx,
        NewClosure(
            venue_id=request.venue_id,
            product_id=request.product_id,
            from_date=request.from_day,
            to_date=request.to_day,
            reason_zh=request.reason_zh,
            reason_en=request.reason_en,
            source=request.source,
        ),
    )
    slots = await opening.close_slots(
        act.tx,
        request.venue_id,
        request.product_id,
        from_day=request.from_day,
        to_day=request.to_day,
        reason_zh=request.reason_zh,
        reason_en=request.reason_en,
    )
    if closure_id is not None or slots:
        detail = span_detail(request.from_day, request.to_day, request.product_id) | {"slots": slots}
        subject = f"venue:{request.venue_id}"
        await record(act.tx, [Entry(act.now, act.operator.name, "slots.closed", subject, detail)])
        days = (request.from_day, request.to_day)
        await append(act.tx, [kinds.SlotsClosed(request.venue_id, request.product_id, *days)], act.now)
    return Closed(closure_id, slots)


async def _why_not(act: Act, request: CloseSlots) -> NotDone | None:
    if not are_dates(request.from_day, request.to_day):
        return NotDone.BAD_DATES
    texts = (request.reason_en, request.source)
    if not is_reason(request.reason_zh) or not all(is_reason(text, may_be_empty=True) for text in texts):
        return NotDone.REASON_NEEDED
    venue = await find_venue(act, Right.SLOTS_CLOSE, request.venue_id)
    if venue is None:
        return NotDone.VENUE_UNKNOWN
    today = local_date(act.now, venue.timezone)
    if await count_closures(act.tx, venue.id, today) >= CLOSURES_OF_VENUE_MAX:
        return NotDone.TOO_MANY_CLOSURES
    if request.product_id is not None:
        product = await find_product(act, Right.SLOTS_CLOSE, request.product_id)
        if product is None or product.venue_id != request.venue_id:
            return NotDone.PRODUCT_UNKNOWN
    return None


def span_detail(from_day: date, to_day: date, product_id: int | None) -> dict[str, object]:
    """Days of a venue or a product, as the record keeps them."""
    of_product: dict[str, object] = {} if product_id is None else {"product": product_id}
    return {"from": from_day.isoformat(), "to": to_day.isoformat()} | of_product
