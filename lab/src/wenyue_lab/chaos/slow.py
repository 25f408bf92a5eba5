"""Clients that hold connections by being slow: headers that never end, bodies that arrive byte by byte."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from typing import Final, Self

from wenyue.platform.files import allow_many_files

SLOW_MAX: Final = 5_000
_HOST: Final = "127.0.0.1"
_BODY_BYTES: Final = 4_096
_PAUSE_S: Final = (0.3, 1.0)
_AT_ONCE: Final = 100


class Slow:
    """A crowd of slow connections. Use as an async context manager: they end with the block."""

    def __init__(self, port: int, *, seed: int) -> None:
        self._port, self._seed = port, seed
        self._tasks: list[asyncio.Task[None]] = []
        self._doors = asyncio.Semaphore(_AT_ONCE)
        self.living = 0
        self.most = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def open(self, *, headers: int, bodies: int, paths: Sequence[str] = ("/v1/bookings",)) -> None:
        """Let so many arrive, going round `paths`; at most SLOW_MAX."""
        allow_many_files()
        for number in range(min(headers + bodies, SLOW_MAX)):
            self._tasks.append(
                asyncio.create_task(
                    self._crawl(number, paths[number % len(paths)], is_body=number >= headers)
                )
            )
        await asyncio.sleep(0)

    async def _crawl(self, number: int, path: str, *, is_body: bool) -> None:
        chance = random.Random(f"{self._seed}/{number}")  # noqa: S311 - pauses, not secrets
        with contextlib.suppress(OSError):
            async with self._doors:
                _reader, writer = await asyncio.open_connection(_HOST, self._port)
            self.living += 1
            self.most = max(self.most, self.living)
            try:
                await self._drip(writer, chance, path, is_body=is_body)
            finally:
                self.living -= 1
                writer.transport.abort()

    async def _drip(
        self, writer: asyncio.StreamWriter, chance: random.Random, path: str, *, is_body: bool
    ) -> None:
        head = b"POST %b HTTP/1.1\r\nHost: localhost\r\n" % path.encode("ascii")
        head += b"Content-Type: application/json\r\n"
        if is_body:
            head += b"Content-Length: %d\r\n\r\n" % _BODY_BYTES
        writer.write(head)
        number = 0
        while not writer.transport.is_closing():
            await writer.drain()
            await asyncio.sleep(chance.uniform(*_PAUSE_S))
            number += 1
            writer.write(b" " if is_body else b"X-Slow-%d: 1\r\n" % number)
