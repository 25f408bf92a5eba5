"""Work that may block for ever: a disk that hangs, a name server that says nothing.

Each piece runs in a thread of its own and is waited for with a deadline by whoever sent it. What has not come back is
not sent again, so a hung disk costs a monitor one thread per check and not one per round, and never the threads that
others need. The threads are daemons: they keep no process from ending.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class BlockingCalls:
    """At most one of each name is under way."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Future[Any]] = {}

    async def run_in_thread(self, name: str, work: Callable[[], T]) -> T:
        """`work` in a thread. Raises what it raises, and TimeoutError while an earlier one of this name is under way.

        Cancelling the wait, as a deadline does, leaves the thread to itself.
        """
        if name in self._under_way:
            raise TimeoutError(f"{name}: still waiting for the last one")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def call() -> None:
            try:
                tell = partial(future.set_result, work())
            except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
                tell = partial(future.set_exception, error)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(tell)

        Thread(target=call, name=name, daemon=True).start()
        self._under_way[name] = future
        future.add_done_callback(lambda _: self._under_way.pop(name))
        return await asyncio.shield(future)

    async def settled(self, name: str) -> None:
        """Wait until nothing of this name is under way."""
        if name in self._under_way:
            await asyncio.wait([self._under_way[name]])
