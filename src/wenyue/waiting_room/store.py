"""The rows of the waiting room."""

import json
import secrets
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from wenyue.audit import Entry, record
from wenyue.core.figures import kept
from wenyue.core.personal import Vault
from wenyue.events import append, kinds
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, fetch_dict, fetch_dicts, queries
from wenyue.waiting_room.files import room_file
from wenyue.waiting_room.model import (
    CHUNKS_MAX,
    EPOCHS_MAX,
    PRODUCTS_MAX,
    RATE_MOST,
    ROOM_DAYS_MAX,
    ROOMS_MAX,
    TOKEN_TTL_S,
    TURNS_MAX,
    Advance,
    Crowd,
    Exchange,
    LoadSignal,
    NewRoom,
    Place,
    Room,
    Step,
)
from wenyue.waiting_room.rules import commitment_of

_SQL: Final = queries("wenyue.waiting_room")
_SEED_BYTES: Final = 32
_PAGE: Final = 10_000
_ROOMS_LISTED_MAX: Final = 200
_SIGNALS_MAX: Final = 1_000
_SLOTS_PER_READ_MAX: Final = 20_000
SEED_PURPOSE: Final = b"room seed"


async def open_room(tx: Tx, vault: Vault, new: NewRoom, now: datetime, *, actor: str) -> Room:
    """Open a room: draw its seed, publish the commitment, begin to guard. Raises ValueError that names the field."""
    _check(new, now)
    await tx.execute(_SQL["one_opener"])
    if len(await rooms(tx, now)) >= ROOMS_MAX:
        raise ValueError(f"{ROOMS_MAX} rooms are open: close one first")
    seed = secrets.token_bytes(_SEED_BYTES)
    row = await fetch_dict(
        tx,
        _SQL["add_room"],
        {
            "code": new.code,
            "title": Jsonb(new.title),
            "venue_id": new.venue_id,
            "product_ids": list(new.product_ids),
            "from_day": new.from_day,
            "to_day": new.to_day,
            "onward": new.onward,
            "release_at": new.release_at,
            "poll_s": new.poll_s,
            "epoch_s": new.epoch_s,
            "rate_max": new.rate_max,
            "commitment": commitment_of(seed),
            "sealed_seed": vault.seal(seed, purpose=SEED_PURPOSE),
            "now": now,
        },
    )
    if row is None:
        raise ValueError(f"code: a room {new.code!r} was opened before; a code is used once")
    room = await room_by_code(tx, new.code)
    if room is None:
        raise LookupError(new.code)
    await tx.execute(_SQL["save_file"], {"id": room.id, "file": room_file(room, Crowd(), now)})
    await record(tx, [_entry(room, "room.opened", now, actor, commitment=room.commitment.hex())])
    await append(tx, [kinds.RoomOpened(room.code)], now)
    return room


async def steer_room(
    tx: Tx,
    room: Room,
    now: datetime,
    *,
    actor: str,
    is_paused: bool,
    message: Texts,
    rate_max: float,
) -> None:
    """Pause or go on, tell the visitors something, set the greatest rate. Raises ValueError that names the field."""
    _check_rate(rate_max)
    change = {"is_paused": is_paused, "message": message, "rate_max": rate_max}
    await tx.execute(_SQL["steer_room"], {"id": room.id, **change, "message": Jsonb(message)})
    await record(tx, [_entry(room, "room.steered", now, actor, **change)])


async def close_room(tx: Tx, room: Room, file: str, now: datetime, *, actor: str) -> None:
    """Stop guarding; closing a closed room changes nothing."""
    cursor = await tx.execute(_SQL["close_room"], {"id": room.id, "file": file, "now": now})
    if cursor.rowcount:
        await record(tx, [_entry(room, "room.closed", now, actor)])
        await append(tx, [kinds.RoomClosed(room.code)], now)


async def rooms(tx: Tx, now: datetime, *, closed_for_s: float = 0.0) -> list[Room]:
    """Rooms that guard something, newest first; with `closed_for_s` also those closed no longer ago than that."""
    params: dict[str, object] = {
        "closed_after": now - timedelta(seconds=closed_for_s),
        "limit": _ROOMS_LISTED_MAX,
    }
    found = [_room(row) for row in await fetch_dicts(tx, _SQL["rooms"], params)]
    return sorted(found, key=lambda room: room.id, reverse=True)


async def room_by_code(tx: Tx, code: str) -> Room | None:
    """One room, closed or not."""
    row = await fetch_dict(tx, _SQL["room"], {"code": code})
    return None if row is None else _room(row)


async def lock_open_rooms(tx: Tx) -> list[Room]:
    """The rooms that guard something, locked in the order of their ids."""
    return [_room(row) for row in await fetch_dicts(tx, _SQL["lock_open_rooms"], {"limit": ROOMS_MAX})]


async def crowd_of(tx: Tx, room_id: int) -> Crowd:
    """Who came to a room, by epoch."""
    cursor = await tx.execute(_SQL["crowd"], {"room_id": room_id, "limit": EPOCHS_MAX})
    return Crowd(tuple((epoch, people) for epoch, people in await cursor.fetchall() if people))


async def advance_room(
    tx: Tx,
    room: Room,
    advance: Advance,
    now: datetime,
    *,
    released: tuple[bytes, datetime] | None,
    places_left: int | None,
    file: str,
) -> None:
    """Write what the keeper decided: threshold, pace, file; `released`: the seed and since when it is public."""
    seed, released_at = released or (None, None)
    params: dict[str, object] = {
        "id": room.id,
        "seed": seed,
        "released_at": released_at,
        "kept_at": now,
        "epoch": advance.threshold.epoch,
        "rank": advance.threshold.rank,
        "rate": kept(advance.rate),
        "pace": kept(advance.pace),
        "goodput_best": kept(advance.goodput_best),
        "places_left": places_left,
        "file": file,
    }
    await tx.execute(_SQL["advance_room"], params)
    if advance.threshold > room.threshold:
        step: dict[str, object] = {
            "room_id": room.id,
            "at": now,
            "epoch": advance.threshold.epoch,
            "rank": advance.threshold.rank,
        }
        await tx.execute(_SQL["add_step"], step)
    if room.released_at is None and released is not None:
        await record(tx, [_entry(room, "room.released", now, "system:room", seed=released[0].hex())])
        await append(tx, [kinds.RoomReleased(room.code)], now)


async def add_early(tx: Tx, chunks: Iterable[tuple[int, int, bytes]]) -> None:
    """Mark accounts that came before the release: (room, chunk, 1,024 bytes, the first account in the highest bit)."""
    rows = [
        {"room_id": room, "chunk": chunk, "hex": bits.hex()}
        for room, chunk, bits in chunks
        if chunk < CHUNKS_MAX
    ]
    if rows:
        await tx.execute(_SQL["add_early"], {"chunks": json.dumps(rows)})


async def arrive(tx: Tx, arrivals: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """{(room, account): epoch now} to the epoch in which each first came, which is remembered from now on."""
    rows = [
        {"room_id": room, "account_id": account, "epoch": epoch}
        for (room, account), epoch in sorted(arrivals.items())
    ]
    params: dict[str, object] = {"arrivals": json.dumps(rows)}
    await tx.execute(_SQL["arrive"], params)
    cursor = await tx.execute(_SQL["epochs_of"], params)
    return {(room, account): epoch for room, account, epoch in await cursor.fetchall() if epoch is not None}


async def exchange(
    tx: Tx, wanted: Mapping[tuple[int, str], tuple[Place, Place]], now: datetime
) -> dict[tuple[int, str], datetime]:
    """Record a token for each (room, code): {(room, code): (place, threshold in force)} to {(room, code): good until}.

    A token that is still good is given again with the same end; whoever has had TURNS_MAX turns is left out.
    """
    rows = [
        {
            "room_id": room,
            "code": code,
            "epoch": place.epoch,
            "rank": place.rank,
            "threshold_epoch": threshold.epoch,
            "threshold_rank": threshold.rank,
        }
        for (room, code), (place, threshold) in sorted(wanted.items())
    ]
    params: dict[str, object] = {
        "exchanges": json.dumps(rows),
        "now": now,
        "until": now + timedelta(seconds=TOKEN_TTL_S),
        "turns_max": TURNS_MAX,
    }
    await tx.execute(_SQL["add_exchanges"], params)
    cursor = await tx.execute(_SQL["tokens_of"], params)
    return {(room, code): until for room, code, until in await cursor.fetchall() if until > now}


async def slots_after(tx: Tx, room: Room, after: int) -> list[tuple[int, int, int, date]]:
    """(slot, product, venue, date) behind the room with an id above `after`, in order; one page."""
    params: dict[str, object] = {
        "after": after,
        "from_day": room.from_day,
        "to_day": room.to_day,
        "product_ids": list(room.product_ids),
        "venue_id": room.venue_id,
        "limit": _SLOTS_PER_READ_MAX,
    }
    return [tuple(row) for row in await (await tx.execute(_SQL["slots_after"], params)).fetchall()]


async def save_signal(tx: Tx, process: str, signal: LoadSignal, now: datetime) -> None:
    """How a web process fares."""
    params: dict[str, object] = {
        "process": process,
        "at": now,
        "goodput_per_s": kept(signal.goodput_per_s),
        "latency_p99_ms": kept(signal.latency_p99_ms),
        "limit_now": kept(signal.limit),
        "in_flight": signal.in_flight,
        "waiting": signal.waiting,
        "shed_per_s": kept(signal.shed_per_s),
    }
    await tx.execute(_SQL["save_signal"], params)


async def signals(tx: Tx, after: datetime) -> list[tuple[datetime, LoadSignal]]:
    """The signals that were written after an instant."""
    cursor = await tx.execute(_SQL["signals"], {"after": after, "limit": _SIGNALS_MAX})
    return [(row[0], LoadSignal(*row[1:])) for row in await cursor.fetchall()]


async def drop_signals(tx: Tx, before: datetime) -> None:
    """Forget processes that ended."""
    await tx.execute(_SQL["drop_signals"], {"before": before})


async def freeze(tx: Tx) -> None:
    """Read everything that follows in this transaction as it is now. The first thing done in it."""
    await tx.execute(_SQL["freeze"])


async def steps_of(tx: Tx, room_id: int) -> list[Step]:
    """Every rise of the threshold, in the order in which they were written."""
    found: list[Step] = []
    after = 0
    while True:
        params: dict[str, object] = {"room_id": room_id, "after": after, "limit": _PAGE}
        rows = await (await tx.execute(_SQL["steps"], params)).fetchall()
        found += [Step(at, Place(epoch, rank)) for _, at, epoch, rank in rows]
        if len(rows) < _PAGE:
            return found
        after = rows[-1][0]


async def exchanges_of(tx: Tx, room_id: int) -> AsyncGenerator[Exchange]:
    """Every token that was given, by code; read in pages."""
    last = ("", 0)
    while True:
        params: dict[str, object] = {
            "room_id": room_id,
            "code": last[0],
            "turn": last[1],
            "limit": _PAGE,
        }
        rows: Sequence[Any] = await (await tx.execute(_SQL["exchanges"], params)).fetchall()
        for code, turn, epoch, rank, threshold_epoch, threshold_rank, at in rows:
            yield Exchange(code, turn, Place(epoch, rank), Place(threshold_epoch, threshold_rank), at)
        if len(rows) < _PAGE:
            return
        last = (rows[-1][0], rows[-1][1])


async def count_exchanges(tx: Tx, room_id: int) -> int:
    """How many tokens were given."""
    row = await (await tx.execute(_SQL["count_exchanges"], {"room_id": room_id})).fetchone()
    return int(row[0]) if row else 0


def _room(row: Mapping[str, Any]) -> Room:
    fields = dict(row)
    threshold = Place(fields.pop("threshold_epoch"), fields.pop("threshold_rank"))
    fields["product_ids"] = tuple(fields["product_ids"])
    return Room(**fields, threshold=threshold)


def _check_rate(rate_max: float) -> None:
    if not 1 <= rate_max <= RATE_MOST:  # what is no number (NaN) is in no range
        raise ValueError(f"rate: people a second, from 1 to {RATE_MOST:,.0f}")


def _check(new: NewRoom, now: datetime) -> None:
    _check_rate(new.rate_max)
    if new.venue_id is None and not new.product_ids:
        raise ValueError("venue or product: name what the room guards")
    if len(new.product_ids) > PRODUCTS_MAX:
        raise ValueError(f"product: at most {PRODUCTS_MAX}; a venue stands for all of its products")
    if not 0 <= (new.to_day - new.from_day).days < ROOM_DAYS_MAX:
        raise ValueError(f"from, to: at most {ROOM_DAYS_MAX} days, the first before the last")
    if new.release_at <= now:
        raise ValueError("release: the instant has passed; a room opens before its release")
    if not new.onward.startswith("/") or new.onward.startswith("//"):
        raise ValueError("onward: a path of this site, such as /venues/lingyin")


def _entry(room: Room, action: str, now: datetime, actor: str, **detail: object) -> Entry:
    return Entry(now, actor, action, f"room:{room.code}", detail)
