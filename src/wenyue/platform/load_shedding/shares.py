"""Who is inside, where room is bounded: so many in all, so many of one line. Whoever comes last is let in; another one goes.

Of the line that holds most, one that may go goes; so one line can close nothing to the others, however fast it comes back.
"""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from wenyue.platform.addresses import line_of

_One = TypeVar("_One")


class Shares(Generic[_One]):
    """At most `most` inside, `of_line` of one line (an IPv4 address, an IPv6 /64).

    `may_go` says which of a line are the first to go; else its oldest goes. No step looks at more than one line's own.
    """

    def __init__(self, most: int, of_line: int, may_go: Callable[[_One], bool] = lambda _one: False) -> None:
        self._most, self._of_line, self._may_go = most, of_line, may_go
        self._line: dict[_One, str] = {}
        self._of: dict[str, dict[_One, None]] = {}  # the oldest first
        self._by_count: dict[int, dict[str, None]] = {}
        self._top = 0  # how many the busiest line has

    def __len__(self) -> int:
        return len(self._line)

    def __iter__(self) -> Iterator[_One]:
        return iter(self._line)

    def enter(self, one: _One, address: str) -> _One | None:
        """`one` is inside from now on. Another that has to go, and is inside no more; None: there is room for everybody."""
        line = line_of(address)
        gone: _One | None = None
        if len(self._of.get(line, ())) >= self._of_line:
            gone = self._first_to_go(line)
        elif len(self._line) >= self._most:
            gone = self._first_to_go(next(iter(self._by_count[self._top])))
        if gone is not None:
            self.leave(gone)
        theirs = self._of.setdefault(line, {})
        theirs[one] = None
        self._line[one] = line
        self._move(line, len(theirs) - 1, len(theirs))
        return gone

    def leave(self, one: _One) -> None:
        """`one` is not inside any more; nothing when it was not."""
        line = self._line.pop(one, None)
        if line is None:
            return
        theirs = self._of[line]
        del theirs[one]
        self._move(line, len(theirs) + 1, len(theirs))
        if not theirs:
            del self._of[line]

    def _first_to_go(self, line: str) -> _One:
        theirs = self._of[line]
        return next((one for one in theirs if self._may_go(one)), next(iter(theirs)))

    def _move(self, line: str, before: int, after: int) -> None:
        if before:
            lines = self._by_count[before]
            del lines[line]
            if not lines:
                del self._by_count[before]
        if after:
            self._by_count.setdefault(after, {})[line] = None
        if after > self._top or (before == self._top and before not in self._by_count):
            self._top = after
