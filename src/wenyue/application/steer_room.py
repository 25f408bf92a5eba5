"""An operator pauses a waiting room or lets it go on, tells those who wait something, sets the greatest rate."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from wenyue import catalogue, waiting_room
from wenyue.application.on_server import require
from wenyue.application.operating import Act, Operator, Works, acting
from wenyue.core.duties import Right
from wenyue.locale import Texts


class SteerRoom(Struct, frozen=True):
    """What is to be other than it is; None: as it is. `message` empty: none."""

    code: str
    is_paused: bool | None = None
    message: Texts | None = None
    rate_max: float | None = None


class NoRoom(StrEnum):
    """Why nothing was done."""

    UNKNOWN = "unknown"
    CLOSED = "closed"  # for good


async def steer_room(works: Works, operator: Operator, request: SteerRoom) -> NoRoom | None:
    """None: done. Raises ValueError that names the field, NotAllowed."""
    async with acting(works, operator) as act:
        room = await waiting_room.room_by_code(act.tx, request.code)
        if room is None:
            return NoRoom.UNKNOWN
        await require_rooms(act, room.venue_id, room.product_ids)
        if room.closed_at is not None:
            return NoRoom.CLOSED
        await waiting_room.steer_room(
            act.tx,
            room,
            act.now,
            actor=operator.name,
            is_paused=room.is_paused if request.is_paused is None else request.is_paused,
            message=room.message if request.message is None else request.message,
            rate_max=room.rate_max if request.rate_max is None else request.rate_max,
        )
    return None


async def require_rooms(act: Act, venue_id: int | None, product_ids: Sequence[int]) -> None:
    """They who act may steer what guards this venue or these products: at each of their venues. Raises NotAllowed."""
    venues: set[int | None] = set() if venue_id is None else {venue_id}
    for product_id in product_ids:
        found = await catalogue.product(act.tx, product_id)
        venues.add(None if found is None else found.venue_id)
    require(act.operator, Right.ROOMS_MANAGE, venues or {None})
