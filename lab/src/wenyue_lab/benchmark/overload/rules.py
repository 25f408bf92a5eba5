"""How the peak is found, and what the figures mean: pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

CLIMB: Final = 1.4
GROWTH: Final = 1.03  # a step that brings less than this is no growth
_FLAT_MAX: Final = 2  # steps without growth, then the top is near
_REFINE: Final = (1.0, 1.12)  # then hold these multiples of the best goodput
ENOUGH: Final = 0.95  # of what is offered must be served
SUSTAINED_S: Final = 5


@dataclass(slots=True)
class Ramp:
    """Which rate to offer next. Open loop, rising, until goodput stops growing; then around the top."""

    first_per_s: float
    steps_max: int = 16
    seen: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])  # (offered, goodput)
    _flat: int = 0
    _refining: int = -1
    _top: float = 0.0

    @property
    def peak_per_s(self) -> float:
        """The best goodput that was held: of the long steps around the top, once there are any."""
        found = self.seen[-self._refining :] if self._refining > 0 else self.seen
        return max((goodput for _, goodput in found), default=0.0)

    @property
    def is_holding(self) -> bool:
        """Whether the next step is one around the top, which lasts long enough for queues and bursts to settle."""
        return self._refining >= 0

    def next_per_s(self) -> float | None:
        """The next rate, or None: the peak has been found."""
        if self._refining >= 0:
            return self._top * _REFINE[self._refining] if self._refining < len(_REFINE) else None
        return self.first_per_s * CLIMB ** len(self.seen)

    def note(self, offered_per_s: float, goodput_per_s: float) -> None:
        """What the step at the last rate brought."""
        has_grown = goodput_per_s > self.peak_per_s * GROWTH
        self.seen.append((offered_per_s, goodput_per_s))
        if self._refining >= 0:
            self._refining += 1
            return
        self._flat = 0 if has_grown else self._flat + 1
        if self._flat >= _FLAT_MAX or len(self.seen) >= self.steps_max:
            self._refining, self._top = 0, self.peak_per_s


def recovery_s(seconds: Sequence[tuple[int, int]]) -> float | None:
    """From the first second of `(offered, good)` on: how many pass until goodput is ENOUGH, and stays so; None: never.

    "Stays" means in each of the next SUSTAINED_S seconds, which must be there to look at, and in all that is left taken together.
    """
    for begin in range(max(0, len(seconds) - SUSTAINED_S + 1)):
        rest = seconds[begin:]
        offered, good = sum(pair[0] for pair in rest), sum(pair[1] for pair in rest)
        if good >= ENOUGH * offered and all(good >= ENOUGH * offered for offered, good in rest[:SUSTAINED_S]):
            return float(begin)
    return None


def ratio(part: float, whole: float) -> float:
    """`part` ÷ `whole`; 0 when there is nothing to divide by."""
    return part / whole if whole else 0.0
