"""The gate beside the booking engine: what was redeemed cannot be cancelled, and what was cancelled is not admitted."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from tests.support.database import DbUrls, both
from tests.support.gate_fixtures import keys, vault
from wenyue.booking import ChangeKind, ChangeRequest, Engine, Outcome
from wenyue.core.ids import uuid7
from wenyue.gate import Desk, Reason, ScanAnswer, ScanRequest, UndoLimits, UndoOutcome, scan, undo
from wenyue.platform.database.db import Database, Tx
from wenyue.policy import shipped_presets
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
DAY = date(2026, 3, 3)
AT_THE_GATE = dataset.START.replace(day=3, hour=2, minute=30)  # half an hour into the session


@dataclass
class House:
    """A running engine, and a gate of the only venue."""

    db: Database
    tx: Tx
    engine: Engine
    venue_id: int
    slot_id: int
    desk: Desk

    async def book(self) -> tuple[str, ChangeRequest]:
        """A fresh confirmed booking, and the request that would cancel it."""
        card = await dataset.card(self.tx, uuid7().int % 10**9)
        request = dataset.request(card, self.slot_id)
        assert (await self.engine.book(request)).outcome is Outcome.CONFIRMED
        return str(request.id), ChangeRequest(
            ChangeKind.CANCEL, request.id, "traveller", holder_id=card.holder_id
        )

    async def scan(self, presented: str) -> ScanAnswer:
        """One scan in a transaction of its own."""
        request = ScanRequest(uuid7(), self.venue_id, "gate", None, presented)
        async with self.db.transaction() as tx:
            return await scan(tx, self.desk, request, AT_THE_GATE)


@pytest.fixture
async def house(db_urls: DbUrls) -> AsyncIterator[House]:
    async with both(db_urls) as (db, tx):
        types = {dataset.OPEN_TYPE: await dataset.card_type(tx)}
        venue_id, product_id = await dataset.product(tx, f"v-{uuid7()}")
        slot_id = await dataset.slot(tx, venue_id, product_id, DAY, 2, 1000)
        engine = Engine(db, dataset.rulebook(types), clock=lambda: dataset.START)
        await engine.start()
        yield House(db, tx, engine, venue_id, slot_id, Desk(vault(), keys(), shipped_presets()))
        await engine.drain()


def any_venue(_venue: int, _gate: str) -> bool:
    return True


async def test_a_redeemed_booking_is_cancelled_only_after_the_scan_is_taken_back(house: House) -> None:
    presented, cancel = await house.book()
    admitted = await house.scan(presented)
    assert admitted.reason is Reason.ADMIT
    assert (await house.engine.change(cancel)).outcome is Outcome.ALREADY_REDEEMED
    async with house.db.transaction() as tx:
        undone = await undo(
            tx,
            admitted.scan_id,
            staff_id=None,
            is_theirs=any_venue,
            reason="mistake",
            now=AT_THE_GATE + timedelta(minutes=1),
            limits=UndoLimits(),
        )
    assert undone is UndoOutcome.UNDONE
    assert (await house.engine.change(cancel)).outcome is Outcome.CANCELLED
    assert (await house.scan(presented)).reason is Reason.CANCELLED
    told = "SELECT kind FROM events.event WHERE booking_ids = ARRAY[%s::uuid] ORDER BY id"
    assert [kind for (kind,) in await (await house.tx.execute(told, [presented])).fetchall()] == [
        "booking.confirmed",
        "booking.redeemed",
        "booking.taken_back",
        "booking.cancelled",
    ]


async def test_a_scan_and_a_cancellation_at_once_have_one_winner(house: House) -> None:
    bookings = [await house.book() for _ in range(30)]

    async def meet(presented: str, cancel: ChangeRequest) -> tuple[Reason, Outcome]:
        scanned, cancelled = await asyncio.gather(house.scan(presented), house.engine.change(cancel))
        return scanned.reason, cancelled.outcome

    ends = set(await asyncio.gather(*(meet(presented, cancel) for presented, cancel in bookings)))
    assert ends <= {(Reason.ADMIT, Outcome.ALREADY_REDEEMED), (Reason.CANCELLED, Outcome.CANCELLED)}
