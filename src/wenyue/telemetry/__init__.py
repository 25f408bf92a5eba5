"""What an installation shows of itself: figures of every process, the last hour, the text that Prometheus reads."""

from wenyue.telemetry.exchange import Exchange
from wenyue.telemetry.history import STEP_S, History, Point, quantile_ms, total
from wenyue.telemetry.meter import Meter
from wenyue.telemetry.model import FAMILIES, Row, ScarcePool, Snapshot
from wenyue.telemetry.printing import METRICS_TYPE, metrics_text
from wenyue.telemetry.sources import (
    Source,
    TaskFigures,
    WorkFigures,
    abuse_source,
    admission_source,
    engine_source,
    freshness_source,
    label_of,
    pool_source,
    read_waiting,
    room_source,
)

__all__ = [
    "FAMILIES",
    "METRICS_TYPE",
    "STEP_S",
    "Exchange",
    "History",
    "Meter",
    "Point",
    "Row",
    "ScarcePool",
    "Snapshot",
    "Source",
    "TaskFigures",
    "WorkFigures",
    "abuse_source",
    "admission_source",
    "engine_source",
    "freshness_source",
    "label_of",
    "metrics_text",
    "pool_source",
    "quantile_ms",
    "read_waiting",
    "room_source",
    "total",
]
