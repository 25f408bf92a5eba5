"""Work, then quiet, then a release: what a process remembers of busy times fades, is written, and keeps nobody out.

A waiting room of the simulator's own, with the real keeper and the real signal rows; it guards nothing that is booked here.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from wenyue.core.admission import PersonLimit
from wenyue.core.personal import KeyRing, Vault
from wenyue.locale import DEFAULT, SOURCE
from wenyue.platform.database.db import Database, Tx
from wenyue.waiting_room import (
    LoadSignal,
    NewRoom,
    Place,
    Room,
    WaitingRooms,
    advance_waiting_rooms,
    close,
    open_room,
    room_by_code,
)
from wenyue_lab.simulator.inspection import Trouble
from wenyue_lab.simulator.seams import admission
from wenyue_lab.simulator.timing import Clock

QUIETS_S: Final = (60, 300, 3_600, 12 * 3_600, 2 * 86_400)
LOOKS_A_SECOND: Final = 4
LOOKS_MAX: Final = 2_000  # nothing is left of a rate long before
ROUNDS_MAX: Final = 40  # seconds after the release, by when everybody is in
PEOPLE: Final = 20
_VENUE: Final = 1_000_000  # nobody's
_BEFORE_S: Final = 60
_KEYS: Final = KeyRing({1: bytes(range(32))}, 1, bytes(range(32)))


class Quiet:
    """The admission of one process, its waiting rooms, and the keeper."""

    def __init__(
        self,
        desk: AsyncConnection[TupleRow],
        rng: random.Random,
        clock: Clock,
        note: Callable[[str], None],
    ) -> None:
        self._tx, self._rng, self._clock, self._note = desk, rng, clock, note
        self._vault = Vault(_KEYS)
        self._admission = admission.Admission(PersonLimit(60, 60.0))
        self._rooms = 0

    async def pass_time(self) -> list[Trouble]:
        """Some work, some quiet, a release: everybody who waited must be let in, whatever was measured before."""
        quiet_s = self._rng.choices(QUIETS_S, (35, 30, 20, 10, 5))[0]
        nobody = Database(
            "", size_max=1, keeps=0
        )  # never opened: who comes before a release needs no database
        gate = WaitingRooms(nobody, self._vault, lambda: self._clock.now, self._signal)
        try:
            room = await self._open(quiet_s)
            for _ in range(self._rng.randint(4, 40)):
                self._admission.measure([self._rng.uniform(0, 800) for _ in range(5)])
            await self._look(gate)
            for account in range(1, PEOPLE + 1):
                await gate.give_pass(room.code, account)
            await self._look(gate)
            for _ in range(min(quiet_s * LOOKS_A_SECOND, LOOKS_MAX)):
                self._admission.measure([0.0, 0.0, 0.0, 0.0, 0.0])
            self._clock.advance(quiet_s + _BEFORE_S)
            rounds = await self._release(gate, room.code)
            await self._close(room.code)
        except Exception as error:  # noqa: BLE001 - whatever stops the room is what is looked for
            return [Trouble("room", f"after {quiet_s} quiet seconds: {' '.join(str(error).split())[:120]}")]
        self._note(f"quiet for {timedelta(seconds=quiet_s)}, then a release: all in after {rounds} s")
        return (
            [] if rounds < ROUNDS_MAX else [Trouble("room", f"nobody let in after {quiet_s} quiet seconds")]
        )

    def _signal(self) -> LoadSignal:
        now = self._admission.signal()
        return LoadSignal(now.goodput_per_s, now.latency_p99_ms, now.limit, 0, 0, now.shed_per_s)

    async def _open(self, quiet_s: int) -> Room:
        self._rooms += 1
        release = self._clock.now + timedelta(seconds=quiet_s + _BEFORE_S)
        day = release.date()
        code = f"quiet-{self._clock.now:%Y%m%d%H%M%S%f}-{self._rooms}"
        new = NewRoom(code, {DEFAULT: "静", SOURCE: "Quiet"}, _VENUE, (), day, day, "/venues", release)
        async with self._tx.transaction():
            return await open_room(self._tx, self._vault, new, self._clock.now, actor="simulator")

    async def _look(self, gate: WaitingRooms) -> None:
        await gate.refresh(self._tx, writes_signal=True)

    async def _release(self, gate: WaitingRooms, code: str) -> int:
        """Second by second; returns after how many everybody was in, at most ROUNDS_MAX."""
        for second in range(ROUNDS_MAX):
            self._clock.advance(1)
            await self._look(gate)
            async with self._tx.transaction():
                await advance_waiting_rooms(self._tx, self._vault, self._clock.now, places_left=_not_known)
            room = await room_by_code(self._tx, code)
            if room is not None and room.threshold >= Place(1, 0):
                return second
        return ROUNDS_MAX

    async def _close(self, code: str) -> None:
        room = await room_by_code(self._tx, code)
        if room is not None:
            async with self._tx.transaction():
                await close(self._tx, room, self._clock.now, actor="simulator")


async def _not_known(_tx: Tx, _room: Room) -> int | None:
    return None
