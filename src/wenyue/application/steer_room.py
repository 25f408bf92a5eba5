"""An operator pauses a waiting room or lets it go on, tells those who wait something, sets the greatest rate."""

from enum import StrEnum

from msgspec import Struct

from wenyue import emergency
from wenyue.application.on_server import on_server
from wenyue.application.operating import Operator, Works


class SteerRoom(Struct, frozen=True):
    """What is to be other than it is; None: as it is. `message`: in Chinese and in English, empty: none."""

    code: str
    is_paused: bool | None = None
    message: tuple[str, str] | None = None
    rate_max: float | None = None


class NoRoom(StrEnum):
    """Why nothing was done."""

    UNKNOWN = "unknown"
    CLOSED = "closed"  # for good


async def steer_room(works: Works, operator: Operator, request: SteerRoom) -> NoRoom | None:
    """None: done. Raises ValueError that names the field."""
    async with on_server(works, operator) as act:
        room = await emergency.room_by_code(act.tx, request.code)
        if room is None:
            return NoRoom.UNKNOWN
        if room.closed_at is not None:
            return NoRoom.CLOSED
        await emergency.steer_room(
            act.tx,
            room,
            act.now,
            actor=operator.name,
            is_paused=room.is_paused if request.is_paused is None else request.is_paused,
            message=(room.message_zh, room.message_en) if request.message is None else request.message,
            rate_max=room.rate_max if request.rate_max is None else request.rate_max,
        )
    return None
