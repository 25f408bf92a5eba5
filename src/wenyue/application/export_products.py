"""Whoever may export has every product written out, as a list that an import reads: recorded before anything is read."""

from collections.abc import AsyncIterator, Callable

from wenyue import catalogue
from wenyue.application.on_server import KeyedWorks, acting_with
from wenyue.application.operating import Operator
from wenyue.audit import Entry, record
from wenyue.catalogue import Product, Venue
from wenyue.core.duties import Right
from wenyue.imports.products import ProductRow
from wenyue.platform.database.db import Tx


async def export_products(
    works: KeyedWorks, operator: Operator, progress: Callable[[int, int], None]
) -> AsyncIterator[ProductRow]:
    """Every active product of an active venue at one moment, in the order of their making. Raises NotAllowed.

    `progress` hears how many of how many.
    """
    async with acting_with(works, operator, Right.DATA_EXPORT) as act:
        total = await catalogue.listing.count_products(act.tx)
        detail: dict[str, object] = {"products": total}
        await record(act.tx, [Entry(act.now, operator.name, "products.exported", "export", detail)])
    done = 0
    async with works.db.reading(is_one_moment=True) as tx:
        async for venue, product in offered(tx):
            yield product_row(product, venue)
            done += 1
            progress(done, max(total, done))


async def offered(tx: Tx) -> AsyncIterator[tuple[Venue, Product]]:
    """Every active product with its venue, a page at a time."""
    after = 0
    while page := await catalogue.active_products(tx, after=after):
        venues = await catalogue.venues_by_id(tx, sorted({one.venue_id for one in page}))
        for one in page:
            yield venues[one.venue_id], one
        after = page[-1].id


def product_row(product: Product, venue: Venue) -> ProductRow:
    """The product as a list says it."""
    return ProductRow(
        venue=venue.code,
        code=product.code,
        name=product.name,
        kind=product.kind,
        price_minor=product.price_minor,
        currency=product.currency,
        policy=product.policy_code,
        needs_visitors=product.needs_visitors,
        person_rule=product.person_rule,
        is_first_gate=product.is_first_gate,
    )
