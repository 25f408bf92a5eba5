"""What a traveller's changes of bookings share: how the engine is asked."""

from uuid import UUID

from wenyue.accounts import LoginEnded
from wenyue.application.actors import Traveller
from wenyue.booking import Answer, ChangeKind, ChangeRequest, Outcome
from wenyue.container import Services


def change_request(
    kind: ChangeKind,
    traveller: Traveller,
    booking_id: UUID,
    *,
    moves: tuple[tuple[int, int], ...] = (),
    reason: bytes = b"",
    prices: tuple[tuple[int, int], ...] = (),
) -> ChangeRequest:
    """What the engine is asked on a traveller's behalf."""
    return ChangeRequest(
        kind, booking_id, traveller.name, traveller.id, moves, reason, login=traveller.login, prices=prices
    )


async def ask_engine(services: Services, request: ChangeRequest) -> Answer:
    """Its answer. Raises LoginEnded."""
    answer = await services.engine.change(request)
    if answer.outcome is Outcome.LOGIN_ENDED:
        raise LoginEnded
    return answer
