"""Whether this process has a processor to spare."""

import time
from pathlib import Path
from typing import Final

_SCHEDSTAT: Final = Path(
    "/proc/thread-self/schedstat"
)  # Linux: ns computed, ns waited for a processor, turns


class Processor:
    """How much of its time the calling thread computes, and how much it waits for its turn to compute."""

    def __init__(self) -> None:
        self._seen = _seconds()

    def shares(self, seconds: float) -> tuple[float, float]:
        """(computed, waited) of the last `seconds`, which are the time since this was asked last."""
        before, self._seen = self._seen, _seconds()
        if seconds <= 0:
            return 0.0, 0.0
        computed, waited = (
            max(now - then, 0.0) / seconds for now, then in zip(self._seen, before, strict=True)
        )
        return min(computed, 1.0), min(waited, 1.0)


def _seconds() -> tuple[float, float]:
    try:
        computed, waited, _ = _SCHEDSTAT.read_bytes().split()
    except (OSError, ValueError):
        return time.thread_time(), 0.0  # nobody says how long it waited
    return int(computed) / 1e9, int(waited) / 1e9
