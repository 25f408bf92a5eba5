"""Whoever may import brings a list of products in; what the list does not say of a product that is there stays.

A product is known by its venue and its code there; where the list has no code, or one that is not known, by its name. Of one
that is sold already, a list changes its name alone: prices and rules need a second person.
"""

from typing import Final

from wenyue import catalogue
from wenyue.application.known_products import KnownProducts
from wenyue.application.list_outcomes import ListRequest, ListTaken, ListVerdict
from wenyue.application.on_server import acting_with, require
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.catalogue import Product
from wenyue.core.duties import Right
from wenyue.events import append, kinds
from wenyue.imports.products import ProductRow
from wenyue.platform.database.db import Tx

PRODUCTS_PER_STATEMENT_MAX: Final = 1_000


async def import_products(works: Works, operator: Operator, request: ListRequest[ProductRow]) -> ListTaken:
    """Take them all or none. Raises NotAllowed, LoginEnded."""
    if request.is_dry_run:
        require(operator, Right.DATA_IMPORT)
        async with works.db.reading() as tx:
            return await do_import_products(tx, request)
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        taken = await do_import_products(act.tx, request)
        new, changed = taken.counts[ListVerdict.NEW], taken.counts[ListVerdict.CHANGED]
        detail: dict[str, object] = {"source": request.source, "new": new, "changed": changed}
        await record(act.tx, [Entry(act.now, operator.name, "products.imported", "import", detail)])
        if new or changed:
            await append(act.tx, [kinds.ProductsImported(request.source, new, changed)], act.now)
    return taken


async def do_import_products(tx: Tx, request: ListRequest[ProductRow]) -> ListTaken:
    """The same in a transaction that has begun; of a rehearsal it only reads."""
    known = await KnownProducts.of(tx, [row for _, row in request.rows])
    taken, wanted = ListTaken(), list[Product]()
    for line, row in request.rows:
        outcome, product = known.take(line, row, request.source)
        taken.outcomes.append(outcome)
        if product is not None:
            wanted.append(product)
    if not request.is_dry_run:
        for at in range(0, len(wanted), PRODUCTS_PER_STATEMENT_MAX):
            await catalogue.upsert_products(tx, wanted[at : at + PRODUCTS_PER_STATEMENT_MAX])
    brought = set(await catalogue.listing.products_of_source(tx, request.source))
    taken.gone = [f"{venue}/{code}" for venue, code in sorted(brought - known.seen)]
    return taken
