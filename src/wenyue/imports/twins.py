"""Rows of one file that have one key, or keys that a person could take for one another. In constant memory."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from hashlib import blake2b

from wenyue.imports.keyring import Clash, KeyRing
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
        self._ring = KeyRing()
        self._is_told = False

    def add(self, line: int, key: str, loose: str) -> None:
        """One more row; lines rise."""
        self._ring.note(line, key, loose)

    def of(self, line: int) -> Twin | None:
        """What stands in the way of a row that was added: of rows with one key the first is taken; of ambiguous ones none."""
        if not self._is_told:
            self._ring.close()
            self._is_told = True
        found = self._ring.clashes(range(line, line + 1)).get(line)
        return None if found is None else Twin(found.clash is Clash.TWICE, found.other)

    def close(self) -> None:
        """Forget them."""
        self._ring.end()


class Numbers:
    """Which numbers a file has: eight bytes for each, so that a million take no memory to speak of."""

    def __init__(self) -> None:
        self._parts = [array("Q") for _ in range(256)]  # by the first byte of their digests
        self._is_sorted = False

    def add(self, number: str) -> None:
        """One more, before any is asked for."""
        digest = _digest(number)
        self._parts[digest >> 56].append(digest)

    def has(self, number: str) -> bool:
        """Whether it was added."""
        if not self._is_sorted:
            self._parts = [array("Q", sorted(part)) for part in self._parts]
            self._is_sorted = True
        digest = _digest(number)
        part = self._parts[digest >> 56]
        at = bisect_left(part, digest)
        return at < len(part) and part[at] == digest


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


def _digest(number: str) -> int:
    return int.from_bytes(blake2b(number.encode(errors="surrogatepass"), digest_size=8).digest())
