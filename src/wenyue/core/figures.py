"""Numbers that are measured again and again and kept: averages that end at nothing, and values that every column takes.

An average that only ever loses a share of itself never reaches 0. After some minutes of quiet it is smaller than what a
column, or another program, can hold, and the row is refused from then on (PostgreSQL: `value out of range: underflow`).
"""

from typing import Final

NOTHING: Final = 1e-6  # of any rate a second, share or count: less than this is none
MOST: Final = 1e12  # of any of them; the bound that the columns check


def smoothed(before: float, newest: float, weight: float) -> float:
    """An exponential average of something that is never negative, `weight` (0..1) of it the newest; 0 below NOTHING."""
    return kept(before + (newest - before) * weight)


def kept(value: float) -> float:
    """What may be kept of a measured number: finite, 0 or between NOTHING and MOST. No number at all (NaN) is 0."""
    return min(value, MOST) if value >= NOTHING else 0.0
