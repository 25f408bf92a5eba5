"""The catalogue as it is, page by page: for lists that leave the house."""

from typing import Final

from wenyue.catalogue.model import Venue
from wenyue.catalogue.store import venues
from wenyue.core.limits import PAGE_SIZE_MAX
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.catalogue")


async def count_venues(tx: Tx) -> int:
    """How many active venues there are."""
    [(count,)] = await (await tx.execute(_SQL["count_venues"])).fetchall()
    return count


async def venues_after(tx: Tx, after: int) -> list[Venue]:
    """The next page of active venues, by id, after this one; none when that was the last."""
    return await venues(tx, after=after, limit=PAGE_SIZE_MAX)
