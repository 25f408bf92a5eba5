"""An operator ends a waiting room: what it guarded can be booked without a token."""

from wenyue import emergency
from wenyue.application.on_server import on_server
from wenyue.application.operating import Operator, Works
from wenyue.application.steer_room import NoRoom


async def close_room(works: Works, operator: Operator, code: str) -> NoRoom | None:
    """None: it is closed. Closed again, nothing changes."""
    async with on_server(works, operator) as act:
        room = await emergency.room_by_code(act.tx, code)
        if room is None:
            return NoRoom.UNKNOWN
        await emergency.close(act.tx, room, act.now, actor=operator.name)
    return None
