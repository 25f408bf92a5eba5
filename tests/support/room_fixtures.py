"""A waiting room on a real database without a face: a keeper, web processes that know the room, a clock moved by hand."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from tests.support.clock import Clock
from tests.support.database import DbUrls
from wenyue.core.personal import Vault
from wenyue.platform.database.db import Database, Tx
from wenyue.platform.keys import load_keys
from wenyue.waiting_room import (
    LoadSignal,
    NewRoom,
    PassGiven,
    Place,
    Room,
    WaitingRooms,
    advance_waiting_rooms,
    open_room,
    room_by_code,
)

RELEASE = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
DAY = date(2026, 10, 8)
PRODUCT, VENUE = 7, 3
WELL = LoadSignal(goodput_per_s=100.0, latency_p99_ms=80.0, limit=600, in_flight=3)


@dataclass(frozen=True)
class Line:
    """One line of a booking."""

    slot_id: int


class RoomFixtures:
    """A database, a worker's keeper, and web processes that know the rooms."""

    def __init__(self, db: Database, vault: Vault, owner_url: str) -> None:
        self.db, self.vault, self.owner_url = db, vault, owner_url
        self.clock = Clock(RELEASE - timedelta(minutes=5))
        self.signal: LoadSignal | None = WELL
        self.places: int | None = 1_000

    def process(self) -> WaitingRooms:
        """A web process that has read nothing yet."""
        return WaitingRooms(self.db, self.vault, self.clock, lambda: self.signal)

    async def web(self) -> WaitingRooms:
        """A web process."""
        keeper = self.process()
        await self.look(keeper)
        return keeper

    async def look(self, *keepers: WaitingRooms) -> None:
        """These processes read the rooms again, and say how they fare."""
        for keeper in keepers:
            async with self.db.connection() as tx:
                await keeper.refresh(tx, writes_signal=True)

    async def keep(self) -> None:
        """The keeper looks after the room, once."""

        async def left(_tx: Tx, _room: Room) -> int | None:
            return self.places

        async with self.db.transaction() as tx:
            assert await advance_waiting_rooms(tx, self.vault, self.clock(), places_left=left) == 1

    async def open(self, **more: Any) -> Room:
        """An operator opens the room; `more` fields differ."""
        new = NewRoom(
            "golden-week",
            {"zh-CN": "黄金周", "en": "Golden Week"},
            None,
            (PRODUCT,),
            DAY,
            DAY,
            "/venues/lake",
            RELEASE,
        )
        async with self.db.transaction() as tx:
            return await open_room(
                tx,
                self.vault,
                replace(new, **more),
                self.clock(),
                actor="test",
            )

    async def room(self, code: str = "golden-week") -> Room:
        """The room as the database has it."""
        async with self.db.connection() as tx:
            room = await room_by_code(tx, code)
        assert room is not None
        return room

    async def release(self, *keepers: WaitingRooms, seconds: float = 4.0) -> None:
        """Pass the release, and let the keeper publish the seed."""
        self.clock.now = RELEASE + timedelta(seconds=seconds)
        await self.look(*keepers)
        await self.keep()
        await self.look(*keepers)

    async def run(self, seconds: int, *keepers: WaitingRooms) -> None:
        """Time passes, second by second."""
        for _ in range(seconds):
            self.clock.forward(1)
            await self.look(*keepers)
            await self.keep()
        await self.look(*keepers)

    async def add_slot(self, on: date = DAY, product: int = PRODUCT, within: Tx | None = None) -> int:
        """A session is opened, at once or in a transaction that somebody else ends."""
        if within is None:
            async with await psycopg.AsyncConnection.connect(self.owner_url, autocommit=True) as owner:
                return await self.add_slot(on, product, owner)
        row = await (
            await within.execute(
                "INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at,"
                " price_minor, pool_ids) VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '{1}') RETURNING id",
                [product, VENUE, on, RELEASE, RELEASE, RELEASE, RELEASE],
            )
        ).fetchone()
        assert row is not None
        return row[0]


@asynccontextmanager
async def at_the_room(urls: DbUrls, home: Path) -> AsyncGenerator[RoomFixtures]:
    """The fixtures in this database, with keys of its own."""
    async with Database(urls.app_url, size_max=4) as db:
        yield RoomFixtures(db, Vault(load_keys(home)), urls.owner_url)


async def pass_of(keeper: WaitingRooms, account: int, shown: str = "") -> PassGiven:
    """A pass for this account, which has to be given."""
    given = await keeper.give_pass("golden-week", account, shown)
    assert isinstance(given, PassGiven), given
    return given


async def half_open(fixtures: RoomFixtures) -> tuple[WaitingRooms, Place]:
    """A room that two thousand people came to before its release, two seconds after it; and how far it is open."""
    await fixtures.open()
    web = await fixtures.web()
    for account in range(1, 2_001):
        await pass_of(web, account)
    await fixtures.release(web)
    await fixtures.run(2, web)
    return web, (await fixtures.room()).threshold
