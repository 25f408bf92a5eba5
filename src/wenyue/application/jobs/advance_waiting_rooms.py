"""The waiting rooms are looked after: released, thresholds raised, their files written."""

from collections.abc import Awaitable, Callable

from wenyue import waiting_room
from wenyue.container import Services
from wenyue.platform.database.db import Tx
from wenyue.waiting_room import Room


async def advance_waiting_rooms(
    services: Services, places_left: Callable[[Tx, Room], Awaitable[int | None]]
) -> int:
    """How many rooms there are. `places_left`: how many places behind a room can still be booked online; None: not known.

    Nothing is done while another worker is at it.
    """
    now = services.clock()
    async with services.db.transaction() as tx:
        return await waiting_room.advance_waiting_rooms(
            tx, services.vault, now, places_left=places_left, freshness=services.freshness
        )
