"""What the client saw: every request with when it was sent, when it was answered and what the answer was.

Instants are seconds since the history began, on this machine's monotonic clock. The checker compares this record, and
nothing else that the system under test says about itself, with the final database.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Final, TextIO
from uuid import UUID

from wenyue.booking import Outcome

OPERATIONS_MAX: Final = 1_000_000
NO_STATUS: Final = 0  # no answer came
_OVERLOADED: Final = "overloaded"  # turned away before anything was looked at
_NOTHING_DONE: Final = {Outcome.BUSY.name.lower(), Outcome.TOO_LATE.name.lower(), _OVERLOADED}


class Kind(StrEnum):
    """What an operation asks for."""

    BOOK = "book"
    HOLD = "hold"  # a booking that nobody confirms: it expires while the drill lasts
    CANCEL = "cancel"


class Says(StrEnum):
    """What an answer means for the client."""

    YES = "yes"
    NO = "no"
    NOTHING = "nothing"  # refused for now: nothing was done
    UNKNOWN = "unknown"  # no answer, or an answer that leaves doubt


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and its answer. `status` 0: none came; `was_sent` false: no connection could be had."""

    sent: float
    answered: float
    status: int = NO_STATUS
    outcome: str = ""
    state: str = ""
    total_minor: int = 0
    is_replay: bool = False
    was_sent: bool = True
    is_converging: bool = False  # sent after the usual attempts had left doubt

    @property
    def says(self) -> Says:
        """What the client may conclude from this answer alone."""
        if not self.was_sent:
            return Says.NOTHING
        if self.status in {200, 201}:
            return Says.YES
        if self.status == 429 or (self.status == 503 and self.outcome in _NOTHING_DONE):
            return Says.NOTHING
        if 400 <= self.status < 500:
            return Says.NO
        return Says.UNKNOWN

    @property
    def took_s(self) -> float:
        """Seconds from sending to the answer, or to giving up on it."""
        return self.answered - self.sent


@dataclass(slots=True, eq=False)
class Operation:
    """One thing the client wants, under one id, however often it had to ask."""

    id: UUID
    kind: Kind
    card: int
    slot: int
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    settled: Says | None = None  # YES or NO; None: the client does not know
    settled_at: float = 0.0
    settled_by: str = ""  # answer | asked | resent
    hold_ttl_s: int = 0
    room_token: str = ""
    account: int = (
        0  # the card whose holder books for the person of `card`, without a card; 0: that person does
    )
    is_spoilt: bool = (
        False  # sent over a bad line or as part of an attack: its times say nothing about the others'
    )

    @property
    def first_sent(self) -> float:
        """When it was sent first."""
        return self.attempts[0].sent

    @property
    def doubt_since(self) -> float | None:
        """When the client first had to doubt; None: never."""
        return next((one.answered for one in self.attempts if one.says is Says.UNKNOWN), None)

    @property
    def yes(self) -> Attempt | None:
        """The first answer that said yes."""
        return next((one for one in self.attempts if one.says is Says.YES), None)

    def conclude(self) -> Says | None:
        """YES, NO or, while an earlier request may still have its effect, None.

        A refusal after a lost reply proves nothing: the first request may have been waiting elsewhere.
        """
        if self.yes is not None:
            return Says.YES
        if self.doubt_since is not None:
            return None
        return Says.NO


class History:
    """The record in memory and, when a path is given, one JSON line per settled operation."""

    def __init__(self, path: Path | None = None) -> None:
        self.operations: list[Operation] = []
        self.marks: list[tuple[float, str]] = []  # what the drill did, and when
        self._began = monotonic()
        self._file: TextIO | None = path.open("w", encoding="utf-8") if path is not None else None

    def begin(self) -> None:
        """The load begins now; nothing was written down before."""
        self._began = monotonic()

    def now(self) -> float:
        """Seconds since the history began."""
        return monotonic() - self._began

    def open(self, operation: Operation) -> Operation:
        """Keep `operation`. Raises OverflowError beyond OPERATIONS_MAX."""
        if len(self.operations) >= OPERATIONS_MAX:
            raise OverflowError(f"a history holds at most {OPERATIONS_MAX} operations")
        self.operations.append(operation)
        return operation

    def settle(self, operation: Operation, says: Says, by: str) -> None:
        """The client knows now."""
        operation.settled, operation.settled_at, operation.settled_by = says, self.now(), by

    def mark(self, what: str) -> None:
        """Note what the drill does at this instant."""
        self.marks.append((self.now(), what))

    def unsettled(self) -> list[Operation]:
        """What the client does not know."""
        return [one for one in self.operations if one.settled is None]

    def attempts(self, *, with_spoilt: bool = True) -> Iterator[Attempt]:
        """Every request of every operation."""
        for operation in self.operations:
            if with_spoilt or not operation.is_spoilt:
                yield from operation.attempts

    def close(self) -> None:
        """Write the record to its file, if it has one."""
        if self._file is None:
            return
        with self._file as file:
            for at, what in self.marks:
                file.write(json.dumps({"at": round(at, 4), "mark": what}, ensure_ascii=False) + "\n")
            for operation in self.operations:
                file.write(json.dumps(_line(operation)) + "\n")
        self._file = None


def _line(operation: Operation) -> dict[str, object]:
    return {
        "id": str(operation.id),
        "kind": operation.kind,
        "card": operation.card,
        "slot": operation.slot,
        "settled": operation.settled,
        "settled_at": round(operation.settled_at, 4),
        "settled_by": operation.settled_by,
        "attempts": [
            {
                "sent": round(one.sent, 4),
                "answered": round(one.answered, 4),
                "status": one.status,
                "outcome": one.outcome,
                "state": one.state,
                "is_replay": one.is_replay,
                "says": one.says,
            }
            for one in operation.attempts
        ],
    }
