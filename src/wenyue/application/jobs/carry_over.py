"""Notes of an earlier version become events."""

from wenyue.application.operating import Works
from wenyue.booking import tasks


async def carry_over(works: Works) -> bool:
    """Whether more may wait; several workers share them."""
    async with works.db.transaction() as tx:
        return await tasks.carry_over(tx, works.clock())
