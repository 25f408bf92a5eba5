"""What an engine tells about itself: counts since its start and, when somebody watches, the course of every batch."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from wenyue.booking.model import Outcome

_SIZES: Final = (1.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 350.0, 500.0)
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_NUMBERS: Final = max(Outcome) + 1


@dataclass(slots=True)
class Figures:
    """Counts since start, for metrics."""

    batches: int = 0
    requests: int = 0
    from_memory: int = 0
    refused_full_queue: int = 0
    retries: int = 0  # requests that were queued again: a conflict, or the database was away
    in_doubt: int = 0  # batches whose commit was in doubt
    away: int = 0  # batches that found no database
    dropped_late: int = 0  # requests whose deadline passed before they were begun
    batch_s: float = 0.0
    sizes: list[int] = field(default_factory=lambda: [0] * (len(_SIZES) + 1))
    seconds: list[int] = field(default_factory=lambda: [0] * (len(_SECONDS) + 1))
    answered: list[int] = field(default_factory=lambda: [0] * _NUMBERS)  # by the number of the outcome

    def count_batch(self, size: int, seconds: float) -> None:
        """One batch that was committed."""
        self.batches += 1
        self.requests += size
        self.batch_s += seconds
        self.sizes[bisect_left(_SIZES, size)] += 1
        self.seconds[bisect_left(_SECONDS, seconds)] += 1

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The upper bounds of the buckets of `sizes` and of `seconds`; each has one bucket more, for what is above."""
        return _SIZES, _SECONDS

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """Every answer that was given, those from memory and those for want of time included."""
        return {outcome: self.answered[outcome] for outcome in Outcome if self.answered[outcome]}


class BatchObserver(Protocol):
    """Follows one batch."""

    def step(self, name: str) -> None:
        """A phase has ended (`batch.STEP`)."""
        ...

    def ended(self, how: str) -> None:
        """The batch has ended: `committed`, or the kind of the error that ended it."""
        ...


class EngineObserver(Protocol):
    """Follows every request and batch of an engine; nothing it does may raise or wait."""

    def submitted(self) -> object:
        """A request is queued; what this returns comes back with its batch."""
        ...

    def began(self, marks: Sequence[object]) -> BatchObserver:
        """The requests with these marks are decided together, from now on."""
        ...
