"""What this process knows of pools without asking: lets it say "sold out" or "not yet released" without the database.

A figure is trusted for POOL_VIEW_AGE_S_MAX at most, so freed places appear within a second. A process that has booked
ids on a full slot in hand can tell a new request from a replay of one that succeeded; without them it does not answer.

What it cannot know is what another process has booked since its figures were read: on a place that was given back
within that time. So before a refusal is told, the database is asked for that one id (`early`).
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from wenyue.booking.decisions.allocation import CHANNEL_NAME
from wenyue.booking.model import Answer, Channel, Outcome, PoolFacts, SlotFacts
from wenyue.booking.persistence.literals import array
from wenyue.booking.persistence.lock_hints import LockHints
from wenyue.booking.persistence.store import SQL
from wenyue.core.limits import POOL_VIEW_AGE_S_MAX
from wenyue.platform.database.db import Tx

_INTEREST_S: Final = 3.0  # a pool that nobody asked about for so long is forgotten
_POOLS_MAX: Final = 20_000
_IDS_PER_SLOT_MAX: Final = 200_000
_IDS_TOTAL_MAX: Final = 400_000
_SLOTS_CACHED_MAX: Final = 30_000


class Wanted(Protocol):
    """What is asked for: a slot and how many places."""

    @property
    def slot_id(self) -> int:
        """Which slot."""
        ...

    @property
    def quantity(self) -> int:
        """How many places."""
        ...


@dataclass(slots=True)
class _View:
    room: int
    taken: int
    is_open: bool
    revision: int
    version: str  # the row's transaction id: any change of the pool changes it
    at: float
    asked: float


class Views:
    """Slot facts and recent pool figures of one process."""

    def __init__(self) -> None:
        self.slots: dict[int, SlotFacts] = {}
        self.lock_hints = LockHints()
        self._pools: dict[int, _View] = {}
        self._wanted: dict[int, float] = {}
        self._ids: dict[int, tuple[str, frozenset[UUID]]] = {}
        self._full_slots: set[int] = set()
        self._booked: set[UUID] = set()  # here, since `_turned_at` …
        self._booked_before: set[UUID] = set()  # … and as long before that
        self._turned_at = 0.0
        self._time: Callable[[], float] | None = None

    def _now(self) -> float:
        """The event loop's clock; the loop is looked up once, since that costs more than all the rest of a refusal."""
        if self._time is None:
            self._time = asyncio.get_running_loop().time
        return self._time()

    def refuse(
        self, booking_id: UUID, channel: Channel, lines: Sequence[Wanted], now: datetime
    ) -> Answer | None:
        """A refusal that needs no database, or None.

        Never refuses an id that this process booked, nor one that another did more than POOL_VIEW_AGE_S_MAX ago.
        """
        clock = self._now()
        found: list[tuple[Outcome, int, datetime | None]] = []
        for number, line in enumerate(lines):
            slot = self.slots.get(line.slot_id)
            if slot is None:
                return None
            problem = self._problem((booking_id, channel), slot, line.quantity, now, clock)
            if problem is not None:
                found.append((problem, number, slot.release_at if problem is Outcome.NOT_RELEASED else None))
        if not found:
            return None
        outcome, number, at = min(found, key=lambda entry: entry[:2])
        return Answer(outcome, booking_id, line=number, at=at)

    def _problem(
        self, asked: tuple[UUID, Channel], slot: SlotFacts, quantity: int, now: datetime, clock: float
    ) -> Outcome | None:
        oldest, own = clock - POOL_VIEW_AGE_S_MAX, self._pools.get(slot.pool_ids[0])
        if own is None:
            # A pool with room to spare is not watched: its requests go to the database anyway.
            if now < slot.release_at or self._is_any_watched(slot):
                self._wanted[slot.pool_ids[0]] = clock
            return None
        if own.at < oldest or own.revision != slot.revision:
            own.asked = clock
            return None
        own.asked = clock
        if now < slot.release_at:
            return Outcome.NOT_RELEASED if own.taken == 0 else None
        channel_pool = slot.channel_pools.get(CHANNEL_NAME[asked[1]])
        limits = (
            (slot.pool_ids[0], Outcome.SOLD_OUT),
            *((id_, Outcome.DAY_FULL) for id_ in slot.pool_ids[1:]),
        )
        if channel_pool is not None:
            limits = (*limits, (channel_pool, Outcome.CHANNEL_FULL))
        for pool_id, outcome in limits:
            view = self._pools.get(pool_id)
            if view is None or view.at < oldest:
                continue
            view.asked = clock
            if not view.is_open:  # the engine says that it is closed
                return None
            if view.room < quantity:
                return outcome if self._is_new(asked[0], slot, own) else None
        return None

    def _is_any_watched(self, slot: SlotFacts) -> bool:
        """Whether a pool that the slot shares with others (the day, a channel) was found full lately."""
        pools = self._pools
        if not pools:
            return False
        return any(pool_id in pools for pool_id in (*slot.pool_ids[1:], *slot.channel_pools.values()))

    def _is_new(self, booking_id: UUID, slot: SlotFacts, own: _View) -> bool:
        known = self._ids.get(slot.id)
        if known is None or known[0] != own.version:
            if len(self._full_slots) < _POOLS_MAX:
                self._full_slots.add(slot.id)
            return False
        return not (booking_id in known[1] or self.has_booked(booking_id))

    def has_booked(self, booking_id: UUID) -> bool:
        """Whether this process booked it lately, or is about to."""
        return booking_id in self._booked or booking_id in self._booked_before

    def note_booked(self, ids: Iterable[UUID]) -> None:
        """These are about to be booked here: figures that were read before do not speak for them."""
        clock = self._now()
        if clock - self._turned_at > POOL_VIEW_AGE_S_MAX:
            self._booked_before = self._booked if clock - self._turned_at < 2 * POOL_VIEW_AGE_S_MAX else set()
            self._booked, self._turned_at = set(), clock
        self._booked.update(ids)

    def remember_slots(self, slots: dict[int, SlotFacts]) -> None:
        """Keep loaded slots, bounded."""
        if len(self.slots) + len(slots) > _SLOTS_CACHED_MAX:
            self.slots.clear()
        self.slots.update(slots)

    def learn(self, pools: dict[int, PoolFacts]) -> None:
        """Ask for fresh figures of pools that a batch left full; the refresh, not the batch, makes them trusted."""
        clock = self._now()
        for pool in pools.values():
            if pool.left <= 0 and len(self._wanted) < _POOLS_MAX:
                self._wanted[pool.id] = clock

    @property
    def is_asked(self) -> bool:
        """Whether `refresh` has anything to read or to forget."""
        return bool(self._wanted or self._pools or self._ids)

    async def refresh(self, tx: Tx) -> None:
        """Read again the pools asked about lately, drop stale slots, and fetch the ids of full slots."""
        clock = self._now()
        for pool_id, asked in self._wanted.items():
            view = self._pools.get(pool_id)
            if view is None:
                self._pools[pool_id] = _View(
                    0, 1, is_open=False, revision=-1, version="", at=-1.0, asked=asked
                )
            else:
                view.asked = asked
        self._wanted.clear()
        self._pools = {id_: view for id_, view in self._pools.items() if view.asked > clock - _INTEREST_S}
        if not self._pools:
            self._ids.clear()
            return
        cursor = await tx.execute(SQL["pool_views"], {"ids": array(self._pools)})
        for pool_id, taken, room, is_open, revision, version in await cursor.fetchall():
            asked = self._pools[pool_id].asked
            self._pools[pool_id] = _View(room, taken, is_open, revision, version, clock, asked)
        await self._fetch_ids(tx)

    async def _fetch_ids(self, tx: Tx) -> None:
        """The booked ids of full slots. Read after the figures: a booking in between only adds an id."""
        stale: dict[int, str] = {}
        for slot_id in self._full_slots:
            slot = self.slots.get(slot_id)
            own = self._pools.get(slot.pool_ids[0]) if slot else None
            if own is not None and self._ids.get(slot_id, ("",))[0] != own.version:
                stale[slot_id] = own.version
        self._full_slots.clear()
        if not stale:
            return
        cursor = await tx.execute(SQL["ids_on_slots"], {"ids": array(stale), "limit": _IDS_PER_SLOT_MAX})
        rows = await cursor.fetchall()
        if len(rows) == _IDS_PER_SLOT_MAX:
            return  # too many to know them all: the database answers
        if sum(len(ids) for _, ids in self._ids.values()) + len(rows) > _IDS_TOTAL_MAX:
            self._ids.clear()
        found: dict[int, set[UUID]] = {slot_id: set() for slot_id in stale}
        for slot_id, booking_id in rows:
            found[slot_id].add(booking_id)
        self._ids.update({slot_id: (stale[slot_id], frozenset(ids)) for slot_id, ids in found.items()})
