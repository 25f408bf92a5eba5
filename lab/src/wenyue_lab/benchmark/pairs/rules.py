"""What a comparison of two checkouts says: medians, paired ratios and how sure they are. Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median
from typing import Final

CONFIDENCE: Final = 0.95
OTHERS_SHARE_MAX: Final = 0.01  # of a turn's bookings; beyond, two turns did not do the same work


@dataclass(frozen=True, slots=True)
class Turn:
    """One side's turn: processor seconds (user and system) and what was answered for them."""

    web_s: float
    postgres_s: float
    confirmed: int
    others: int  # answers that were no confirmation, and connections lost
    noop_s: float  # of the web processes
    noops: int

    @property
    def booking_us(self) -> float:
        """Processor time of web processes and PostgreSQL per confirmed booking, in microseconds."""
        return (self.web_s + self.postgres_s) / max(1, self.confirmed) * 1e6

    @property
    def noop_us(self) -> float:
        """Processor time of the web processes per no-op POST, in microseconds."""
        return self.noop_s / max(1, self.noops) * 1e6

    @property
    def is_whole(self) -> bool:
        """Whether (nearly) every request was a confirmed booking, so that turns can be compared."""
        return self.noops > 0 and self.others <= OTHERS_SHARE_MAX * (self.confirmed + self.others)

    def __add__(self, other: "Turn") -> "Turn":
        """Two turns of one side, as one."""
        return Turn(
            web_s=self.web_s + other.web_s,
            postgres_s=self.postgres_s + other.postgres_s,
            confirmed=self.confirmed + other.confirmed,
            others=self.others + other.others,
            noop_s=self.noop_s + other.noop_s,
            noops=self.noops + other.noops,
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """Turns of both sides at (nearly) the same time.

    Its unit is what a no-op cost both sides meanwhile: so a no-op that became dearer on one side hides nothing, and
    the ratio is that of the microseconds.
    """

    old: Turn
    new: Turn

    @property
    def unit_us(self) -> float:
        """Processor time of a no-op POST, in microseconds."""
        return (self.old.noop_s + self.new.noop_s) / max(1, self.old.noops + self.new.noops) * 1e6

    @property
    def old_units(self) -> float:
        """Processor time per confirmed booking of the old side, in no-ops."""
        return self.old.booking_us / self.unit_us

    @property
    def new_units(self) -> float:
        """Processor time per confirmed booking of the new side, in no-ops."""
        return self.new.booking_us / self.unit_us

    @property
    def is_whole(self) -> bool:
        """Whether both sides did what they were asked."""
        return self.old.is_whole and self.new.is_whole

    @property
    def ratio(self) -> float:
        """What a booking costs, new ÷ old."""
        return self.new.booking_us / self.old.booking_us

    @property
    def noop_ratio(self) -> float:
        """What a no-op costs, new ÷ old."""
        return self.new.noop_us / self.old.noop_us


@dataclass(frozen=True, slots=True)
class Estimate:
    """A median, and an interval that holds the true median with probability `confidence` (0-1)."""

    median: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison as a whole."""

    pairs: int
    old_units: float
    new_units: float
    ratio: Estimate
    noop_ratio: Estimate
    is_whole: bool


def judge(pairs: Sequence[Pair]) -> Verdict:
    """Sum up at least one pair."""
    return Verdict(
        pairs=len(pairs),
        old_units=median(pair.old_units for pair in pairs),
        new_units=median(pair.new_units for pair in pairs),
        ratio=estimate([pair.ratio for pair in pairs]),
        noop_ratio=estimate([pair.noop_ratio for pair in pairs]),
        is_whole=all(pair.is_whole for pair in pairs),
    )


def estimate(values: Sequence[float]) -> Estimate:
    """The median with the narrowest interval between order statistics that reaches CONFIDENCE.

    It assumes nothing about how the values are spread, only that they are independent: the true median lies between the
    k-th least and the k-th greatest of n values unless fewer than k fall on one side of it, which a fair coin decides
    (the interval of the sign test). Fewer than six values reach no 95 %: the least and the greatest are given with
    the confidence that they have.
    """
    ordered = sorted(values)
    count = len(ordered)
    best = 1
    while best < count - best and _held(count, best + 1) >= CONFIDENCE:
        best += 1
    return Estimate(median(ordered), ordered[best - 1], ordered[count - best], max(0.0, _held(count, best)))


def _held(count: int, rank: int) -> float:
    """Probability that the median lies between the `rank`-th least and the `rank`-th greatest of `count` values."""
    return float(1 - 2 * sum(comb(count, k) for k in range(rank)) / 2**count)


def order(pair: int, turns: int) -> list[str]:
    """Who takes the turns of pair number `pair` (from 1), `turns` for each side.

    Old, new, new, old, old, new, and so on. The next pair begins with the other: neither side always has the machine as
    the other left it, and a machine that slows down or speeds up meanwhile does so for both.
    """
    first, second = ("old", "new") if pair % 2 == 1 else ("new", "old")
    return [one for turn in range(turns) for one in ((first, second) if turn % 2 == 0 else (second, first))]
