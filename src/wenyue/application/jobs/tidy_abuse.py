"""Counts that no window needs any more go, and findings that were not seen again end."""

from wenyue import abuse
from wenyue.application.operating import Works
from wenyue.platform.database.advisory_lock import try_lock


async def tidy_abuse(works: Works) -> None:
    """Nothing is done while another worker is at it."""
    async with works.db.transaction() as tx:
        if await try_lock(tx, "look for suspicious bookings"):
            await abuse.tidy(tx, works.clock())
