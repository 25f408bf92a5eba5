"""A running engine whose bookings leave something for later: an hour that tests turn, and what is stored to look at."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from tests.support.database import DbUrls, both
from wenyue.booking import (
    BookingRequest,
    BookingState,
    Engine,
    Outcome,
    tasks,
)
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Database, Tx
from wenyue_lab import dataset

DAY = date(2026, 3, 3)
AFTER = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)  # two hours past the venue's midnight


@dataclass
class Stage:
    """A running engine, a connection to look with, and a clock that tests turn."""

    db: Database
    engine: Engine
    tx: Tx
    now: datetime

    async def slot(self, on_date: date = DAY, **more: Any) -> int:
        """A slot (02:00 to 04:00 UTC) of a venue of its own."""
        venue_id, product_id = await dataset.product(self.tx, f"v-{uuid7()}", **more)
        return await dataset.slot(self.tx, venue_id, product_id, on_date, 2, 100)

    async def book(self, *slot_ids: int, by: dataset.Card | None = None) -> BookingRequest:
        """A confirmed booking of a card's holder in every slot."""
        card = by or await dataset.card(self.tx, uuid7().int % 10**9)
        request = dataset.request(card, *slot_ids)
        assert (await self.engine.book(request)).outcome is Outcome.CONFIRMED
        return request

    async def settle(self, now: datetime = AFTER) -> bool:
        """Look for people who did not come, at `now`."""
        self.now = now
        async with self.db.transaction() as tx:
            return await tasks.mark_no_shows(tx, self.engine, now)

    async def state(self, booking: BookingRequest) -> BookingState:
        """The stored state."""
        return BookingState(await self.one("SELECT state FROM booking.booking WHERE id = %s", booking.id))

    async def one(self, statement: str, *params: object) -> Any:
        """The only value of the only row."""
        [(value,)] = await (await self.tx.execute(statement, params)).fetchall()  # type: ignore[arg-type] # a constant of the test
        return value


@asynccontextmanager
async def later_stage(urls: DbUrls) -> AsyncGenerator[Stage]:
    """A stage on a fresh database."""
    async with both(urls, 6) as (db, tx):
        types = {dataset.OPEN_TYPE: await dataset.card_type(tx)}
        box: list[Stage] = []
        engine = Engine(db, dataset.rulebook(types), clock=lambda: box[0].now)
        box.append(Stage(db, engine, tx, dataset.START))
        await engine.start()
        yield box[0]
        await engine.drain()
