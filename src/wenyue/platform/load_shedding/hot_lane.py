"""The hot lane of one process: who is let in to book, counted, and how long they took. One event loop only."""

import asyncio
from typing import Final

from wenyue.core.admission import TOLD_MAX_PER_S

HOT_FIRST: Final = 600  # the limit until something was measured
_TIMES_KEPT: Final = 512


class HotLane:
    """Counters of the hot path; whoever uses it keeps `in_flight` right. Attributes, since each costs 50 ns.

    A place (`in_flight`) is had by requests that are whole and whose login is known. Those whose login is still looked up
    (`unknown`) are let in only beside them, and keep nobody out whose login this process remembers.
    """

    __slots__ = (
        "_at",
        "_times",
        "arriving",
        "done",
        "good",
        "held",
        "in_flight",
        "limit",
        "most",
        "shed",
        "told",
        "told_per_s",
        "unknown",
    )

    def __init__(self) -> None:
        self.limit = HOT_FIRST
        self.in_flight = 0
        self.arriving = 0  # let in by connections in this turn of the event loop, not yet begun
        self.unknown = 0  # whole, but whose they are is still looked up
        self.most = 0
        self.done = 0
        self.good = 0
        self.shed = 0
        self.told = 0  # refusals that were sent
        self.told_per_s = TOLD_MAX_PER_S  # how many of them may be
        self.held = 0  # refusals that wait to be sent
        self._times = [0.0] * _TIMES_KEPT
        self._at = 0

    @property
    def is_full(self) -> bool:
        """Whether one more could not be answered in time."""
        return self.in_flight + self.arriving >= self.limit

    def arrive(self, loop: asyncio.AbstractEventLoop) -> None:
        """A request was let in by its connection: in the loop's next turn it begins, knocks, or goes, whatever becomes of it.

        So nobody has to take it back: the count of a turn ends with the turn.
        """
        if not self.arriving:
            loop.call_soon(self._arrived)
        self.arriving += 1

    def _arrived(self) -> None:
        self.arriving = 0

    def knock(self) -> bool:
        """Its login has to be looked up, until `unknown` is counted down again; False: there is no room for that."""
        if self.in_flight + self.unknown >= self.limit:
            return False
        self.unknown += 1
        return True

    def begin(self) -> None:
        """A request that is whole and whose login is known begins."""
        self.in_flight += 1
        self.most = max(self.most, self.in_flight + self.unknown)

    def end(self, seconds: float, *, is_decided: bool, is_good: bool) -> None:
        """It has its answer; one that says busy or unknown was not decided, and says nothing about what can be."""
        self.in_flight -= 1
        if is_decided:
            self.done += 1
            if is_good:
                self.good += 1
        self._at = (self._at + 1) % _TIMES_KEPT
        self._times[self._at] = seconds

    def median_s(self) -> float:
        """Of the last requests that were let in."""
        return sorted(self._times)[_TIMES_KEPT // 2]

    def forget_times(self) -> None:
        """After a quiet time: how slow things were before it says nothing about now."""
        self._times = [0.0] * _TIMES_KEPT

    def p99_s(self) -> float:
        """Of the last requests that were let in."""
        times = sorted(self._times)
        return times[-1 - _TIMES_KEPT // 100]
