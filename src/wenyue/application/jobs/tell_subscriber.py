"""A subscriber is told of events: what failed before and is due again, then what is new."""

from collections.abc import Iterable

from wenyue import events
from wenyue.application.operating import Works
from wenyue.events import Subscriber


async def register(works: Works, subscribers: Iterable[Subscriber]) -> None:
    """Make them known, before anybody is told of anything: where those begin that are new."""
    async with works.db.transaction() as tx:
        await events.register(tx, subscribers)


async def tell_subscriber(works: Works, one: Subscriber) -> bool:
    """Whether more may wait at once; two transactions, each of a bounded part. One worker at a time has the turn."""
    now = works.clock()
    is_more = False
    for step in (events.tell_again, events.tell_next):
        async with works.db.transaction() as tx:
            is_more = await step(tx, one, now) or is_more
    return is_more
