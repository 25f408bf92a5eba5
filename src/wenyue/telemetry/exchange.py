"""How the processes of one machine tell each other their figures.

Several web processes share one port, and a scrape reaches any of them. So each process writes its figures to
`WENYUE_HOME/metrics/<process>.json` once a second (seldomer while nobody asks), and whoever is asked tells everybody's.
That costs a request two dictionary look-ups; prometheus_client's own multiprocess mode writes a shared file map on every
request, wants an environment variable before its first import, and keeps the files of dead processes for ever.
Counters are per process and fall away with it, as `rate()` expects. Nothing here identifies a person.
"""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import time
from typing import Final, Literal

import msgspec

from wenyue.platform.blocking_calls import BlockingCalls
from wenyue.platform.database.freshness import Freshness
from wenyue.telemetry.files import forget, write_whole
from wenyue.telemetry.history import SPAN_S, History, Point
from wenyue.telemetry.meter import Meter
from wenyue.telemetry.model import Snapshot
from wenyue.telemetry.process import ProcessFigures
from wenyue.telemetry.sources import Source, freshness_source

WRITE_EVERY_S: Final = 1.0
STALE_AFTER_S: Final = 30.0
_FILES_MAX: Final = 256
_LAST_WRITE_S: Final = 1.0
_READ_S: Final = 1.0


class Exchange:
    """Writes this process's figures where its siblings find them, and reads theirs."""

    def __init__(
        self,
        home: Path,
        role: Literal["web", "worker"],
        sources: Sequence[Source],
        meter: Meter | None = None,
        *,
        freshness: Freshness | None = None,
    ) -> None:
        self.meter = meter or Meter()
        self.process = f"{role}-{os.getpid()}"
        self._role = role
        self._own_figures = ProcessFigures()
        self._blocking_calls = BlockingCalls()
        self._freshness = freshness or Freshness()
        self.sources = [*sources, self._own_figures.fill, freshness_source(self._freshness)]
        self._folder = home / "metrics"
        self._own = self._folder / f"{self.process}.json"
        self.history = History(home / "live", self.process)

    def snapshot(self) -> Snapshot:
        """This process, now."""
        snapshot = Snapshot(process=self.process, role=self._role, at=time(), rows=self.meter.rows)
        for fill in self.sources:
            fill(snapshot)
        return snapshot

    async def snapshots(self) -> list[Snapshot]:
        """Every living process of this machine; this one is of this instant, and first.

        The others are missing while the home does not answer: a scrape must not hold up bookings.
        """
        own = self.snapshot()
        try:
            async with asyncio.timeout(_READ_S):
                return [own, *await self._blocking_calls.run_in_thread("read", self._siblings)]
        except TimeoutError:
            return [own]

    def whole(self, own: Snapshot, now: float) -> tuple[list[Point], list[Snapshot]]:
        """(the last hour, every living process). Reads files and adds up: 10 ms, for a thread; `own` is made in the loop."""
        return self.history.merged(now), [own, *self._siblings()]

    async def write_figures(self) -> None:
        """Write once a second, while nobody asks anything every STEP_S, until cancelled.

        Then the file is taken away (the history stays: others show it).
        """
        self._freshness.expect("figures")
        measuring = asyncio.create_task(self._own_figures.measure_lateness(), name="own figures")
        forget(self._folder, time() - SPAN_S)
        self.history.forget(time())
        asked = -1.0
        try:
            while True:
                snapshot = self.snapshot()
                has_point = self.history.note(snapshot)
                asked, before = sum(row.seconds for row in snapshot.rows), asked
                if has_point or asked != before:
                    write = partial(self._write, msgspec.json.encode(snapshot), has_point=has_point)
                    await self._blocking_calls.run_in_thread("write", write)
                await asyncio.sleep(WRITE_EVERY_S)
        finally:
            measuring.cancel()
            await asyncio.gather(measuring, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WRITE_S):
                    await self._blocking_calls.settled("write")
                    await self._blocking_calls.run_in_thread("write", self._leave)

    def _write(self, figures: bytes, *, has_point: bool) -> None:
        with contextlib.suppress(OSError):  # no space: figures are the first thing to do without
            write_whole(self._own, figures)
            self._freshness.good("figures")
            if has_point:
                self.history.save()

    def _leave(self) -> None:
        with contextlib.suppress(OSError):
            self.history.save()
            self._own.unlink(missing_ok=True)

    def _siblings(self) -> list[Snapshot]:
        found: list[Snapshot] = []
        with contextlib.suppress(OSError):
            for path in sorted(self._folder.glob("*.json"))[:_FILES_MAX]:
                snapshot = _read(path)
                if snapshot is not None and snapshot.process != self.process:
                    found.append(snapshot)
        return found


def _read(path: Path) -> Snapshot | None:
    """A sibling's figures. One that has ended without saying so is forgotten; one that lives and is silent is told as that."""
    try:
        snapshot = msgspec.json.decode(path.read_bytes(), type=Snapshot)
        age_s = time() - snapshot.at
        if age_s > STALE_AFTER_S:
            if age_s > SPAN_S or not Path("/proc", path.stem.rpartition("-")[2]).exists():
                path.unlink(missing_ok=True)
                return None
            silent = Snapshot(process=snapshot.process, role=snapshot.role, at=snapshot.at)
            silent.gauge("facts_age_seconds", round(age_s, 1), "figures")
            silent.gauge("facts_old", 1, "figures")
            return silent
    except (OSError, msgspec.DecodeError):
        return None
    return snapshot
