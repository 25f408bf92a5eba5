"""The births by which the engine decides whether a change of a booking leaves minors alone: only their party keeps them."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from wenyue.application.actors import Traveller
from wenyue.booking import booking_view
from wenyue.container import Services


async def births_of(
    services: Services, traveller: Traveller, booking_id: UUID, visitors: Collection[int]
) -> tuple[date | None, ...]:
    """Of the booking's party, by visitor number; nothing where everybody goes, or the booking is not the traveller's.

    A party never changes; who of it is still where does, and that is the engine's to see when it decides.
    """
    if not visitors:
        return ()
    async with services.db.reading() as tx:
        view = await booking_view(tx, services.vault, booking_id, holder_id=traveller.id)
    return () if view is None else tuple(one.birth for one in view.party.visitors)
