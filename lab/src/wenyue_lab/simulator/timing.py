"""Virtual time: one clock for the wall, for every simulated process and for the age of what they remember."""

import asyncio
from datetime import datetime, timedelta


class Clock:
    """Stands still until the simulator moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.seconds = 1_000.0  # what `loop.time()` says

    def advance(self, seconds: float) -> None:
        """Let so much time pass, everywhere at once."""
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is the clock's: timeouts never end by themselves, input and output work as always."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._virtual = clock

    def time(self) -> float:
        """Virtual seconds."""
        return self._virtual.seconds
