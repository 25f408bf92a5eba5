"""Whoever runs the server waits no more for a subscriber that no version of Wenyue knows."""

from wenyue.application.on_server import on_server
from wenyue.application.operating import Operator, Works
from wenyue.application.replay_events import note
from wenyue.events import operating


async def forget_subscriber(works: Works, operator: Operator, subscriber: str) -> None:
    """It keeps no event from being dropped. Recorded. Raises NoSubscriber."""
    async with on_server(works, operator) as act:
        await operating.forget(act.tx, subscriber)
        await note(act, "events.subscriber_forgotten", subscriber)
