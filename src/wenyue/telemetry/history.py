"""The last hour, in steps of five seconds: what every process did in each, kept in files that outlive the process.

A point holds differences, not totals: the points of all processes add up, whoever was started or killed in between.
"""

import contextlib
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from time import time
from typing import Final

import msgspec
from msgspec import Struct

from wenyue.telemetry.files import forget, write_whole
from wenyue.telemetry.model import SECONDS_BOUNDS, Snapshot

STEP_S: Final = 5
SPAN_S: Final = 3600
POINTS_MAX: Final = SPAN_S // STEP_S
_FILES_MAX: Final = 256
# What a traveller does to have a place: their durations are the latency on the live page.
BOOKING_ROUTES: Final = frozenset({("POST", "/v1/bookings"), ("POST", "/trip/book")})
FAILED: Final = frozenset({"busy", "too_late", "unknown"})
HAD: Final = frozenset({"confirmed", "held", "cancelled", "rescheduled"})
SHED: Final = "shed"  # the reason of what admission refused
_HTTP_FAULT: Final = 500
_TOO_OFTEN: Final = 429


class Point(Struct, array_like=True):
    """Five seconds of one process, or of all. `counts` are durations of bookings in SECONDS_BOUNDS."""

    at: int  # Unix time of the end
    good: int = 0
    refused: int = 0  # decided: sold out, not allowed, …
    failed: int = 0  # busy, too late, in doubt
    shed: int = 0  # refused at the door so that others are answered in time
    requests: int = 0  # everything over HTTP
    faults: int = 0  # of those, answered with 500 and above
    depth: int = 0  # the most that waited for the engine
    waiting: int = 0  # the most that waited at the door
    lag_ms: int = 0  # the latest that the event loop was, as a bucket's bound
    is_away: bool = False  # the database did not answer
    counts: list[int] = []
    reasons: dict[str, int] = {}  # why it was no place
    room_waiting: int = 0
    room_admitted: int = 0

    @property
    def offered(self) -> int:
        """Everything that was asked of the booking engine."""
        return self.good + self.refused + self.failed + self.shed


class History:
    """One process's points."""

    def __init__(self, folder: Path, process: str) -> None:
        self._folder = folder
        self._own = folder / f"{process}-{int(time())}.msgpack"
        self.points: deque[Point] = deque(maxlen=POINTS_MAX)
        self._before: Snapshot | None = None
        self._depth = self._waiting = 0
        self._is_away = False

    def note(self, snapshot: Snapshot) -> bool:
        """A second has passed; True when a point was made of the last few."""
        self._depth = max(self._depth, int(snapshot.gauges.get("engine_depth", {}).get("", 0)))
        self._waiting = max(self._waiting, int(sum(snapshot.gauges.get("admission_waiting", {}).values())))
        self._is_away |= bool(snapshot.gauges.get("database_away", {}).get("", 0))
        before = self._before
        if before is None:
            self._before = _copy(snapshot)
            return False
        if int(snapshot.at) // STEP_S == int(before.at) // STEP_S:
            return False
        point = _difference(before, snapshot)
        point.depth, point.waiting, point.is_away = self._depth, self._waiting, self._is_away
        self.points.append(point)
        self._before, self._depth, self._waiting, self._is_away = _copy(snapshot), 0, 0, False
        return True

    def save(self) -> None:
        """Where the others find it. Raises OSError."""
        write_whole(self._own, msgspec.msgpack.encode(list(self.points)))

    def forget(self, now: float) -> None:
        """Remove what ended processes left an hour ago, whether or not anybody ever looks at it."""
        forget(self._folder, now - SPAN_S)

    def merged(self, now: float) -> list[Point]:
        """The last hour of every process of this machine, oldest first; files of an hour ago are removed."""
        oldest = int(now) - SPAN_S
        found: list[Point] = list(self.points)
        with contextlib.suppress(OSError):
            for path in sorted(self._folder.glob("*.msgpack"))[:_FILES_MAX]:
                if path != self._own:
                    found += _read(path, oldest)
        by_at: dict[int, Point] = {}
        for point in found:
            if oldest < point.at <= now + STEP_S:
                whole = by_at.get(point.at)
                if whole is None:
                    whole = by_at[point.at] = total((), point.at)
                add(whole, point)
                whole.depth += point.depth
                whole.waiting += point.waiting
        return [by_at[at] for at in sorted(by_at)]


def quantile_ms(counts: Iterable[int], share: float) -> float | None:
    """The duration that `share` of the bookings did not exceed, by linear interpolation in its bucket; None: no bookings."""
    held = list(counts)
    total = sum(held)
    if not total:
        return None
    wanted, seen, low = share * total, 0, 0.0
    for bound, count in zip(SECONDS_BOUNDS, held, strict=False):
        if count and seen + count >= wanted:
            return (low + (bound - low) * (wanted - seen) / count) * 1000
        seen, low = seen + count, bound
    return SECONDS_BOUNDS[-1] * 1000


def _read(path: Path, oldest: int) -> list[Point]:
    try:
        points = msgspec.msgpack.decode(path.read_bytes(), type=list[Point])
        if not points or points[-1].at < oldest:
            path.unlink(missing_ok=True)
    except (OSError, msgspec.DecodeError):
        return []
    return points[-POINTS_MAX:]


def _copy(snapshot: Snapshot) -> Snapshot:
    """A snapshot shares its rows with the meter, which counts on."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=Snapshot)


def _difference(before: Snapshot, after: Snapshot) -> Point:
    old_rows = {(row.method, row.route, row.status): row for row in before.rows}
    point = Point(at=int(after.at) // STEP_S * STEP_S, counts=[0] * (len(SECONDS_BOUNDS) + 1), reasons={})
    for row in after.rows:
        old = old_rows.get((row.method, row.route, row.status))
        counts = [n - o for n, o in zip(row.counts, old.counts, strict=True)] if old else row.counts
        count = sum(counts)
        point.requests += count
        if row.status >= _HTTP_FAULT:
            point.faults += count
        if (row.method, row.route) in BOOKING_ROUTES and row.status < _HTTP_FAULT:
            point.counts = [n + m for n, m in zip(point.counts, counts, strict=True)]
            if row.status == _TOO_OFTEN:
                point.reasons["too_often"] = point.reasons.get("too_often", 0) + count
                point.refused += count
    for outcome, total in after.counters.get("booking_outcomes", {}).items():
        count = int(total - before.counters.get("booking_outcomes", {}).get(outcome, 0))
        if outcome in HAD:
            point.good += count
        elif count:
            point.reasons[outcome] = count
            if outcome in FAILED:
                point.failed += count
            else:
                point.refused += count
    shed = after.counters.get("admission_shed", {})
    shed_before = before.counters.get("admission_shed", {})
    point.shed = int(sum(shed.get(one, 0) - shed_before.get(one, 0) for one in ("hot", "hold", "confirm")))
    if point.shed:
        point.reasons[SHED] = point.shed
    point.lag_ms = _worst_lag_ms(before, after)
    point.room_waiting = int(sum(after.gauges.get("room_waiting", {}).values()))
    point.room_admitted = int(sum(after.gauges.get("room_admitted", {}).values()))
    return point


def _worst_lag_ms(before: Snapshot, after: Snapshot) -> int:
    lag, old = after.distributions.get("loop_lag_seconds"), before.distributions.get("loop_lag_seconds")
    if lag is None or old is None:
        return 0
    late = [n - o for n, o in zip(lag.counts, old.counts, strict=True)]
    worst = max((index for index, count in enumerate(late) if count), default=0)
    return int(lag.bounds[min(worst, len(lag.bounds) - 1)] * 1000)


def total(points: Iterable[Point], at: int = 0) -> Point:
    """Counts are added; of what stands at an instant, the greatest counts."""
    whole = Point(at=at, counts=[0] * (len(SECONDS_BOUNDS) + 1), reasons={})
    for point in points:
        add(whole, point)
        whole.depth = max(whole.depth, point.depth)
        whole.waiting = max(whole.waiting, point.waiting)
    return whole


def add(whole: Point, point: Point) -> None:
    """Take a point into `whole`, whose lists and dictionaries are its own; all but the queues, which differ by what is added."""
    whole.good += point.good
    whole.refused += point.refused
    whole.failed += point.failed
    whole.shed += point.shed
    whole.requests += point.requests
    whole.faults += point.faults
    whole.lag_ms = max(whole.lag_ms, point.lag_ms)
    whole.is_away |= point.is_away
    if point.room_waiting or point.room_admitted:
        whole.room_waiting, whole.room_admitted = point.room_waiting, point.room_admitted
    if point.good or point.refused or point.failed:
        for index, count in enumerate(point.counts):
            if count:
                whole.counts[index] += count
    for name, count in point.reasons.items():
        whole.reasons[name] = whole.reasons.get(name, 0) + count
