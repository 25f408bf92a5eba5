"""Refusals before the engine is asked: given from memory, and told only after a look for the booking's id.

What memory says of a full session may be most of a second old. Meanwhile a place may have been given back and this very
id booked on it, by another process: so before "sold out" is told, the database is asked whether the id is booked, and
whether there is room after all; then the engine decides. One question answers for everybody who waits: a rush of
refusals costs the database two statements every few milliseconds, however many there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from wenyue.booking.decisions.allocation import draws_any
from wenyue.booking.engine.availability_cache import Views, Wanted
from wenyue.booking.model import Answer, Channel, Outcome
from wenyue.booking.persistence.store import booked_among, rooms_of
from wenyue.platform.database.batcher import Batcher
from wenyue.platform.database.db import Database, DatabaseDown, Tx

_NO_POOL: Final[tuple[int, ...]] = ()


@dataclass(frozen=True, slots=True)
class Full:
    """What a refusal rests on: one of these pools has less room than is wanted. No pools: not released yet."""

    pool_ids: tuple[int, ...]
    quantity: int


class EarlyRefusals:
    """What one process refuses without deciding."""

    def __init__(self, db: Database, views: Views) -> None:
        self._db, self._views = db, views
        self._looking: Batcher[UUID, Full, bool] = Batcher(self._look)

    async def is_true(
        self, booking_id: UUID, answer: Answer, channel: Channel, lines: Sequence[Wanted]
    ) -> bool:
        """Whether a refusal from memory is true now, and for an id that is not booked; False: the engine must decide."""
        try:
            asked = rests_on(self._views, answer, channel, lines)
            return bool(await self._looking.ask(booking_id, asked))
        except DatabaseDown:
            return False  # the engine says what is to be said without a database

    async def _look(self, asked: Mapping[UUID, Full]) -> Mapping[UUID, bool]:
        async with self._db.connection() as tx:
            return await still_true(tx, asked)


def rests_on(views: Views, answer: Answer, channel: Channel, lines: Sequence[Wanted]) -> Full:
    """What a refusal from memory says is full."""
    line = lines[answer.line or 0]
    slot = views.slots.get(line.slot_id)
    if slot is None or answer.outcome is Outcome.NOT_RELEASED:
        return Full(_NO_POOL, line.quantity)
    return Full(
        draws_any(slot, channel), line.quantity
    )  # the channel may be one that the slot does not serve


async def still_true(tx: Tx, asked: Mapping[UUID, Full]) -> dict[UUID, bool]:
    """For each id: it is not booked, and what it wants is full.

    Pools, then bookings, as a batch reads them: who sees what a booking took must see the booking as well.
    """
    pool_ids = {pool_id for full in asked.values() for pool_id in full.pool_ids}
    async with tx.pipeline():
        rooms = await rooms_of(tx, pool_ids)
        booked = await booked_among(tx, asked)
        left, known = dict(await rooms.fetchall()), {row[0] for row in await booked.fetchall()}
    return {id_: id_ not in known and _is_full(full, left) for id_, full in asked.items()}


def _is_full(full: Full, left: Mapping[int, int]) -> bool:
    return not full.pool_ids or any(left.get(pool_id, 0) < full.quantity for pool_id in full.pool_ids)
