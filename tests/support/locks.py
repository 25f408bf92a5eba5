"""Two sessions of one database, and the moment in which one of them waits for the other."""

import asyncio
from typing import Any, LiteralString

from wenyue.platform.database.db import Tx


async def until_it_waits(holder: Tx, waiting: asyncio.Task[Any]) -> None:
    """Return when a session waits for the transaction of this one; fails when `waiting` ends instead."""
    blocked: LiteralString = (
        "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    async with asyncio.timeout(30):
        while True:
            row = await (await holder.execute(blocked)).fetchone()
            if row and row[0]:
                return
            assert not waiting.done()
            await asyncio.sleep(0.01)
