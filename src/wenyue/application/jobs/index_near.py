"""Bookings of days that come near are indexed for the gates' look-up."""

from wenyue.container import Services
from wenyue.gate import go_through


async def index_near(services: Services) -> bool:
    """Whether more may wait. Nothing is done while another worker is at it."""
    days = services.settings.gate.lookup_days
    async with services.db.transaction() as tx:
        return await go_through(tx, services.vault, services.clock(), days=days)
