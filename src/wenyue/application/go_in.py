"""A traveller whose turn has come goes in from a waiting room: a token for their pass."""

from wenyue.container import Services
from wenyue.waiting_room import RoomProblem, TokenGiven


async def go_in(
    services: Services, traveller_id: int, event: str, presented: str
) -> TokenGiven | RoomProblem:
    """The same token again while it is good. Raises DatabaseDown."""
    return await services.room.exchange(event, traveller_id, presented)
