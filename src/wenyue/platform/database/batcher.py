"""Questions that arrive together are asked together: in a rush, one statement answers hundreds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Generic, TypeVar

from psycopg import InterfaceError, OperationalError

from wenyue.platform.database.db import DatabaseDown

K = TypeVar("K")
W = TypeVar("W")
A = TypeVar("A")

TOGETHER_MAX: Final = 500
WAITING_MAX: Final = 5_000
GATHER_S: Final = 0.003
ANSWER_WITHIN_S: Final = 2.0


class Batcher(Generic[K, W, A]):
    """`ask(key, what)` waits for `answer({key: what, …})`, which is called for many at once, one call at a time.

    One key has one answer: whoever asks again meanwhile gets the first one's.
    """

    def __init__(self, answer: Callable[[Mapping[K, W]], Awaitable[Mapping[K, A]]]) -> None:
        self._answer = answer
        self._waiting: dict[K, tuple[W, asyncio.Future[A | None]]] = {}
        self._asked: dict[K, tuple[W, asyncio.Future[A | None]]] = {}  # by the call that is under way
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, key: K, what: W) -> A | None:
        """The answer for `key`; None when there is none. Raises DatabaseDown: too many wait, or it took too long."""
        same = self._waiting.get(key) or self._asked.get(key)
        if same is not None:
            return await asyncio.shield(same[1])
        if len(self._waiting) >= WAITING_MAX:
            raise DatabaseDown("too many at once")
        answer: asyncio.Future[A | None] = asyncio.get_running_loop().create_future()
        self._waiting[key] = (what, answer)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="together")
        return await asyncio.shield(answer)

    async def _work(self) -> None:
        await asyncio.sleep(GATHER_S)
        while self._waiting:
            keys = list(self._waiting)[:TOGETHER_MAX]
            now = self._asked = {key: self._waiting.pop(key) for key in keys}
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    found = await self._answer({key: what for key, (what, _) in now.items()})
            except (DatabaseDown, OperationalError, InterfaceError, OSError, TimeoutError) as error:
                away = DatabaseDown(type(error).__name__)
                fail([*now.values(), *self._waiting.values()], away)  # whoever waits hears it now
                self._waiting.clear()
                continue
            except Exception as defect:  # noqa: BLE001 - of the statement: those who asked see it, the others go on
                fail(list(now.values()), defect)
                continue
            finally:
                self._asked = {}
            for key, (_, answer) in now.items():
                if not answer.done():
                    answer.set_result(found.get(key))


def fail(waiting: list[tuple[W, asyncio.Future[A | None]]], error: Exception) -> None:
    """End the waiting with `error`."""
    for _, answer in waiting:
        if not answer.done():
            answer.set_exception(error)
            answer.exception()  # seen, even if its asker has gone
