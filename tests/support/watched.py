"""What the monitor looks at: a database with bookings, and hands to plant trouble in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import LiteralString

import psycopg

from tests.support.database import DbUrls, both
from wenyue.booking import BookingRequest, Engine, Outcome
from wenyue.core.clock import utc_now
from wenyue.core.ids import uuid7
from wenyue.monitoring import Checked, Memory, Notice, Scene, make_checks
from wenyue.platform.database.db import Database, Tx
from wenyue_lab import dataset

DAY = utc_now().date()  # among the days that a round looks at
CARDS_LAST_DAYS = (DAY - dataset.START.date()).days + 365  # the fixtures' own days lie behind


@dataclass
class Watched:
    """The fixtures, its engine, and what one round of the monitor says about it."""

    urls: DbUrls
    db: Database
    engine: Engine
    tx: Tx
    scene: Scene
    memory: Memory

    async def slot(self, on_date: date = DAY, capacity: int = 5, day_capacity: int | None = 50) -> int:
        """A slot of a venue of its own."""
        venue_id, product_id = await dataset.product(self.tx, f"v-{uuid7()}")
        return await dataset.slot(
            self.tx, venue_id, product_id, on_date, 2, capacity, day_capacity=day_capacity
        )

    async def book(self, *slot_ids: int, is_hold: bool = False) -> BookingRequest:
        """A booking of a card of its own."""
        card = await dataset.card(self.tx, uuid7().int % 10**9, granted=(10,), valid_days=CARDS_LAST_DAYS)
        request = dataset.request(card, *slot_ids, is_hold=is_hold)
        answer = await self.engine.book(request)
        assert answer.outcome in {Outcome.CONFIRMED, Outcome.HELD}, answer
        return request

    def as_owner(self, *statements: LiteralString) -> None:
        """Plant trouble."""
        with psycopg.connect(self.urls.owner_url, autocommit=True) as owner:
            for statement in statements:
                owner.execute(statement)

    def calm(self) -> None:
        """Nothing waits: the engine's clock is another one, so its notes and records look old."""
        self.as_owner(
            "UPDATE booking.slot SET settled_at = now() WHERE ends_at < now() - interval '1 day'",
            "DELETE FROM events.event",
            "UPDATE audit.entry SET at = now()",
        )

    async def look(self) -> dict[str, Checked]:
        """One round, by check."""
        return {one.name: one for one in await make_checks(self.scene, self.memory)}

    async def says(self, check: str) -> list[str]:
        """What one round finds in one check: `subject severity`."""
        made = (await self.look())[check]
        assert made.problem == "", made
        return sorted(f"{one.subject} {one.severity.value}" for one in made.findings)


def scene_for(url: str, home: Path) -> Scene:
    """A monitor's view of one database and nothing else."""

    async def connect() -> Tx:
        return await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=3)

    return Scene(
        node="here",
        connect=connect,
        clock=utc_now,
        disks=(home,),
        urls=(),
        selftest=home / "selftest.json",
        drill=home / "last.json",
        home=home,
    )


@asynccontextmanager
async def watched(urls: DbUrls, home: Path) -> AsyncGenerator[Watched]:
    """Fixtures on a fresh database."""
    async with both(urls, 6) as (db, tx):
        types = {dataset.OPEN_TYPE: await dataset.card_type(tx)}
        engine = Engine(db, dataset.rulebook(types), clock=lambda: dataset.START)
        await engine.start()
        yield Watched(urls, db, engine, tx, scene_for(urls.app_url, home), Memory())
        await engine.drain()


async def settled(tx: Tx) -> None:
    """Wait until every transaction so far has ended; other tests share the server."""
    async with asyncio.timeout(30):
        [(mine,)] = await (await tx.execute("SELECT pg_current_xact_id()::text::bigint")).fetchall()
        while True:
            [(xmin,)] = await (
                await tx.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            ).fetchall()
            if xmin > mine:
                return
            await asyncio.sleep(0.01)


@dataclass
class Recorder:
    """A way out that keeps what was told; refuses while `is_shut`."""

    name: str = "recorder"
    told: list[Notice] = field(default_factory=list[Notice])
    is_shut: bool = False

    async def send(self, notice: Notice, /) -> None:
        """Keep it."""
        if self.is_shut:
            raise OSError("shut")
        self.told.append(notice)

    def subjects(self) -> list[str]:
        """`fired disk:/srv`."""
        return [f"{one.event.value} {one.alert.subject}" for one in self.told]


def away(scene: Scene) -> Scene:
    async def refuse() -> Tx:
        raise psycopg.OperationalError("no")

    return replace(scene, connect=refuse)
