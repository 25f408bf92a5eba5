"""A traveller whose turn has come goes in from a waiting room: a token for their pass."""

from wenyue.emergency import RoomProblem, TokenGiven
from wenyue.services import Services


async def go_in(
    services: Services, traveller_id: int, event: str, presented: str
) -> TokenGiven | RoomProblem:
    """The same token again while it is good. Raises DatabaseDown."""
    return await services.room.exchange(event, traveller_id, presented)
