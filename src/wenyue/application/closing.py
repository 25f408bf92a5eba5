"""Closing a venue or a product for some days: what is asked, whether it can be, and what it would touch."""

from datetime import date

from msgspec import Struct

from wenyue.application.operating import Act, NotDone
from wenyue.application.operator_checks import (
    CLOSURES_OF_VENUE_MAX,
    are_dates,
    find_product,
    find_venue,
    is_reason,
)
from wenyue.booking import slot_planning, touched
from wenyue.catalogue import listing
from wenyue.changes import Counts, Effect, Looked
from wenyue.core.clock import local_date
from wenyue.core.duties import Right
from wenyue.locale import DEFAULT, Texts


class CloseSlots(Struct, frozen=True):
    """Both days included. `product_id` None: the whole venue. `reason` is what travellers are told, in Chinese at least."""

    venue_id: int
    from_day: date
    to_day: date
    reason: Texts
    product_id: int | None = None
    source: str = ""  # the notice that says so


async def look_at_closing(act: Act, request: CloseSlots) -> Looked | NotDone:
    """What it would touch: sessions that are open, and the places taken in them."""
    problem = await why_not_close(act, request)
    if problem is not None:
        return problem
    days = (request.from_day, request.to_day)
    found = await touched.of_days(act.tx, request.venue_id, request.product_id, *days, is_open=True)
    return Looked(request.venue_id, Effect.RESTRICTS, {}, Counts(found.sessions, found.places))


async def why_not_close(act: Act, request: CloseSlots) -> NotDone | None:
    """Why it cannot be announced; None: it can."""
    if not are_dates(request.from_day, request.to_day):
        return NotDone.BAD_DATES
    wording = _why_not_say(request)
    if wording is not None:
        return wording
    venue = await find_venue(act, Right.SLOTS_CLOSE, request.venue_id)
    if venue is None:
        return NotDone.VENUE_UNKNOWN
    today = local_date(act.now, venue.timezone)
    if await listing.count_closures(act.tx, venue.id, today) >= CLOSURES_OF_VENUE_MAX:
        return NotDone.TOO_MANY_CLOSURES
    if request.product_id is not None:
        product = await find_product(act, Right.SLOTS_CLOSE, request.product_id)
        if product is None or product.venue_id != request.venue_id:
            return NotDone.PRODUCT_UNKNOWN
    return None


def _why_not_say(request: CloseSlots) -> NotDone | None:
    """What is wrong with what travellers are to be told."""
    chinese = request.reason.get(DEFAULT, "")
    texts = (*request.reason.values(), request.source)
    if not is_reason(chinese) or not all(is_reason(text, may_be_empty=True) for text in texts):
        return NotDone.REASON_NEEDED
    return NotDone.REASON_RESERVED if chinese.strip() in slot_planning.CALENDAR_REASONS else None
