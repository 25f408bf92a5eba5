"""A traveller moves a visit to a place that was offered for it: a stay with all its nights, at the sum that was shown."""

from collections.abc import Sequence
from uuid import UUID

from wenyue.application.actors import Traveller
from wenyue.application.asking import Denied
from wenyue.application.change_booking import Move, move_lines
from wenyue.application.placements import Placement
from wenyue.booking import Answer, Outcome
from wenyue.container import Services


async def move_visit(
    services: Services,
    traveller: Traveller,
    booking_id: UUID,
    chosen: Placement,
    *,
    line_no: int,
    price_minor: int | None,
    visitors: Sequence[int] = (),
    room_tokens: str = "",
) -> Answer | Denied:
    """Every line of the visit moves, or none (`move_lines`). Raises LoginEnded.

    `price_minor`: what was shown for a place in all of the visit; None: whatever it is. Another sum is PRICE_CHANGED, named for
    `line_no`: the engine compares line by line, and nobody was shown a single night's price.
    """
    if price_minor not in (None, chosen.slot.price_minor):
        price = chosen.slot.price_minor
        return Answer(Outcome.PRICE_CHANGED, booking_id, line=line_no, price_minor=price)
    moves = [Move(*move) for move in chosen.moves]
    return await move_lines(
        services, traveller, booking_id, moves, visitors=visitors, room_tokens=room_tokens
    )
