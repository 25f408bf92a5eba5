"""The next batch of a file is read while the one before it is written."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

T = TypeVar("T")


async def read_ahead(read: Callable[[], T | None]) -> AsyncGenerator[T]:
    """What `read` gives until it gives None, each while the one before it is worked on; one call at a time.

    It runs beside the loop. Close it: then no call is under way any more.
    """
    reading = asyncio.create_task(asyncio.to_thread(read))
    try:
        while (found := await reading) is not None:
            reading = asyncio.create_task(asyncio.to_thread(read))
            yield found
    finally:
        await asyncio.wait([reading])
        if not reading.cancelled():
            reading.exception()  # nobody waits for it any more
