"""suite_T4: a quiet installation does next to nothing, and is there at once when work comes. Counted, not timed."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.database import DbUrls
from wenyue import worker as worker_module
from wenyue.booking import Engine, Outcome
from wenyue.container import build
from wenyue.core.ids import uuid7
from wenyue.core.limits import POOL_VIEW_REFRESH_S
from wenyue.platform.config import load
from wenyue.platform.database.db import Database
from wenyue.worker import Worker
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
DAY = (dataset.START + timedelta(days=1)).date()
LOOKS = 6
AWAITED_S = 60.0
GATED = ("expire holds", "tell gate-index", "tell messages", "keep the waiting rooms")


async def test_suite_T4_an_idle_worker_looks_once_for_all_its_tasks(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        worker_module, "_AT_LEAST_EVERY_S", 3600.0
    )  # what a look missed is not what is tested
    urls = make_database()
    services = build(
        load(
            {"WENYUE_DATABASE_URL": urls.app_url, "WENYUE_HOME": str(tmp_path), "WENYUE_DATABASE_POOL": "6"}
        ),
        clock=lambda: dataset.START,
    )
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        await dataset.card_type(tx)
        venue_id, product_id = await dataset.product(tx, "quiet")
        slot_id = await dataset.slot(tx, venue_id, product_id, DAY, 5, 5)
        await services.start()
        worker, stop = Worker(services), asyncio.Event()
        running = asyncio.create_task(worker.run_worker(stop))
        try:
            looks = worker.figures.of("notice what is due")
            await _until(lambda: looks.runs >= LOOKS)
            begun = {name: worker.figures.of(name).runs for name in GATED}
            seen = looks.runs
            await _until(lambda: looks.runs >= seen + LOOKS)
            assert {name: worker.figures.of(name).runs for name in GATED} == begun  # not once more
            card = await dataset.card(tx, uuid7().int % 10**9)
            answer = await services.engine.book(dataset.request(card, slot_id))
            assert answer.outcome is Outcome.CONFIRMED
            await _until(lambda: worker.figures.of("tell messages").runs > begun["tell messages"])
        finally:
            stop.set()
            await running
            await services.stop()


async def test_suite_T4_an_idle_engine_asks_the_database_nothing(db_urls: DbUrls) -> None:
    async with Database(db_urls.app_url, size_max=4) as db:
        async with await psycopg.AsyncConnection.connect(db_urls.owner_url, autocommit=True) as tx:
            types = {dataset.OPEN_TYPE: await dataset.card_type(tx)}
            venue_id, product_id = await dataset.product(tx, f"v{uuid7()}")
            slot_id = await dataset.slot(tx, venue_id, product_id, DAY, 1, 1)
            cards = [await dataset.card(tx, uuid7().int % 10**9) for _ in range(2)]
        engine = Engine(db, dataset.rulebook(types), clock=lambda: dataset.START)
        await engine.start()
        before = db.pool_stats().get("requests_num", 0)
        await asyncio.sleep(POOL_VIEW_REFRESH_S * 5)
        assert db.pool_stats().get("requests_num", 0) == before
        # Sold out, and asked for again: now figures are kept fresh.
        outcomes = [(await engine.book(dataset.request(card, slot_id))).outcome for card in cards]
        assert outcomes == [Outcome.CONFIRMED, Outcome.SOLD_OUT]
        assert engine.views.is_asked
        await _until(lambda: db.pool_stats().get("requests_num", 0) > before + 2)
        await engine.drain()


async def _until(is_so: Callable[[], bool]) -> None:
    """Wait for it; a minute is a net, no bound."""
    async with asyncio.timeout(AWAITED_S):
        while not is_so():
            await asyncio.sleep(0.05)
