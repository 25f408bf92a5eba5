"""Turns: how many may do something costly at once, and how many may wait for it. Beyond that the answer is no, at once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from wenyue.infra.db import DatabaseDown


class Turns:
    """`at_once` inside, at most `waiting_max` outside; one process, one event loop."""

    def __init__(self, at_once: int, waiting_max: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._room = at_once + waiting_max
        self.here = 0  # inside and waiting

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for a turn, first come first served. Raises DatabaseDown (try again shortly) when too many wait."""
        if self.here >= self._room:
            raise DatabaseDown("too many at once")
        self.here += 1
        try:
            async with self._free:
                yield
        finally:
            self.here -= 1
