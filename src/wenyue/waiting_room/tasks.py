"""The keeper: once a second, in one worker at a time, it releases rooms, raises thresholds and writes the files."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from wenyue.core.personal import SealBroken, Vault
from wenyue.platform.database.advisory_lock import try_lock
from wenyue.platform.database.db import Tx
from wenyue.platform.database.freshness import Freshness
from wenyue.waiting_room import store
from wenyue.waiting_room.files import room_file
from wenyue.waiting_room.model import KeeperFacts, LoadSignal, Room, RoomState, Why
from wenyue.waiting_room.rules import (
    SIGNAL_AGE_S_MAX,
    advance,
    commitment_of,
    state_of,
    total_load,
    trouble_of,
)

KEEP_EVERY_S: Final = 1.0
_SIGNALS_KEPT_S: Final = 600.0
PlacesLeft = Callable[[Tx, Room], Awaitable[int | None]]
_log: Final = logging.getLogger("wenyue.room")

_STANDING: Final = {
    RoomState.WAITING: Why.NOT_RELEASED,
    RoomState.PAUSED: Why.PAUSED,
    RoomState.SOLD_OUT: Why.SOLD_OUT,
    RoomState.CLOSED: None,
}


@dataclass(frozen=True, slots=True)
class _Seen:
    now: datetime
    load: LoadSignal | None
    released: tuple[bytes, datetime] | None  # the seed, and since when it is public
    places_left: int | None


async def advance_waiting_rooms(
    tx: Tx, vault: Vault, now: datetime, *, places_left: PlacesLeft, freshness: Freshness | None = None
) -> int:
    """Look after every open room; returns how many there are. Nothing is done while another worker is at it.

    `places_left`: how many places of the guarded slots can still be booked online; None: not known. `freshness`: told whether
    the web processes say how they fare ("web_signals"): while none does, nobody is let in.
    """
    is_mine = await try_lock(tx, "waiting rooms")
    rooms = await store.lock_open_rooms(tx) if is_mine else []
    if not rooms:
        if freshness is not None:
            freshness.good("web_signals")
        return 0
    recent = await store.signals(tx, now - timedelta(seconds=SIGNAL_AGE_S_MAX))
    load = total_load(recent, now)
    if freshness is not None and load is not None:
        freshness.good("web_signals")
    for room in rooms:
        released = _release(vault, room, now)
        left = await places_left(tx, room) if released is not None else room.places_left
        await _keep(tx, room, _Seen(now, load, released, left))
    await store.drop_signals(tx, now - timedelta(seconds=_SIGNALS_KEPT_S))
    return len(rooms)


async def held_back_by(tx: Tx, room: Room, now: datetime) -> Why | None:
    """Why nobody more is let in just now, or None: for people who look, as the keeper would see it."""
    state = state_of(room)
    if state is not RoomState.OPEN:
        return _STANDING[state]
    recent = await store.signals(tx, now - timedelta(seconds=SIGNAL_AGE_S_MAX))
    return trouble_of(total_load(recent, now), room.goodput_best)


async def close(tx: Tx, room: Room, now: datetime, *, actor: str) -> None:
    """Close a room for good: what it guarded is free, and its file says so. Again: nothing changes."""
    fresh = next((one for one in await store.lock_open_rooms(tx) if one.id == room.id), None)
    if fresh is not None:
        crowd = await store.crowd_of(tx, room.id)
        file = room_file(replace(fresh, closed_at=now), crowd, now)
        await store.close_room(tx, fresh, file, now, actor=actor)


async def _keep(tx: Tx, room: Room, seen: _Seen) -> None:
    crowd = await store.crowd_of(tx, room.id)
    seed, released_at = seen.released or (None, None)
    decided = advance(
        KeeperFacts(
            now=seen.now,
            kept_at=room.kept_at,
            released_at=released_at,
            release_at=room.release_at,
            epoch_s=room.epoch_s,
            is_paused=room.is_paused,
            places_left=seen.places_left,
            threshold=room.threshold,
            rate=room.rate,
            rate_max=room.rate_max,
            pace=room.pace,
            goodput_best=room.goodput_best,
            crowd=crowd,
            load=seen.load,
        )
    )
    kept = replace(
        room,
        seed=seed,
        released_at=released_at,
        threshold=decided.threshold,
        pace=decided.pace,
        places_left=seen.places_left,
    )
    file = room_file(kept, crowd, seen.now)
    await store.advance_room(
        tx, room, decided, seen.now, released=seen.released, places_left=seen.places_left, file=file
    )


def _release(vault: Vault, room: Room, now: datetime) -> tuple[bytes, datetime] | None:
    """(seed, since when it is public); None before the release.

    A seed that the keys of this home do not open, or that is not the one that was promised, is not published: the room
    stays shut.
    """
    if room.seed is not None and room.released_at is not None:
        return room.seed, room.released_at
    if now < room.release_at:
        return None
    try:
        seed = vault.open_sealed(room.sealed_seed, purpose=store.SEED_PURPOSE)
    except SealBroken:
        seed = b""
    if commitment_of(seed) != room.commitment:
        _log.critical("room %s stays shut: its seed cannot be opened with the keys of this home", room.code)
        return None
    return seed, now
