"""What one process knows of the waiting rooms without asking: which slots are guarded, the files, the thresholds.

Read again every second. When the database is away, everything stays as it was last read: the room fails closed. Passes are
signed here; who came before the release is marked here and written along with the reading, one bit an account.
"""

import asyncio
import hashlib
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, Protocol

from psycopg import Error

from wenyue.core.personal import Vault
from wenyue.platform.database.batcher import Batcher
from wenyue.platform.database.db import Database, DatabaseDown, Tx
from wenyue.platform.database.freshness import Freshness
from wenyue.waiting_room import store
from wenyue.waiting_room.early import Early
from wenyue.waiting_room.model import (
    TOKEN_TTL_S,
    LoadSignal,
    Pass,
    PassGiven,
    Place,
    Refusal,
    RefusedFor,
    Room,
    RoomProblem,
    Token,
    TokenGiven,
)
from wenyue.waiting_room.passes import RoomKeys
from wenyue.waiting_room.rules import epoch_at, rank_of

_log: Final = logging.getLogger("wenyue.room")
_REFRESH_S: Final = 1.0
_CLOSED_SHOWN_S: Final = 24 * 3600.0
_SLOTS_MAX: Final = 200_000
SLOTS_AGAIN_S: Final = 10.0  # then all of a room's are read: an opening may end after a later one
TOKENS_READ_MAX: Final = 4  # of one request: an itinerary may pass several rooms


class Wanted(Protocol):
    """A line of a booking: its slot."""

    @property
    def slot_id(self) -> int:
        """Which slot."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """A room and its file as they are sent."""

    room: Room
    body: bytes
    etag: bytes


@dataclass(slots=True)
class _Slots:
    began_at: float = field(default_factory=monotonic)
    after: int = 0
    ids: set[int] = field(default_factory=set[int])


class WaitingRooms:
    """The waiting rooms of one process."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        clock: Callable[[], datetime],
        signal: Callable[[], LoadSignal | None] = lambda: None,
        freshness: Freshness | None = None,
    ) -> None:
        self.keys = RoomKeys(vault)
        self._db, self._clock, self._signal = db, clock, signal
        self._freshness = freshness or Freshness()
        self._process = f"{os.uname().nodename}:{os.getpid()}:{secrets.token_hex(4)}"
        self._known: dict[str, Known] = {}
        self._slots: dict[int, _Slots] = {}
        self._guarded: dict[int, Room] = {}
        self._early = Early()
        self._read_at: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._writes_signals = False
        self._arriving: Batcher[tuple[int, int], int, int] = Batcher(self._arrive)
        self._exchanging: Batcher[tuple[int, str], tuple[Place, Place], datetime] = Batcher(self._exchange)

    # ------------------------------------------------------------------------------------------ life

    async def start(self, *, writes_signals: bool) -> None:
        """Read the rooms once, then every second; a database that is away is asked again. `writes_signals`: a web process."""
        self._writes_signals = writes_signals
        for name in ("waiting_rooms", "room_signal"):
            self._freshness.expect(name)
        await self.try_to_refresh()
        self._task = asyncio.create_task(self._run(), name="waiting rooms")

    async def stop(self) -> None:
        """Write what is not written yet, and end."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._early.has_news:
            await self.try_to_refresh()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_S)
            await self.try_to_refresh()

    async def try_to_refresh(self) -> None:
        """`refresh`, unless the database is away: then everything stays."""
        try:
            async with asyncio.timeout(10 * _REFRESH_S), self._db.connection() as tx:
                await self.refresh(tx, writes_signal=self._writes_signals)
        except (DatabaseDown, Error, OSError, TimeoutError) as error:
            if self._known:
                _log.warning("waiting rooms stay at what was last read: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - what was last read stays in force; the reading must not end
            _log.error("waiting rooms could not be read: %s", type(error).__name__)

    async def refresh(self, tx: Tx, *, writes_signal: bool) -> None:
        """Read rooms and slots, write who came and how this process fares."""
        now = self._clock()
        found = await store.rooms(tx, now, closed_for_s=_CLOSED_SHOWN_S)
        known = {room.code: _known(room, self._known.get(room.code)) for room in found}
        guarded: dict[int, Room] = {}
        slots: dict[int, _Slots] = {}
        for room in found:
            if room.closed_at is None:
                seen = slots[room.id] = self._slots_of(room)
                await self._read_slots(tx, room, seen)
                guarded.update(dict.fromkeys(seen.ids, room))
        self._known, self._slots, self._guarded = known, slots, guarded
        self._read_at = monotonic()
        self._freshness.good("waiting_rooms")
        self._early.keep_only(frozenset(slots))
        async with self._early.writing() as chunks:
            await store.add_early(tx, chunks)
        signal = self._signal() if slots and writes_signal else None
        if signal is not None:
            await store.save_signal(tx, self._process, signal, now)
        self._freshness.good("room_signal")  # written, or nobody waits for it

    def _slots_of(self, room: Room) -> _Slots:
        """What is known of the room's slots; nothing when it is time to read all of them again."""
        seen = self._slots.get(room.id)
        return seen if seen is not None and monotonic() - seen.began_at < SLOTS_AGAIN_S else _Slots()

    async def _read_slots(self, tx: Tx, room: Room, seen: _Slots) -> None:
        """Slots whose ids are above those that were seen."""
        while len(seen.ids) < _SLOTS_MAX:
            rows = await store.slots_after(tx, room, seen.after)
            if not rows:
                return
            seen.ids.update(row[0] for row in rows)
            seen.after = rows[-1][0]

    # ------------------------------------------------------------------------------------------ what anybody may ask

    @property
    def is_ready(self) -> bool:
        """Whether this process has read the rooms at least once."""
        return self._read_at is not None

    @property
    def age_s(self) -> float:
        """Seconds since the rooms were read."""
        return monotonic() - self._read_at if self._read_at is not None else float("inf")

    @property
    def rooms(self) -> Sequence[Room]:
        """Rooms that guard something."""
        return [one.room for one in self._known.values() if one.room.closed_at is None]

    def guarding(self, slot_ids: Iterable[int]) -> dict[int, Known]:
        """Of these slots, those that can only be booked through a room, each with its room. No database."""
        if not self._guarded:
            return {}
        return {
            slot_id: known
            for slot_id in slot_ids
            if (room := self._guarded.get(slot_id)) is not None
            and (known := self._known.get(room.code)) is not None
        }

    def find(self, code: str) -> Known | None:
        """A room by its code, also one that was closed within the last day."""
        return self._known.get(code)

    def refuse(self, holder_id: int, lines: Iterable[Wanted], tokens: str = "") -> Refusal | None:
        """Why this booking must go through a room first, or None. Costs a lookup a line; no database.

        `tokens`: what the caller presents, separated by commas; at most TOKENS_READ_MAX are read.
        """
        if self._read_at is None:
            return Refusal(RefusedFor.NOT_READY)
        if not self._guarded:
            return None
        wanted = {room.id: room for line in lines if (room := self._guarded.get(line.slot_id)) is not None}
        if not wanted:
            return None
        given = self._tokens_of(holder_id, tokens)
        now = self._clock()
        for room in wanted.values():
            until = given.get(room.id)
            if until is None:
                return Refusal(RefusedFor.NOT_ADMITTED, room.code)
            if until <= now:
                return Refusal(RefusedFor.EXPIRED, room.code)
        return None

    def token_for(self, holder_id: int, room_id: int, tokens: str) -> datetime | None:
        """Until when the presented tokens let this account book behind the room; None: not at all."""
        until = self._tokens_of(holder_id, tokens).get(room_id)
        return until if until is not None and until > self._clock() else None

    def _tokens_of(self, holder_id: int, tokens: str) -> dict[int, datetime]:
        read = [self.keys.read_token(text.strip()) for text in tokens.split(",")[:TOKENS_READ_MAX]]
        given: dict[int, datetime] = {}
        for token in read:
            if token is not None and token.account_id == holder_id:
                given[token.room_id] = max(token.expires_at, given.get(token.room_id, token.expires_at))
        return given

    # ------------------------------------------------------------------------------------------ passes and tokens

    async def give_pass(self, code: str, account_id: int, presented: str = "") -> PassGiven | RoomProblem:
        """A pass for the account: the earliest place that it can show or that is remembered. Raises DatabaseDown.

        Before the release, and for whoever shows a pass, this needs no database.
        """
        room = self._open_room(code)
        if isinstance(room, RoomProblem):
            return room
        held = self._held(room, account_id, presented)
        epoch = epoch_at(self._clock(), room.release_at, room.epoch_s)
        if epoch == 0:
            self._early.add(room.id, account_id)
        elif held is not None:
            epoch = held.epoch
        else:
            first = await self._arriving.ask((room.id, account_id), epoch)
            if first is None:
                return RoomProblem.BUSY
            epoch = first
        return self._given(room, account_id, epoch)

    def shown_pass(self, code: str, account_id: int, presented: str) -> PassGiven | None:
        """The pass that the account shows, when it is good; nothing is asked or marked."""
        known = self._known.get(code)
        held = self._held(known.room, account_id, presented) if known is not None else None
        return self._given(known.room, account_id, held.epoch) if known and held else None

    def _open_room(self, code: str) -> Room | RoomProblem:
        known = self._known.get(code)
        if known is None:
            return RoomProblem.BUSY if self._read_at is None else RoomProblem.UNKNOWN
        return RoomProblem.CLOSED if known.room.closed_at is not None else known.room

    def _held(self, room: Room, account_id: int, presented: str) -> Pass | None:
        held = self.keys.read_pass(presented) if presented else None
        return held if held is not None and (held.room_id, held.account_id) == (room.id, account_id) else None

    def _given(self, room: Room, account_id: int, epoch: int) -> PassGiven:
        text = self.keys.write_pass(Pass(room.id, account_id, epoch))
        return PassGiven(text, epoch, self.keys.code_of(room.id, account_id))

    def place_of(self, room: Room, given: PassGiven) -> Place | None:
        """Where the bearer of a pass stands; None before the release."""
        return None if room.seed is None else Place(given.epoch, rank_of(room.seed, given.code))

    async def exchange(self, code: str, account_id: int, presented: str) -> TokenGiven | RoomProblem:
        """A token for a pass whose turn has come; the same again while it is good. Raises DatabaseDown."""
        room = self._open_room(code)
        if isinstance(room, RoomProblem):
            return room
        held = self._held(room, account_id, presented)
        if held is None:
            return RoomProblem.NOT_YOURS
        own = self.keys.code_of(room.id, account_id)
        place = None if room.seed is None else Place(held.epoch, rank_of(room.seed, own))
        if place is None or not place < room.threshold:
            return RoomProblem.NOT_YET
        until = await self._exchanging.ask((room.id, own), (place, room.threshold))
        if until is None:
            return RoomProblem.TURNS_USED
        return TokenGiven(self.keys.write_token(Token(room.id, account_id, until)), until)

    async def _arrive(self, arrivals: Mapping[tuple[int, int], int]) -> Mapping[tuple[int, int], int]:
        async with self._db.connection() as tx:
            return await store.arrive(tx, arrivals)

    async def _exchange(
        self, wanted: Mapping[tuple[int, str], tuple[Place, Place]]
    ) -> Mapping[tuple[int, str], datetime]:
        now = self._clock()
        async with self._db.connection() as tx:
            given = await store.exchange(tx, wanted, now)
        latest = now + timedelta(seconds=TOKEN_TTL_S)
        return {key: min(until, latest) for key, until in given.items()}


def _known(room: Room, before: Known | None) -> Known:
    body = room.file.encode()
    if before is not None and before.body == body:
        return Known(room, before.body, before.etag)
    return Known(room, body, b'"%s"' % hashlib.sha256(body).hexdigest()[:20].encode())
