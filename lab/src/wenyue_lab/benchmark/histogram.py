"""Latency figures that add up across processes: counts in logarithmic buckets (about 1.6 % wide), in microseconds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_FINE_BITS: Final = 6  # 64 buckets for every doubling
_FINE: Final = 1 << _FINE_BITS


@dataclass(slots=True)
class Histogram:
    """How many values fell into each bucket. Values below 64 µs are exact, larger ones to within 1.6 %."""

    counts: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def total(self) -> int:
        """How many values were counted."""
        return sum(self.counts.values())

    def add_seconds(self, values_s: Iterable[float]) -> None:
        """Count every value; negative ones count as zero."""
        counts = self.counts
        for value_s in values_s:
            bucket = bucket_of(int(value_s * 1e6))
            counts[bucket] = counts.get(bucket, 0) + 1

    def merge(self, other: "Histogram") -> None:
        """Add the other's counts to these."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count

    def quantile_ms(self, share: float) -> float:
        """The value, in milliseconds, that `share` (0-1) of all values do not exceed; nan when nothing was counted."""
        total = self.total
        if total == 0:
            return float("nan")
        wanted = max(1, min(total, -int(-share * total // 1)))
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return ceiling_of(bucket) / 1000
        raise AssertionError("the counts add up to their total")


def bucket_of(value_us: int) -> int:
    """The bucket of a value in microseconds."""
    if value_us < _FINE:
        return max(0, value_us)
    shift = value_us.bit_length() - _FINE_BITS - 1
    return (shift + 1) * _FINE + (value_us >> shift) - _FINE


def ceiling_of(bucket: int) -> int:
    """The largest value, in microseconds, that falls into `bucket`."""
    if bucket < _FINE:
        return bucket
    shift = bucket // _FINE - 1
    return ((bucket % _FINE + _FINE + 1) << shift) - 1
