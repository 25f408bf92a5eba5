"""In which order an engine takes what waits."""

import asyncio
from datetime import date

import pytest

from tests.support.database import DbUrls, both
from wenyue.booking import Answer, ChangeKind, ChangeRequest, Engine
from wenyue.core.ids import uuid7
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
DAY = date(2026, 3, 3)


async def test_changes_go_before_new_bookings_but_never_before_their_own(db_urls: DbUrls) -> None:
    """A full queue of new bookings must not keep anybody from confirming or giving back what they have."""
    async with both(db_urls) as (db, tx):
        await dataset.card_type(tx)
        venue_id, product_id = await dataset.product(tx, f"v{uuid7()}")
        slot_id = await dataset.slot(tx, venue_id, product_id, DAY, 2, 5)
        card = await dataset.card(tx, uuid7().int % 10**9)
        engine = Engine(db, dataset.rulebook({}))  # not started: nobody takes what waits
        bookings = [dataset.request(card, slot_id) for _ in range(3)]
        of_nobody_here = [ChangeRequest(ChangeKind.CONFIRM, uuid7(), "traveller") for _ in range(2)]
        of_the_first = ChangeRequest(ChangeKind.CANCEL, bookings[0].id, "traveller")
        waiting: list[asyncio.Task[Answer]] = [asyncio.create_task(engine.book(one)) for one in bookings]
        waiting += [asyncio.create_task(engine.change(one)) for one in (of_the_first, *of_nobody_here)]
        await asyncio.sleep(0)
        assert engine.depth == 6
        queue = engine._queue  # pyright: ignore[reportPrivateUsage] - the order is seen nowhere else
        assert [one.request for one in queue.take(16)] == [*of_nobody_here, *bookings]
        assert [one.request for one in queue.take(16)] == [of_the_first]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_an_engine_ends_when_nobody_waits_for_what_is_left(db_urls: DbUrls) -> None:
    """Everybody who asked has gone: nothing is left to be answered, so nothing is waited for."""
    async with both(db_urls) as (db, _):
        engine = Engine(db, dataset.rulebook({}), batches_in_flight=1)
        await engine.start()
        asked = asyncio.create_task(engine.book(dataset.request(dataset.Card(1, 1, dataset.person(1)), 1)))
        await asyncio.sleep(0)
        asked.cancel()
        assert engine.depth == 1
        async with asyncio.timeout(20):  # where it waited, it waited for the hour
            await engine.drain(within_s=3600)
        assert engine.depth == 0
