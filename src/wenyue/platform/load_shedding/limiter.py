"""Limiter: how many may do something costly at once, and how many may wait for it. Beyond that the answer is no, at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import Enum, auto

from wenyue.platform.database.db import DatabaseDown
from wenyue.platform.load_shedding.lines import Lines, Turn


class Share(Enum):
    """Who shares the turns, the first to be asked first. Each has a turn of its own that no other share can take."""

    KNOWN = auto()  # a device that signed in to this login before, and whoever is signed in
    STAFF = auto()  # whoever says to be on the staff
    CODES = auto()  # holders without a login: codes to the phone on record
    OTHERS = auto()  # everybody else


class Limiter:
    """`at_once` inside, at most `waiting_max` of a share outside, each share line by line; one process, one event loop."""

    def __init__(self, at_once: int, waiting_max: int) -> None:
        self._at_once = at_once
        self._inside = dict.fromkeys(Share, 0)
        self._waiting = {one: Lines(waiting_max) for one in Share}
        self._of_line = Counter[str]()

    @property
    def here(self) -> int:
        """Inside and waiting."""
        return sum(self._inside.values()) + sum(one.waiting for one in self._waiting.values())

    @asynccontextmanager
    async def turn(
        self, share: Share = Share.KNOWN, line: str = "", *, line_max: int | None = None
    ) -> AsyncGenerator[None]:
        """Wait for a turn: the line of the share that was served longest ago is next, and in it who came first.

        Raises DatabaseDown (try again shortly) when too many wait, or `line_max` of this line are here already.
        """
        if line_max is not None and self._of_line[line] >= line_max:
            raise DatabaseDown("too many at once of one line")
        self._of_line[line] += 1
        try:
            await self._begin(share, line)
            try:
                yield
            finally:
                self._end(share)
        finally:
            self._of_line[line] -= 1
            if not self._of_line[line]:
                del self._of_line[line]

    async def _begin(self, share: Share, line: str) -> None:
        lines = self._waiting[share]
        if not lines.waiting and self._may_begin(share):
            lines.serve(line)
            self._inside[share] += 1
            return
        turn: Turn = asyncio.get_running_loop().create_future()
        is_begun = lines.add(line, turn)
        try:
            is_begun = is_begun and await turn
        except asyncio.CancelledError:
            lines.remove(line, turn)
            if turn.done() and not turn.cancelled() and turn.result():
                self._end(share)
            raise
        if not is_begun:
            raise DatabaseDown("too many at once")

    def _may_begin(self, share: Share) -> bool:
        total = sum(self._inside.values())
        if not self._inside[share]:
            return total < self._at_once
        kept = sum(not inside for inside in self._inside.values())
        return total + kept < self._at_once

    def _end(self, share: Share) -> None:
        self._inside[share] -= 1
        for one, lines in self._waiting.items():
            while lines.waiting and self._may_begin(one):
                turn = lines.next()
                if turn is None:  # all have given up
                    break
                self._inside[one] += 1
                turn.set_result(True)
