"""After an outage the connections are back at once: how long it lasted does not matter."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from psycopg import OperationalError

from tests.support.database import DbUrls
from wenyue.platform.database.db import Database, DatabaseDown
from wenyue_lab.chaos.proxy import ChaosProxy

pytestmark = pytest.mark.anyio
OUTAGE_S = 7.5  # doubled pauses between tries would make the next one wait for as long again
BACK_S_MAX = 30.0  # nothing else makes it come back


async def test_the_pool_is_back_soon_after_a_long_outage(db_urls: DbUrls, tmp_path: Path) -> None:
    url, real = _through(db_urls.app_url, tmp_path)
    listen = tmp_path / ".s.PGSQL.5432"
    async with AsyncExitStack() as stack:
        async with ChaosProxy(listen, real):
            db = await stack.enter_async_context(Database(url, size_max=12))
            assert await _answers(db)
        listen.unlink(missing_ok=True)
        until = monotonic() + OUTAGE_S
        while monotonic() < until:  # people keep asking
            assert not any(await asyncio.gather(*(_answers(db) for _ in range(3))))
        async with ChaosProxy(listen, real):
            async with asyncio.timeout(BACK_S_MAX):
                while not await _answers(db):
                    pass
            await db.close()


async def test_a_process_that_starts_first_waits_for_the_database(db_urls: DbUrls, tmp_path: Path) -> None:
    url, real = _through(db_urls.app_url, tmp_path)
    db = Database(url, size_max=4)
    opening = asyncio.create_task(db.open(wait_s=20))
    await asyncio.sleep(2.5)
    async with ChaosProxy(tmp_path / ".s.PGSQL.5432", real):
        await opening
        try:
            assert await _answers(db)
        finally:
            await db.close()


async def test_a_database_that_stays_away_is_told(tmp_path: Path) -> None:
    db = Database(f"postgresql://nobody@/nothing?host={quote(str(tmp_path), safe='')}&port=5432", size_max=4)
    with pytest.raises(DatabaseDown):
        await db.open(wait_s=0.5)


def _through(url: str, folder: Path) -> tuple[str, Path]:
    """The same URL by way of a socket in `folder`, and the real socket."""
    parts = urlsplit(url)
    given = parse_qs(parts.query)
    query = f"host={quote(str(folder), safe='')}&port={given['port'][0]}"
    return parts._replace(query=query).geturl(), Path(given["host"][0]) / ".s.PGSQL.5432"


async def _answers(db: Database) -> bool:
    try:
        async with db.connection() as tx:
            await tx.execute("SELECT 1")
    except (DatabaseDown, OperationalError):
        return False
    return True
