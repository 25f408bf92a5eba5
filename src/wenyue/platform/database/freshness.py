"""What this process goes by without asking again, and since when each is not known to be right any more.

Rules in memory, figures of pools, the waiting rooms, a task that is repeated: each is expected to be renewed within its
bound. Whoever renews it says so (`good`); what is not renewed is *old*, which is told in the log when it begins and ends,
with the process's figures, on the live page and by the monitor. Times are monotonic: a clock that steps makes nothing old.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Final

_log: Final = logging.getLogger("wenyue.freshness")
BOUND_S: Final = 20.0  # for what is renewed every few seconds
FACTS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Age:
    """How old something is, in seconds, and from when on that is too much."""

    name: str
    age_s: float
    bound_s: float
    is_old: bool


@dataclass(slots=True)
class _Fact:
    bound_s: float
    good_at: float
    failing_since: float | None = None
    is_told: bool = False
    is_resting: bool = False


class Freshness:
    """The facts of one process by name (lower case, underscores); bounded by FACTS_MAX."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._facts: dict[str, _Fact] = {}

    def expect(self, name: str, bound_s: float = BOUND_S) -> None:
        """From now on it is renewed at least every `bound_s`; what fails is old after BOUND_S, however long its bound."""
        if name not in self._facts and len(self._facts) >= FACTS_MAX:
            raise ValueError(f"more than {FACTS_MAX} facts are watched")
        self._facts[name] = _Fact(bound_s, self._clock())

    def good(self, name: str) -> None:
        """It was renewed. What nobody expects is not noted."""
        fact = self._facts.get(name)
        if fact is not None:
            fact.good_at, fact.failing_since, fact.is_resting = self._clock(), None, False

    def rest(self, name: str) -> None:
        """There is nothing to renew until the next `good`, and whoever notices that there is has a fact of its own."""
        self.good(name)
        if name in self._facts:
            self._facts[name].is_resting = True

    def bad(self, name: str) -> None:
        """Renewing it failed."""
        fact = self._facts.get(name)
        if fact is not None and fact.failing_since is None:
            fact.failing_since = self._clock()

    def ages(self) -> Iterator[Age]:
        """Everything that is watched."""
        now = self._clock()
        for name, fact in self._facts.items():
            age_s, failing = 0.0 if fact.is_resting else now - fact.good_at, fact.failing_since
            is_old = age_s > fact.bound_s or (failing is not None and now - failing > BOUND_S)
            yield Age(name, age_s, fact.bound_s, is_old)

    def log_changes(self, *, is_away: bool = False) -> None:
        """A line in the log for each that has become old, or is renewed again, since the last call.

        `is_away`: the database does not answer, which was told, and makes most of it old.
        """
        for one in self.ages():
            fact = self._facts[one.name]
            if one.is_old and not fact.is_told:
                if is_away:
                    continue
                _log.error("this process goes by old facts: %s, %.0f s old", one.name, one.age_s)
            elif fact.is_told and not one.is_old:
                _log.warning("renewed again: %s", one.name)
            fact.is_told = one.is_old
