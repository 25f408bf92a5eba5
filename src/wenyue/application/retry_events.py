"""Whoever runs the server has what is stuck with a subscriber tried at once."""

from msgspec import Struct

from wenyue.application.on_server import on_server
from wenyue.application.operating import Operator, Works
from wenyue.application.replay_events import note
from wenyue.events import operating


class RetryEvents(Struct, frozen=True):
    """`subject` None: of everybody."""

    subscriber: str
    subject: str | None = None


async def retry_events(works: Works, operator: Operator, request: RetryEvents) -> int:
    """How many events are tried. Recorded. Raises NoSubscriber."""
    async with on_server(works, operator) as act:
        count = await operating.retry(act.tx, request.subscriber, request.subject, act.now)
        detail: dict[str, object] = {"events": count}
        about = {"subject": request.subject} if request.subject else {}
        await note(act, "events.retried", request.subscriber, detail | about)
    return count
