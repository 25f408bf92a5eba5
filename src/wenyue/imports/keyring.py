"""Every key of one file beside every other, in constant memory: which occur twice, which a person could take for the same.

A temporary SQLite database keeps them, in a file without a name that ends with the process.
"""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_CACHE_KB: Final = 8_192
_STEP: Final = 5_000


class Clash(StrEnum):
    """What is wrong with a key beside another row's."""

    TWICE = "twice"  # an earlier row has the same
    AMBIGUOUS = "ambiguous"  # another row has one that differs by signs or zeros only


@dataclass(frozen=True, slots=True)
class Clashing:
    """A row whose key is not its own. `other`: the number of the row that it clashes with."""

    clash: Clash
    other: int


class KeyRing:
    """Keys of one file: `note` each in the order of the rows, `close` it, then ask. Rows are known by their numbers."""

    def __init__(self) -> None:
        # An empty name is a private file that SQLite deletes itself; what is read beside the loop changes threads.
        self._tx = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        for pragma in (
            f"cache_size = -{_CACHE_KB}",
            "journal_mode = OFF",
            "synchronous = OFF",
            "temp_store = FILE",
        ):
            self._tx.execute(f"PRAGMA {pragma}")
        self._tx.execute("CREATE TABLE seen (number INTEGER PRIMARY KEY, key TEXT NOT NULL, loose TEXT)")
        self._tx.execute(
            "CREATE TABLE clash (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, other INTEGER NOT NULL)"
        )
        self._tx.execute("CREATE TABLE again (number INTEGER PRIMARY KEY, nth INTEGER NOT NULL)")
        self._waiting: list[tuple[int, str, str | None]] = []

    def note(self, number: int, key: str, loose: str | None = None) -> None:
        """Row `number` has this key. `loose`: what it has in common with those that could be meant; None: nothing has."""
        self._waiting.append((number, key, loose))
        if len(self._waiting) == _STEP:
            self._write()

    def _write(self) -> None:
        self._tx.execute("BEGIN")
        self._tx.executemany("INSERT INTO seen VALUES (?, ?, ?)", self._waiting)
        self._tx.execute("COMMIT")
        self._waiting.clear()

    def close(self) -> None:
        """Every row was noted: compare them."""
        self._write()
        self._tx.execute("CREATE INDEX seen_key ON seen (key, number)")
        self._tx.execute("CREATE INDEX seen_loose ON seen (loose, key, number) WHERE loose IS NOT NULL")
        self._tx.execute(
            "INSERT INTO again SELECT number, nth FROM"
            " (SELECT number, row_number() OVER (PARTITION BY key ORDER BY number) AS nth FROM seen) WHERE nth > 1"
        )
        # The two first keys of each group that has several: whatever its size, each row clashes with one of them.
        self._tx.execute(
            "CREATE TABLE rival AS SELECT loose, key, first FROM"
            " (SELECT loose, key, min(number) AS first, row_number() OVER (PARTITION BY loose ORDER BY min(number)) AS place"
            " FROM seen WHERE loose IN (SELECT loose FROM seen WHERE loose IS NOT NULL"
            " GROUP BY loose HAVING min(key) <> max(key)) GROUP BY loose, key) WHERE place <= 2"
        )
        self._tx.execute(
            "INSERT INTO clash SELECT s.number, 'ambiguous', min(r.first)"
            " FROM rival r JOIN seen s ON s.loose = r.loose AND s.key <> r.key GROUP BY s.number"
        )
        self._tx.execute(
            "INSERT OR IGNORE INTO clash SELECT a.number, 'twice', (SELECT min(o.number) FROM seen o WHERE o.key = s.key)"
            " FROM again a JOIN seen s ON s.number = a.number"
        )

    @property
    def has_clashes(self) -> bool:
        """Whether any row's key is not its own."""
        return self._tx.execute("SELECT 1 FROM clash LIMIT 1").fetchone() is not None

    def clashes(self, numbers: range) -> dict[int, Clashing]:
        """Of the rows with these numbers those whose key is not their own."""
        rows = self._tx.execute(
            "SELECT number, kind, other FROM clash WHERE number BETWEEN ? AND ?",
            (numbers.start, numbers.stop - 1),
        )
        return {number: Clashing(Clash(kind), other) for number, kind, other in rows}

    def occurrences(self, numbers: range) -> dict[int, int]:
        """Of the rows with these numbers those that are not the first with their key: the how manieth they are."""
        return dict(
            self._tx.execute(
                "SELECT number, nth FROM again WHERE number BETWEEN ? AND ?",
                (numbers.start, numbers.stop - 1),
            )
        )

    def count(self, key: str) -> int:
        """How many rows have this key."""
        return self._tx.execute("SELECT count(*) FROM seen WHERE key = ?", (key,)).fetchone()[0]

    def end(self) -> None:
        """Delete it."""
        self._tx.close()
