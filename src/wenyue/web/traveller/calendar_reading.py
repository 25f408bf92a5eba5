"""What the calendar of a product is drawn from, read now: slots, what the card pays, queues in front of them."""

from datetime import timedelta

from wenyue.booking import LineView, availability
from wenyue.catalogue import Product, Venue
from wenyue.core.clock import local_date
from wenyue.platform.database.db import Tx
from wenyue.web.shared.forms import parse_day
from wenyue.web.traveller.calendar_views import CALENDAR_DAYS, CalendarFacts
from wenyue.web.traveller.card_desk import Bearer, refusals_of
from wenyue.web.traveller.context import TravellerContext
from wenyue.web.traveller.queue_views import queues_of


async def calendar_facts(
    context: TravellerContext,
    tx: Tx,
    place: Venue,
    product: Product,
    bearer: Bearer | None,
    *,
    href: str = "",
    moving: LineView | None = None,
) -> CalendarFacts:
    """The facts of the calendar for one product, read now. `moving`: the line that looks for another place."""
    today = local_date(context.now, place.timezone)
    slots = await availability(tx, product.id, today, today + timedelta(days=CALENDAR_DAYS - 1), context.now)
    return CalendarFacts(
        venue=place,
        product=product,
        slots=slots,
        holidays=context.services.calendar,
        refusals=await refusals_of(context, tx, slots, bearer),
        read_at=context.now,
        now=context.services.clock(),
        chosen=parse_day(context.request.query_params.get("day", "")),
        href=href or f"/venues/{place.code}",
        moving=moving,
        queues=queues_of(context, [one.slot_id for one in slots], place.timezone),
    )
