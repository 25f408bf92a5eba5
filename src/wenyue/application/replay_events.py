"""Whoever runs the server has a subscriber told of everything from an event on once more."""

from msgspec import Struct

from wenyue.application.on_server import on_server
from wenyue.application.operating import Act, Operator, Works
from wenyue.audit import Entry, record
from wenyue.events import operating


class ReplayEvents(Struct, frozen=True):
    """`from_id`: the first row of the log to tell again."""

    subscriber: str
    from_id: int


async def replay_events(works: Works, operator: Operator, request: ReplayEvents) -> int:
    """How many rows are told again. Recorded. Raises NoSubscriber, NotComeTo."""
    async with on_server(works, operator) as act:
        count = await operating.replay(act.tx, request.subscriber, request.from_id)
        detail: dict[str, object] = {"from": request.from_id, "rows": count}
        await note(act, "events.replayed", request.subscriber, detail)
    return count


async def note(act: Act, action: str, subscriber: str, detail: dict[str, object] | None = None) -> None:
    """Write down what was done with a subscriber."""
    await record(act.tx, [Entry(act.now, act.operator.name, action, f"subscriber:{subscriber}", detail)])
