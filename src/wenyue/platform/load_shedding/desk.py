"""The desk of one process: the classes of `core.admission` wait for each other here, in bounded queues. One event loop only."""

import asyncio
from typing import Final

from wenyue.core.admission import SHARES, Priority, may_start
from wenyue.core.limits import DESK_WAITING_MAX
from wenyue.platform.load_shedding.lines import Lines, Turn

_LIMIT_FIRST: Final = 32  # until something was measured


class Desk:
    """Everything that is not hot: at most `limit` at once, those who wait in the order of their class, and there line by line."""

    def __init__(self) -> None:
        self.limit: float = _LIMIT_FIRST
        self.total = 0
        self.most = 0
        self.done = 0
        self.waits_s = {one: share.wait_s for one, share in SHARES.items()}
        self.own = dict.fromkeys(Priority, 0)
        self.shed = dict.fromkeys(Priority, 0)
        self._waiting = {one: Lines(DESK_WAITING_MAX) for one in Priority}

    @property
    def waiting(self) -> int:
        """How many wait, all classes."""
        return sum(one.waiting for one in self._waiting.values())

    async def enter(self, priority: Priority, name: str = "") -> bool:
        """Begin now or after a short wait; False: refused, nothing was begun. Whoever got True calls `leave`.

        `name`: whose line of the class this is, an address or a login; lines are served in turn.
        """
        lines = self._waiting[priority]
        if not lines.waiting and self._may_start(priority):
            lines.serve(name)
            self._begin(priority)
            return True
        turn: Turn = asyncio.get_running_loop().create_future()
        is_begun = lines.add(name, turn)
        try:
            if is_begun:
                async with asyncio.timeout(self.waits_s[priority]):
                    is_begun = await turn
        except TimeoutError:
            is_begun = _is_given(turn)
            lines.remove(name, turn)
        except asyncio.CancelledError:  # whoever asked is gone; a turn that was just given goes to the next
            lines.remove(name, turn)
            if _is_given(turn):
                self.leave(priority)
            raise
        self.shed[priority] += not is_begun
        return is_begun

    def leave(self, priority: Priority) -> None:
        """It has its answer; the next may begin."""
        self.total -= 1
        self.own[priority] -= 1
        self.done += 1
        for one, lines in self._waiting.items():  # a dictionary keeps the order of Priority
            while lines.waiting and self._may_start(one):
                turn = lines.next()
                if turn is None:  # all have given up
                    break
                self._begin(one)
                turn.set_result(True)

    def _may_start(self, priority: Priority) -> bool:
        return may_start(priority, own=self.own[priority], total=self.total, limit=int(self.limit))

    def _begin(self, priority: Priority) -> None:
        self.total += 1
        self.own[priority] += 1
        self.most = max(self.most, self.total)


def _is_given(turn: Turn) -> bool:
    return turn.done() and not turn.cancelled() and turn.result()
