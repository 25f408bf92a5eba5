"""Those who wait for a turn in one class of the desk: a line for each place that they come from, served in turn.

Whoever sends a hundred requests at once waits behind his own, not before everybody else: the line that was served longest ago is
next, and when too many wait the last of the longest line goes.
"""

import asyncio
from collections import OrderedDict, deque
from typing import Final

_REMEMBERED_MAX: Final = 4_096  # lines that were served lately
Turn = asyncio.Future[bool]  # True: begin; False: put off


class Lines:
    """At most `most` wait, all lines together. A name says where somebody comes from: an address, or whose login it is."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lines: dict[str, deque[Turn]] = {}
        self._served: OrderedDict[str, int] = OrderedDict()
        self._number = 0
        self.waiting = 0

    def add(self, name: str, turn: Turn) -> bool:
        """Wait in this line; False: too many wait, and none of a longer line (or one that was served later) can go for it."""
        if self.waiting >= self._most:
            last = max(self._lines, key=lambda one: (len(self._lines[one]), self._last(one)))
            own = (len(self._lines.get(name, ())) + 1, self._last(name))
            if (len(self._lines[last]), self._last(last)) <= own:
                return False
            gone = self._lines[last][-1]
            self.remove(last, gone)
            if not gone.done():
                gone.set_result(False)
        self._lines.setdefault(name, deque()).append(turn)
        self.waiting += 1
        return True

    def next(self) -> Turn | None:
        """Whose turn it is: the first of the line that was served longest ago. None: nobody waits."""
        while self._lines:
            name = min(self._lines, key=self._last)
            turn = self._lines[name][0]
            self.remove(name, turn)
            if not turn.done():
                self.serve(name)
                return turn
        return None

    def serve(self, name: str) -> None:
        """One of this line begins."""
        self._number += 1
        self._served[name] = self._number
        self._served.move_to_end(name)
        if len(self._served) > _REMEMBERED_MAX:
            self._served.popitem(last=False)

    def remove(self, name: str, turn: Turn) -> None:
        """It waits no more; nothing when it does not wait."""
        line = self._lines.get(name)
        if line is None or turn not in line:
            return
        line.remove(turn)
        self.waiting -= 1
        if not line:
            del self._lines[name]

    def _last(self, name: str) -> int:
        return self._served.get(name, 0)
