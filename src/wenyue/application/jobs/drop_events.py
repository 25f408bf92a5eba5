"""Events that everybody was told of, and an earlier version's notes, go when they are old."""

from wenyue import events
from wenyue.application.operating import Works
from wenyue.booking import tasks
from wenyue.platform.database.advisory_lock import try_lock


async def drop_events(works: Works) -> bool:
    """Whether more may be there; a bounded part at a time."""
    now = works.clock()
    async with works.db.transaction() as tx:
        is_more = await tasks.drop_old_notes(tx, now)
    async with works.db.transaction() as tx:
        return await try_lock(tx, "drop events") and (await events.drop_old(tx, now) or is_more)
