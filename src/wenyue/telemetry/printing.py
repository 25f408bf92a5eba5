"""Snapshots in Prometheus' text format."""

from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from wenyue.telemetry.model import FAMILIES, SECONDS_BOUNDS, Family, Snapshot

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(snapshots: Sequence[Snapshot]) -> bytes:
    """One family after the other, every process in it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Print(snapshots))
    return generate_latest(registry)


class _Print(Collector):
    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self._snapshots = snapshots

    def collect(self) -> Iterable[Metric]:
        yield self._durations()
        for family in FAMILIES:
            if family.kind == "histogram":
                yield self._histogram(family)
            else:
                yield self._plain(family)

    def _durations(self) -> Metric:
        found = HistogramMetricFamily(
            "wenyue_http_request_duration_seconds",
            "Requests and how long they took.",
            labels=["process", "method", "route", "status"],
        )
        for snapshot in self._snapshots:
            for row in snapshot.rows:
                labels = [snapshot.process, row.method, row.route, str(row.status)]
                found.add_metric(labels, _buckets(SECONDS_BOUNDS, row.counts), row.seconds)
        return found

    def _histogram(self, family: Family) -> Metric:
        found = HistogramMetricFamily(f"wenyue_{family.name}", family.help, labels=["process"])
        for snapshot in self._snapshots:
            held = snapshot.distributions.get(family.name)
            if held is not None:
                found.add_metric([snapshot.process], _buckets(held.bounds, held.counts), held.total)
        return found

    def _plain(self, family: Family) -> Metric:
        is_counter = family.kind == "counter"
        names = ["process", family.label] if family.label else ["process"]
        kind = CounterMetricFamily if is_counter else GaugeMetricFamily
        found = kind(f"wenyue_{family.name}", family.help, labels=names)
        for snapshot in self._snapshots:
            held = snapshot.counters if is_counter else snapshot.gauges
            for label, value in held.get(family.name, {}).items():
                found.add_metric([snapshot.process, label] if family.label else [snapshot.process], value)
        return found


def _buckets(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus wants them."""
    found: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip([*bounds, float("inf")], counts, strict=True):
        total += count
        found.append(("+Inf" if bound == float("inf") else str(bound), total))
    return found
