"""A traveller takes a place in the queue of a waiting room: a pass."""

from wenyue.container import Services
from wenyue.waiting_room import PassGiven, RoomProblem


async def take_pass(
    services: Services, traveller_id: int, event: str, presented: str = ""
) -> PassGiven | RoomProblem:
    """The same place however often and wherever they ask. `presented`: a pass that they have. Raises DatabaseDown."""
    return await services.room.give_pass(event, traveller_id, presented)
