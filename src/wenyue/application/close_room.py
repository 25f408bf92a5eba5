"""An operator ends a waiting room: what it guarded can be booked without a token."""

from wenyue import waiting_room
from wenyue.application.operating import Operator, Works, acting
from wenyue.application.steer_room import NoRoom, require_rooms


async def close_room(works: Works, operator: Operator, code: str) -> NoRoom | None:
    """None: it is closed. Closed again, nothing changes. Raises NotAllowed."""
    async with acting(works, operator) as act:
        room = await waiting_room.room_by_code(act.tx, code)
        if room is None:
            return NoRoom.UNKNOWN
        await require_rooms(act, room.venue_id, room.product_ids)
        await waiting_room.close(act.tx, room, act.now, actor=operator.name)
    return None
