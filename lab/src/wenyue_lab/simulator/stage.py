"""What every step of a simulation shares: what happened so far, connections, processes."""

import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from wenyue_lab.simulator.process import Away, Process
from wenyue_lab.simulator.timing import Clock

LAST_SHOWN: Final = 14


@dataclass
class Record:
    """What happened so far: for the digest, for the report, for the figures."""

    step: int = 0
    last: deque[str] = field(default_factory=lambda: deque[str](maxlen=LAST_SHOWN))
    digest: Any = field(default_factory=hashlib.sha256)
    outcomes: Counter[str] = field(default_factory=Counter[str])
    events: Counter[str] = field(default_factory=Counter[str])

    def note(self, text: str) -> None:
        """One line of history."""
        self.last.append(f"{self.step:>6} {text}")
        self.digest.update(text.encode())


@dataclass
class Stage:
    """The connections and processes that every epoch of a run shares."""

    clock: Clock
    owner: AsyncConnection[TupleRow]
    desk: AsyncConnection[TupleRow]  # operators, as the owner, and gates: one transaction at a time
    near: Process
    far: Away
