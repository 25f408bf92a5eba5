"""When bookings are made or moved, gates can look those of near days up."""

from collections.abc import Iterable, Sequence
from typing import cast
from uuid import UUID

from wenyue.container import Services
from wenyue.events import BookingEvent, Happened
from wenyue.gate import index_bookings
from wenyue.platform.database.db import Tx


async def index_for_gates(services: Services, tx: Tx, told: Sequence[Happened]) -> None:
    """In the transaction of the subscriber's position; done again, nothing changes."""
    days = services.settings.gate.lookup_days
    await index_bookings(tx, services.vault, bookings_of(told), services.clock(), days=days)


def bookings_of(told: Iterable[Happened]) -> list[UUID]:
    """Whom the events are about, each once, in order."""
    return list(dict.fromkeys(cast(BookingEvent, one.event).booking_id for one in told))
