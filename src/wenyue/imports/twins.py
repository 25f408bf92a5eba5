"""Rows of one file that have one key, or keys that a person could take for one another. A few dozen bytes a row."""

from dataclasses import dataclass
from hashlib import blake2b

from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message


@dataclass(frozen=True, slots=True)
class Twin:
    """Another row with the same key (`is_same`), or with one that could be meant for it; the line that it ends on."""

    is_same: bool
    line: int


class Twins:
    """Told of every row first, it says of each which other one stands in its way."""

    def __init__(self) -> None:
        self._first: dict[bytes, int] = {}  # loose key → line of the first row with it
        self._key_of: dict[bytes, bytes] = {}  # loose key → that row's key
        self._ambiguous: dict[
            bytes, int
        ] = {}  # loose key → line of the first row that has it with another key
        self._keys: dict[bytes, int] = {}  # of ambiguous and repeated keys: line of the first row with it

    def add(self, line: int, key: str, loose: str) -> None:
        """One more row."""
        short, exact = _short(loose), _short(key)
        if self._first.setdefault(short, line) == line and short not in self._key_of:
            self._key_of[short] = exact
        elif self._key_of[short] != exact:
            self._ambiguous.setdefault(short, line)
        else:
            self._keys.setdefault(exact, self._first[short])

    def of(self, line: int, key: str, loose: str) -> Twin | None:
        """What stands in this row's way: of rows with one key the first is taken; of those that are ambiguous none."""
        short = _short(loose)
        if (other := self._ambiguous.get(short)) is not None:
            return Twin(is_same=False, line=other if other != line else self._first[short])
        first = self._keys.get(_short(key), line)
        return Twin(is_same=True, line=first) if first != line else None


def twin_refusal(twin: Twin, column: str, value: str) -> Refusal:
    """The refusal of a row that has a twin."""
    if twin.is_same:
        fix = Message("line {line} has this number, and is taken: leave one of them out", line=twin.line)
        return Refusal(Reason.KEY_TWICE, column, value, fix)
    fix = Message(
        "could be the same number as in line {line}: write both as they stand in the old system, or leave one out",
        line=twin.line,
    )
    return Refusal(Reason.KEY_AMBIGUOUS, column, value, fix)


def _short(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
