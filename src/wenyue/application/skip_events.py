"""Whoever runs the server gives up events that cannot be handled; what waited behind them is tried at once."""

from msgspec import Struct

from wenyue.application.on_server import on_server
from wenyue.application.operating import Operator, Works
from wenyue.application.replay_events import note
from wenyue.events import operating


class SkipEvents(Struct, frozen=True):
    """`is_all`: all that is stuck of the subject; otherwise its first event."""

    subscriber: str
    subject: str
    is_all: bool = False


async def skip_events(works: Works, operator: Operator, request: SkipEvents) -> list[int]:
    """The events that were given up; recorded when there are any. Raises NoSubscriber."""
    async with on_server(works, operator) as act:
        skipped = await operating.skip(
            act.tx, request.subscriber, request.subject, act.now, is_all=request.is_all
        )
        if skipped:
            detail: dict[str, object] = {"subject": request.subject, "events": skipped}
            await note(act, "events.skipped", request.subscriber, detail)
    return skipped
