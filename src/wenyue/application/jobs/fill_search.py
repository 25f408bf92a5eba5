"""Venues that were written without what they are found by, or by older rules, get it."""

from wenyue import catalogue
from wenyue.application.operating import Works


async def fill_search(works: Works) -> bool:
    """Whether more may wait; several workers share them."""
    async with works.db.transaction() as tx:
        return await catalogue.searching.fill_search(tx) > 0
