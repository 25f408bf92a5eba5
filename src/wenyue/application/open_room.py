"""An operator opens a waiting room: its seed is drawn and promised, and what it guards wants a token from now on."""

from wenyue import waiting_room
from wenyue.application.on_server import KeyedWorks
from wenyue.application.operating import Operator, acting
from wenyue.application.steer_room import require_rooms
from wenyue.waiting_room import NewRoom, Room


async def open_room(works: KeyedWorks, operator: Operator, request: NewRoom) -> Room:
    """The room as it stands then. Raises ValueError that names the field, NotAllowed."""
    async with acting(works, operator) as act:
        await require_rooms(act, request.venue_id, request.product_ids)
        return await waiting_room.open_room(act.tx, works.vault, request, act.now, actor=operator.name)
