"""Figures for Prometheus: requests and their durations by route template and status, the engine, the connection pool.

Several web processes share one port, and a scrape reaches any of them. So each process writes its own figures to
`WENYUE_HOME/metrics/<pid>.json` once a second, and whoever is asked prints everybody's, told apart by the label `process`.
That costs a request two dictionary look-ups; prometheus_client's own multiprocess mode writes a shared file map
on every request, wants an environment variable before its first import, and keeps the files of dead processes for ever.
Counters are per process and fall away with it, as `rate()` expects. Nothing here identifies a person.
"""

import asyncio
import contextlib
import os
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path
from time import time
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from wenyue.services import Services

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_WRITE_S: Final = 1.0
_STALE_S: Final = 30.0
_FILES_MAX: Final = 256


class _Row(msgspec.Struct, array_like=True):
    """One route and status: seconds spent, and how many requests in each bucket of `_BOUNDS_S` and above."""

    method: str
    route: str
    status: int
    seconds: float
    counts: list[int]


class Snapshot(msgspec.Struct):
    """One process's figures at `at` (Unix time)."""

    process: str
    at: float
    rows: list[_Row]
    counters: dict[str, int]
    gauges: dict[str, float]
    outcomes: dict[str, int]


class Meter:
    """Counts requests; cheap enough for the hot path."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, int], _Row] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answered request. `route` is a template: the caller keeps the number of names small."""
        row = self._rows.get((method, route, status))
        if row is None:
            row = self._rows[method, route, status] = _Row(
                method, route, status, 0.0, [0] * (len(_BOUNDS_S) + 1)
            )
        row.seconds += seconds
        row.counts[bisect_left(_BOUNDS_S, seconds)] += 1

    def snapshot(self, services: Services) -> Snapshot:
        """What this process counted until now."""
        figures = services.engine.figures
        return Snapshot(
            process=str(os.getpid()),
            at=time(),
            rows=list(self._rows.values()),
            counters={
                "engine_batches": figures.batches,
                "engine_requests": figures.requests,
                "engine_answers_from_memory": figures.from_memory,
                "engine_refused_full_queue": figures.refused_full_queue,
            },
            gauges={"engine_depth": services.engine.depth} | pool_gauges(services),
            outcomes={outcome.name.lower(): count for outcome, count in figures.outcomes.items()},
        )


def pool_gauges(services: Services) -> dict[str, float]:
    """The connection pool now."""
    stats = services.db.pool_stats()
    return {
        "database_pool_connections": stats.get("pool_size", 0),
        "database_pool_idle": stats.get("pool_available", 0),
        "database_pool_waiting": stats.get("requests_waiting", 0),
    }


class Exchange:
    """Writes this process's figures where its siblings find them, and reads theirs."""

    def __init__(self, meter: Meter, services: Services) -> None:
        self._meter, self._services = meter, services
        self._folder = services.settings.home / "metrics"
        self._own = self._folder / f"{os.getpid()}.json"

    async def run(self) -> None:
        """Write once a second until cancelled, then take the file away."""
        try:
            while True:
                with contextlib.suppress(OSError):  # no space: figures are the first thing to do without
                    self._write()
                await asyncio.sleep(_WRITE_S)
        finally:
            with contextlib.suppress(OSError):
                self._own.unlink(missing_ok=True)

    def text(self) -> bytes:
        """Every process's figures in Prometheus' text format; this one's are of this instant."""
        own = self._meter.snapshot(self._services)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Print([own, *self._siblings(own.process)]))
        return generate_latest(registry)

    def _write(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged = self._own.with_suffix(".tmp")
        staged.write_bytes(msgspec.json.encode(self._meter.snapshot(self._services)))
        staged.replace(self._own)

    def _siblings(self, own: str) -> list[Snapshot]:
        found: list[Snapshot] = []
        with contextlib.suppress(OSError):
            for path in sorted(self._folder.glob("*.json"))[:_FILES_MAX]:
                snapshot = _read(path)
                if snapshot is not None and snapshot.process != own:
                    found.append(snapshot)
        return found


def _read(path: Path) -> Snapshot | None:
    """A sibling's figures; one that has ended without saying so is forgotten."""
    try:
        snapshot = msgspec.json.decode(path.read_bytes(), type=Snapshot)
        if time() - snapshot.at > _STALE_S:
            path.unlink(missing_ok=True)
            return None
    except (OSError, msgspec.DecodeError):
        return None
    return snapshot


class _Print(Collector):
    def __init__(self, snapshots: list[Snapshot]) -> None:
        self._snapshots = snapshots

    def collect(self) -> Iterable[Metric]:
        """One family after the other, every process in it."""
        names = ["process", "method", "route", "status"]
        durations = HistogramMetricFamily(
            "wenyue_http_request_duration_seconds", "Requests and how long they took.", labels=names
        )
        for snapshot in self._snapshots:
            for row in snapshot.rows:
                labels = [snapshot.process, row.method, row.route, str(row.status)]
                durations.add_metric(labels, _buckets(row.counts), row.seconds)
        yield durations
        yield from self._counters()
        outcomes = CounterMetricFamily(
            "wenyue_booking_outcomes", "Answers of the booking engine.", labels=["process", "outcome"]
        )
        for snapshot in self._snapshots:
            for outcome, count in snapshot.outcomes.items():
                outcomes.add_metric([snapshot.process, outcome], count)
        yield outcomes

    def _counters(self) -> Iterable[Metric]:
        for name in self._snapshots[0].counters:
            family = CounterMetricFamily(f"wenyue_{name}", _HELP[name], labels=["process"])
            for snapshot in self._snapshots:
                family.add_metric([snapshot.process], snapshot.counters.get(name, 0))
            yield family
        for name in self._snapshots[0].gauges:
            gauge = GaugeMetricFamily(f"wenyue_{name}", _HELP[name], labels=["process"])
            for snapshot in self._snapshots:
                gauge.add_metric([snapshot.process], snapshot.gauges.get(name, 0.0))
            yield gauge


def _buckets(counts: list[int]) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus wants them."""
    found: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip([*_BOUNDS_S, float("inf")], counts, strict=False):
        total += count
        found.append(("+Inf" if bound == float("inf") else str(bound), total))
    return found


_HELP: Final = {
    "engine_batches": "Transactions of the booking engine.",
    "engine_requests": "Requests decided in them.",
    "engine_answers_from_memory": "Refusals that did not ask the database.",
    "engine_refused_full_queue": "Requests refused because too many waited.",
    "engine_depth": "Requests waiting or being decided.",
    "database_pool_connections": "Connections of the pool.",
    "database_pool_idle": "Connections that nobody uses now.",
    "database_pool_waiting": "Requests that wait for a connection.",
}
