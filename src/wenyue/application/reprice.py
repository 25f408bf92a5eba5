"""An operator sets what a product costs on certain days."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from wenyue.application.operating import NotDone, Operator, Works, acting, are_dates, find_product
from wenyue.audit import Entry, record
from wenyue.booking import opening
from wenyue.catalogue import set_prices

PRICE_MINOR_MAX: Final = 10**9


class Reprice(Struct, frozen=True):
    """`prices`: per place, in minor units (分), by venue-local date."""

    product_id: int
    prices: Mapping[date, int]


async def reprice(works: Works, operator: Operator, request: Reprice) -> int | NotDone:
    """Set the prices for sessions that are open and for those that will be; how many open sessions changed.

    Both are one truth: the calendar's price by date, and the price of the slots that were made from it. Bookings keep theirs.
    """
    if not request.prices or not are_dates(min(request.prices), max(request.prices)):
        return NotDone.BAD_DATES
    if not all(0 <= price <= PRICE_MINOR_MAX for price in request.prices.values()):
        return NotDone.BAD_PRICE
    async with acting(works, operator) as (tx, now):
        if await find_product(tx, operator, request.product_id) is None:
            return NotDone.PRODUCT_UNKNOWN
        await set_prices(tx, request.product_id, dict(request.prices))
        slots = await opening.reprice(tx, request.product_id, request.prices)
        detail: dict[str, object] = {
            "slots": slots,
            "prices": {day.isoformat(): price for day, price in sorted(request.prices.items())},
        }
        await record(
            tx, [Entry(now, operator.name, "product.repriced", f"product:{request.product_id}", detail)]
        )
    return slots
