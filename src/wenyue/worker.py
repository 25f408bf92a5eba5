"""The worker role: what happens later, on a schedule. Any number of workers may run; each task tolerates company."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from psycopg import Error

from wenyue.audit import ChainAhead, seal
from wenyue.booking import expire_holds
from wenyue.infra.db import DatabaseDown
from wenyue.kernel.limits import EXPIRY_POLL_S
from wenyue.services import Services

_log: Final = logging.getLogger("wenyue.worker")
_BACKOFF_S: Final = 2.0
_SEAL_EVERY_S: Final = 5.0  # what a thief of the database could rewrite unseen is at most so old


@dataclass(frozen=True, slots=True)
class Task:
    """Something done again and again; `run` returns how much it did, and more than nothing means: at once again."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[int]]


class Worker:
    """Runs every task until told to stop; a task that fails is tried again and stops nobody else."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tasks = [
            Task("expire holds", EXPIRY_POLL_S, self._expire_holds),
            Task("seal the record", _SEAL_EVERY_S, self._seal_record),
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; the run in progress is finished."""
        await asyncio.gather(*(self._repeat(task, stop) for task in self._tasks))

    async def _repeat(self, task: Task, stop: asyncio.Event) -> None:
        while not stop.is_set():
            wait_s = task.every_s
            try:
                wait_s = 0 if await task.run() else task.every_s
            except (Error, DatabaseDown, OSError) as error:
                _log.warning("%s: %s, trying again", task.name, type(error).__name__)
                wait_s = max(_BACKOFF_S, task.every_s)
            try:
                await asyncio.wait_for(stop.wait(), wait_s)
            except TimeoutError:
                continue

    async def _expire_holds(self) -> int:
        return await expire_holds(self._services.db, self._services.engine, self._services.clock())

    async def _seal_record(self) -> int:
        try:
            async with self._services.db.transaction() as tx:
                return await seal(tx, self._services.clock())
        except ChainAhead as ahead:
            _log.critical("the record is not sealed: %s", ahead)
            return 0
