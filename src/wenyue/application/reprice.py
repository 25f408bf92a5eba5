"""An operator sets what a product costs on certain days."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from wenyue.application.operating import Act, NotDone, Operator, Works, acting
from wenyue.application.operator_checks import are_dates, find_product
from wenyue.audit import Entry, record
from wenyue.booking import slot_planning, touched
from wenyue.catalogue import Product, set_prices
from wenyue.changes import Counts, Effect, Looked
from wenyue.core.duties import Right
from wenyue.events import append, kinds

PRICE_MINOR_MAX: Final = 10**9


class Reprice(Struct, frozen=True):
    """`prices`: per place, in minor units (分), by venue-local date."""

    product_id: int
    prices: Mapping[date, int]


async def reprice(works: Works, operator: Operator, request: Reprice) -> int | NotDone:
    """Set the prices for sessions that are open and for those that will be; how many open sessions changed.

    Both are one truth: the calendar's price by date, and the price of the slots that were made from it. Bookings keep theirs.
    """
    async with acting(works, operator) as act:
        return await do_reprice(act, request)


async def look_at_repricing(act: Act, request: Reprice) -> Looked | NotDone:
    """What it would touch: sessions of these days. Bookings keep their price, so no money is.

    `was`: by day what its sessions cost until now, in minor units; `[lowest, highest]` where they differ.
    """
    product = await _check(act, request)
    if isinstance(product, NotDone):
        return product
    costs = await touched.prices_on(act.tx, product, request.prices)
    was: dict[str, int | list[int]] = {
        day.isoformat(): low if low == high else [low, high] for day, (low, high) in sorted(costs.items())
    }
    here = await touched.of_dates(act.tx, product.id, request.prices)
    becomes: dict[str, int | list[int]] = {
        day.isoformat(): price for day, price in sorted(request.prices.items())
    }
    counts = Counts(here.sessions, here.places)
    return Looked(product.venue_id, Effect.LOOSENS, was, counts, is_other=becomes != was)


async def do_reprice(act: Act, request: Reprice) -> int | NotDone:
    """The same in a transaction that has begun."""
    product = await _check(act, request)
    if isinstance(product, NotDone):
        return product
    await set_prices(act.tx, request.product_id, dict(request.prices))
    slots = await slot_planning.reprice(act.tx, request.product_id, request.prices)
    detail: dict[str, object] = {
        "slots": slots,
        "prices": {day.isoformat(): price for day, price in sorted(request.prices.items())},
    }
    subject = f"product:{request.product_id}"
    await record(act.tx, [Entry(act.now, act.operator.name, "product.repriced", subject, detail)])
    days = (min(request.prices), max(request.prices))
    await append(act.tx, [kinds.ProductRepriced(product.venue_id, product.id, *days)], act.now)
    return slots


async def _check(act: Act, request: Reprice) -> Product | NotDone:
    if not request.prices or not are_dates(min(request.prices), max(request.prices)):
        return NotDone.BAD_DATES
    if not all(0 <= price <= PRICE_MINOR_MAX for price in request.prices.values()):
        return NotDone.BAD_PRICE
    return await find_product(act, Right.PRICES_SET, request.product_id) or NotDone.PRODUCT_UNKNOWN
