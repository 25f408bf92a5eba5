"""Sessions that nobody of a booking came to are counted once their day and the preset's grace are over."""

from wenyue.booking import tasks
from wenyue.container import Services


async def mark_no_shows(services: Services) -> bool:
    """Whether more wait. Nothing is done while another worker is at it; what the engine could not decide comes again."""
    async with services.db.transaction() as tx:
        return await tasks.mark_no_shows(tx, services.engine, services.clock())
