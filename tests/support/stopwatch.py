"""How long something took by a clock that a stopping machine does not turn.

Shared machines stop whole processes for seconds, and a test that looks at the wall clock then fails though nothing
is wrong. Here a thread counts steps, and a step that comes late counts as a short one: waits of the code under test
are counted, waits of the whole process are not.
"""

from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Final, Self

_STEP_S: Final = 0.01
_COUNTED_S_MAX: Final = 0.03


class Stopwatch:
    """Counts from entering the block; `seconds` may be read meanwhile and afterwards.

    `seconds` is for what must not take longer. What must not take less is compared with `wall_s` after the block.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.wall_s = 0.0
        self._began = monotonic()
        self._ended = Event()
        self._thread = Thread(target=self._count, name="stopwatch")

    def __enter__(self) -> Self:
        self._began = monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.wall_s = monotonic() - self._began
        self._ended.set()
        self._thread.join()

    def _count(self) -> None:
        last = monotonic()
        while not self._ended.wait(_STEP_S):
            now = monotonic()
            self.seconds += min(now - last, _COUNTED_S_MAX)
            last = now
