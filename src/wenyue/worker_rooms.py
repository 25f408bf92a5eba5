"""What the keeper of the waiting rooms asks the booking engine: how many guarded places can still be booked online."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Final

from wenyue.booking import SlotState, availability
from wenyue.catalogue import products
from wenyue.platform.database.db import Tx
from wenyue.waiting_room import Room

_FRESH_S: Final = 3.0
_PRODUCTS_MAX: Final = 50


class PlacesLeft:
    """Counts for rooms, each at most every three seconds."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._known: dict[int, tuple[float, int | None]] = {}

    async def left(self, tx: Tx, room: Room) -> int | None:
        """Places left behind the room, those whose sale has not begun included; None when it guards no session at all."""
        known = self._known.get(room.id)
        if known is not None and known[0] > monotonic():
            return known[1]
        ids = list(room.product_ids)
        if room.venue_id is not None:
            ids += [one.id for one in await products(tx, room.venue_id) if one.id not in room.product_ids]
        total, is_any = 0, False
        for product_id in ids[:_PRODUCTS_MAX]:
            for slot in await availability(tx, product_id, room.from_day, room.to_day, self._clock()):
                is_any = True
                total += slot.capacity if slot.state is SlotState.NOT_RELEASED else slot.left
        left = total if is_any else None
        self._known[room.id] = (monotonic() + _FRESH_S, left)
        return left
