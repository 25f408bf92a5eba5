"""An operator closes a venue or a product for some days, and lifts the closure again. Bookings stand: nobody is moved by it."""

from datetime import date

from msgspec import Struct

from wenyue.application.operating import (
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
from wenyue.booking import opening
from wenyue.catalogue import NewClosure, add_closure, closure, lift_closure


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
    if not are_dates(request.from_day, request.to_day):
        return NotDone.BAD_DATES
    texts = (request.reason_en, request.source)
    if not is_reason(request.reason_zh) or not all(is_reason(text, may_be_empty=True) for text in texts):
        return NotDone.REASON_NEEDED
    async with acting(works, operator) as (tx, now):
        if await find_venue(tx, operator, request.venue_id) is None:
            return NotDone.VENUE_UNKNOWN
        if request.product_id is not None:
            product = await find_product(tx, operator, request.product_id)
            if product is None or product.venue_id != request.venue_id:
                return NotDone.PRODUCT_UNKNOWN
        closure_id = await add_closure(
            tx,
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
            tx,
            request.venue_id,
            request.product_id,
            from_day=request.from_day,
            to_day=request.to_day,
            reason_zh=request.reason_zh,
            reason_en=request.reason_en,
        )
        if closure_id is not None or slots:
            detail = _days(request.from_day, request.to_day, request.product_id) | {"slots": slots}
            await record(tx, [Entry(now, operator.name, "slots.closed", f"venue:{request.venue_id}", detail)])
    return Closed(closure_id, slots)


async def lift_closure_of(works: Works, operator: Operator, closure_id: int) -> int | NotDone:
    """Lift a closure and take up sales again; how many slots opened. What another closure covers stays closed."""
    async with acting(works, operator) as (tx, now):
        found = await closure(tx, closure_id)
        if found is None or not operator.may_act_at(found.venue_id):
            return NotDone.CLOSURE_UNKNOWN
        await lift_closure(tx, closure_id, now)
        slots = await opening.reopen_slots(
            tx, found.venue_id, found.product_id, found.from_date, found.to_date
        )
        detail = _days(found.from_date, found.to_date, found.product_id) | {"slots": slots}
        await record(tx, [Entry(now, operator.name, "slots.reopened", f"venue:{found.venue_id}", detail)])
    return slots


def _days(from_day: date, to_day: date, product_id: int | None) -> dict[str, object]:
    of_product: dict[str, object] = {} if product_id is None else {"product": product_id}
    return {"from": from_day.isoformat(), "to": to_day.isoformat()} | of_product
