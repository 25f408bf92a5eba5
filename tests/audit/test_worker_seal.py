"""The worker seals the record, and says so loudly when it cannot."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.support.database import DbUrls
from wenyue import audit
from wenyue.container import build
from wenyue.platform.config import load
from wenyue.platform.keys import load_seal_keys
from wenyue.worker import Worker

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)


async def work_until(done: Callable[[], Awaitable[bool]], url: str, home: Path) -> None:
    """A worker that works until `done`."""
    services = build(
        load({"WENYUE_DATABASE_URL": url, "WENYUE_HOME": str(home), "WENYUE_DATABASE_POOL": "4"})
    )
    await services.start()
    stop = asyncio.Event()
    working = asyncio.create_task(Worker(services).run_worker(stop))
    async with asyncio.timeout(60):
        while not await done():
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(working, 30)
    await services.stop()


async def test_the_record_is_sealed(make_database: Callable[[], DbUrls], tmp_path: Path) -> None:
    url = make_database().app_url
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as tx:
        await audit.record(tx, [audit.Entry(NOW, "staff:1", "test.happened", "x")])

        async def is_sealed() -> bool:
            row = await (await tx.execute("SELECT entries FROM audit.seal")).fetchone()
            return row == (1,)

        await work_until(is_sealed, url, tmp_path)
        assert await audit.verify(tx, load_seal_keys(tmp_path)) is None


async def test_a_chain_of_another_server_is_reported_and_stops_nothing_else(
    make_database: Callable[[], DbUrls], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    urls = make_database()
    url = urls.app_url
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        await tx.execute("INSERT INTO audit.seal VALUES (1, '999999999999', 0, '\\x00', now())")

    async def is_reported() -> bool:
        return any("not sealed" in one.message for one in caplog.records)

    await work_until(is_reported, url, tmp_path)
    assert {one.levelno for one in caplog.records if "not sealed" in one.message} == {logging.CRITICAL}
