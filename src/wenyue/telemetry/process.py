"""What the process itself uses: processor, memory, files, the event loop's punctuality, the garbage collector's pauses."""

import asyncio
import contextlib
import gc
import os
import resource
from pathlib import Path
from time import perf_counter, time
from typing import Final

from wenyue.telemetry.model import SECONDS_BOUNDS, Distribution, Snapshot

LAG_EVERY_S: Final = 0.25
_FILES_EVERY_S: Final = 5.0  # thousands of connections are a long list
_PAGE_BYTES: Final = resource.getpagesize()


class ProcessFigures:
    """Measures its own process while `run` runs; `fill` tells."""

    def __init__(self) -> None:
        self.lag = Distribution.over(SECONDS_BOUNDS)
        self._started_at = time()
        self._gc_s, self._gc_began = 0.0, 0.0
        self._files, self._files_at = 0, -_FILES_EVERY_S

    async def measure_lateness(self) -> None:
        """Look at the clock again and again until cancelled: what comes late, the loop was late with."""
        gc.callbacks.append(self._note_gc)
        loop = asyncio.get_running_loop()
        try:
            while True:
                due = loop.time() + LAG_EVERY_S
                await asyncio.sleep(LAG_EVERY_S)
                self.lag.add(max(0.0, loop.time() - due))
        finally:
            gc.callbacks.remove(self._note_gc)

    def fill(self, snapshot: Snapshot) -> None:
        """Everything, into a snapshot."""
        times = os.times()
        snapshot.count("process_cpu_seconds", times.user + times.system)
        snapshot.count("gc_seconds", self._gc_s)
        for generation, figures in enumerate(gc.get_stats()):
            snapshot.count("gc_collections", figures["collections"], str(generation))
        snapshot.gauge("process_start_time_seconds", self._started_at)
        snapshot.gauge("process_max_fds", resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        snapshot.distributions["loop_lag_seconds"] = self.lag
        with contextlib.suppress(OSError, ValueError, IndexError):  # only Linux tells these
            pages = Path("/proc/self/statm").read_bytes().split()[1]
            snapshot.gauge("process_resident_bytes", int(pages) * _PAGE_BYTES)
            snapshot.gauge("process_open_fds", self._count_files())

    def _count_files(self) -> int:
        now = perf_counter()
        if now - self._files_at >= _FILES_EVERY_S:
            self._files, self._files_at = len(os.listdir("/proc/self/fd")), now  # noqa: PTH208 - no objects wanted
        return self._files

    def _note_gc(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._gc_began = perf_counter()
        else:
            self._gc_s += perf_counter() - self._gc_began
