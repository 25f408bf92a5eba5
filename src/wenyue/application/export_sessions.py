"""Whoever may export has the sessions to come written out, as a list that an import reads: recorded before anything is read."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Final

from wenyue import catalogue
from wenyue.application.export_products import offered
from wenyue.application.on_server import KeyedWorks, acting_with
from wenyue.application.operating import Operator
from wenyue.application.written_sessions import session_rows
from wenyue.audit import Entry, record
from wenyue.booking import importing
from wenyue.core.clock import local_date
from wenyue.core.duties import Right
from wenyue.imports.sessions import SessionRow

_AHEAD_MAX: Final = timedelta(days=800)


async def export_sessions(
    works: KeyedWorks, operator: Operator, progress: Callable[[int, int], None]
) -> AsyncIterator[SessionRow]:
    """The open sessions of every active product from today on, at one moment, product by product. Raises NotAllowed.

    `progress` hears of how many products of how many.
    """
    async with acting_with(works, operator, Right.DATA_EXPORT) as act:
        total, now = await catalogue.listing.count_products(act.tx), act.now
        detail: dict[str, object] = {"products": total}
        await record(act.tx, [Entry(now, operator.name, "sessions.exported", "export", detail)])
    done = 0
    async with works.db.reading(is_one_moment=True) as tx:
        async for venue, product in offered(tx):
            today = local_date(now, venue.timezone)
            there = await importing.sessions_there(tx, [product.id], today, today + _AHEAD_MAX)
            for row in session_rows(venue, product, there, today):
                yield row
            done += 1
            progress(done, max(total, done))
