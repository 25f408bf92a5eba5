"""The coming sessions of every product are opened, one day more than can be released."""

from wenyue.booking import tasks
from wenyue.container import Services


async def open_ahead(services: Services) -> bool:
    """Whether it was done; False: another worker is at it."""
    async with services.db.transaction() as tx:
        return await tasks.open_ahead(tx, services.rulebook, services.clock()) is not None
