"""An installation with one slot whose worker is watched, and a transport of texts that a test holds up or breaks."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from tests.support.database import DbUrls
from wenyue.booking import Outcome, Party, PartyVisitor, seal_party
from wenyue.container import Services, build
from wenyue.core.ids import uuid7
from wenyue.notifications import Sms
from wenyue.platform.config import load
from wenyue.platform.database.db import Tx
from wenyue.worker import Worker
from wenyue_lab import dataset

DAY = (dataset.START + timedelta(days=1)).date()
PARTY = Party((PartyVisitor("张小三", "id", "N1"),), "张小三", "+8613800138000")


@dataclass
class Slow:
    """A transport that takes its time, or is out of order."""

    is_broken: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[Sms] = field(default_factory=list[Sms])

    @property
    def name(self) -> str:
        """As operators would configure it."""
        return "slow"

    async def is_up(self) -> bool:
        """It always is."""
        return True

    async def send(self, batch: Sequence[Sms], _now: datetime) -> frozenset[int]:
        """Wait for the test, then accept everything."""
        self.asked.set()
        if self.is_broken:
            raise ConnectionError("138****8000 cannot be reached")
        await self.gate.wait()
        self.sent += batch
        return frozenset(one.id for one in batch)


@dataclass
class Place:
    """An installation with one slot; `tx` to look with."""

    url: str
    home: Path
    services: Services
    tx: Tx
    slot_id: int

    async def book(self) -> UUID:
        """A confirmed booking of somebody with a phone."""
        card = await dataset.card(self.tx, uuid7().int % 10**9)
        request = dataset.request(card, self.slot_id)
        theirs = msgspec.structs.replace(
            PARTY, contact_phone=f"+86138{uuid7().int % 10**4:04}8000"
        )  # one phone gets few texts
        sealed = seal_party(self.services.vault, theirs)
        request = msgspec.structs.replace(request, party=sealed)
        assert (await self.services.engine.book(request)).outcome is Outcome.CONFIRMED
        return request.id

    async def one(self, statement: str, *params: object) -> Any:
        """The only value of the only row."""
        [(value,)] = await (await self.tx.execute(statement, params)).fetchall()  # type: ignore[arg-type] # a constant of the test
        return value

    async def is_sent(self) -> bool:
        """Every confirmation has left, and there is at least one."""
        return await self.one(
            "SELECT count(*) > 0 AND bool_and(state = 'sent') FROM notifications.message WHERE channel = 'sms' AND kind = 1"
        )

    async def is_judged(self) -> bool:
        """No text waits any more, and there is at least one."""
        return await self.one(
            "SELECT count(*) > 0 AND bool_and(state <> 'queued') FROM notifications.message WHERE channel = 'sms'"
        )

    async def tell(self, worker: Worker) -> None:
        """Tell every subscriber of the worker until nothing waits."""
        one = [task for task in worker.tasks if task.name.startswith("tell ")]
        assert len(one) == 5
        for task in one:
            while await task.run():
                pass

    async def is_idle(self) -> bool:
        """No job is left."""
        return await self.jobs() == []

    async def jobs(self) -> list[tuple[Any, ...]]:
        """Status and attempts of every job."""
        cursor = await self.tx.execute("SELECT status::text, attempts FROM procrastinate_jobs ORDER BY id")
        return await cursor.fetchall()


@asynccontextmanager
async def worker_place(urls: DbUrls, home: Path) -> AsyncGenerator[Place]:
    """The installation, its web process started."""
    url = urls.app_url
    variables = {"WENYUE_DATABASE_URL": url, "WENYUE_HOME": str(home), "WENYUE_DATABASE_POOL": "6"}
    services = build(load(variables), clock=lambda: dataset.START)
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        await tx.execute(
            "UPDATE retention.period SET days = 3660"
        )  # the fixtures of these tests is long past by the server's clock
        await dataset.card_type(tx)
        venue_id, product_id = await dataset.product(tx, "west-lake")
        slot_id = await dataset.slot(tx, venue_id, product_id, DAY, 2, 100)
        await services.start()
        yield Place(url, home, services, tx, slot_id)
        await services.stop()


@asynccontextmanager
async def working(worker: Worker) -> AsyncGenerator[asyncio.Event]:
    """The worker works; afterwards it has stopped by itself."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run_worker(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)


async def eventually(condition: Callable[[], Awaitable[bool]], *, within_s: float = 30) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.02)
