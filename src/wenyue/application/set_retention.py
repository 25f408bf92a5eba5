"""An operator sets how long a kind of personal data is kept."""

from msgspec import Struct

from wenyue import retention
from wenyue.application.on_server import on_server, reason_for_record
from wenyue.application.operating import Operator, Works


class SetRetention(Struct, frozen=True):
    """`days` that it is kept."""

    kind: retention.Kind
    days: int
    reason: str


async def set_retention(works: Works, operator: Operator, request: SetRetention) -> int:
    """The days that it was kept before. Recorded. Raises ValueError that names the field."""
    reason = reason_for_record(request.reason)
    async with on_server(works, operator) as act:
        return await retention.set_period(
            act.tx, request.kind, request.days, now=act.now, actor=operator.name, reason=reason
        )
