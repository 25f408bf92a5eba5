"""What the live page shows, computed from the last hour and the newest figures of every process of this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from wenyue.core.clock import zone
from wenyue.telemetry import STEP_S, Point, ScarcePool, Snapshot, quantile_ms, total

LATELY_S: Final = 60
_BUCKETS: Final = 180
SPANS: Final = {"15m": 15 * 60, "1h": 60 * 60}
_TICKS_S: Final = {"15m": 5 * 60, "1h": 15 * 60}
REASONS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of time, over all processes; rates a second. None: nobody counted."""

    at: int
    offered: float | None
    good: float | None
    turned_away: float | None  # shed, busy, too late, in doubt
    p50_ms: float | None
    p99_ms: float | None
    depth: float | None
    waiting: float | None
    room: float | None


@dataclass(frozen=True, slots=True)
class Old:
    """Something that processes of a role go by though it was not renewed in time."""

    role: str
    name: str
    age_s: float


@dataclass(frozen=True, slots=True)
class Live:
    """Everything on the page."""

    at: float
    span: str
    buckets: list[Bucket]
    ticks: list[tuple[int, str]]
    lately: Point  # the last LATELY_S, summed
    lately_s: float
    p50_ms: float | None
    p99_ms: float | None
    depth: int
    waiting: int
    in_flight: int
    limit: int
    away_since: float | None
    reasons: list[
        tuple[str, int, int]
    ]  # code, in the last LATELY_S, in the last hour; most in the hour first
    refusals: list[tuple[str, int, int]]  # decided by the rules
    scarce: list[ScarcePool] | None  # None: no worker tells
    scarce_at: float
    has_worker: bool
    processes: list[Snapshot]
    room: tuple[int, int] | None  # waiting, let in
    signs: list[tuple[str, int]]  # suspicious pattern, in the last hour, of all processes; most first
    blocks: int
    old: list[Old]  # the oldest first; of processes whose database answers

    @property
    def is_empty(self) -> bool:
        """Nobody asked for anything in the last hour."""
        return not any(bucket.offered for bucket in self.buckets)


_FAILED: Final = frozenset({"busy", "too_late", "unknown", "shed"})


def look(
    points: Sequence[Point], snapshots: Sequence[Snapshot], now: float, span: str, timezone: str
) -> Live:
    """The page's facts. `points` oldest first, `snapshots` of living processes."""
    step = SPANS[span] // _BUCKETS
    last = int(now) // STEP_S * STEP_S
    end = last // step * step
    first = end - (_BUCKETS - 1) * step
    grouped: dict[int, list[Point]] = {}
    for point in points:
        at = -(-point.at // step) * step
        if first <= at <= end + step:
            grouped.setdefault(min(at, end), []).append(point)
    buckets = [_bucket(at, grouped.get(at, [])) for at in range(first, end + 1, step)]
    recent = [point for point in points if point.at > last - LATELY_S]
    lately = total(recent)
    lately_s = max(STEP_S, len({point.at for point in recent}) * STEP_S)
    hour = total(points)
    web = [one for one in snapshots if one.role == "web"]
    workers = [one for one in snapshots if one.role == "worker"]
    tellers = [one for one in workers if one.scarce is not None]
    away = [since for one in web if (since := _gauge(one, "database_away_since"))]
    room = any(point.room_waiting or point.room_admitted for point in points)
    by_count = sorted(hour.reasons, key=lambda code: (-hour.reasons[code], code))
    told = [(code, lately.reasons.get(code, 0), hour.reasons[code]) for code in by_count]
    return Live(
        at=now,
        span=span,
        buckets=buckets,
        ticks=_ticks(buckets, _TICKS_S[span], timezone),
        lately=lately,
        lately_s=lately_s,
        p50_ms=quantile_ms(lately.counts, 0.5),
        p99_ms=quantile_ms(lately.counts, 0.99),
        depth=int(sum(_gauge(one, "engine_depth") for one in web)),
        waiting=int(sum(_gauge(one, "admission_waiting", "desk") for one in web)),
        in_flight=int(sum(_gauge(one, "admission_in_flight", "hot") for one in web)),
        limit=int(sum(_gauge(one, "admission_limit", "hot") for one in web)),
        away_since=min(away) if away else None,
        reasons=[one for one in told if one[0] in _FAILED][:REASONS_MAX],
        refusals=[one for one in told if one[0] not in _FAILED][:REASONS_MAX],
        scarce=tellers[0].scarce if tellers else None,
        scarce_at=tellers[0].at if tellers else 0.0,
        has_worker=bool(workers),
        processes=sorted(snapshots, key=lambda one: (one.role, one.process)),
        room=(lately.room_waiting, lately.room_admitted) if room else None,
        signs=_signs(snapshots),
        blocks=int(max((_gauge(one, "suspicious_blocks") for one in web), default=0)),
        old=old_facts(snapshots),
    )


def _signs(snapshots: Sequence[Snapshot]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for one in snapshots:
        for pattern, count in one.gauges.get("suspicious_signs_hour", {}).items():
            found[pattern] = found.get(pattern, 0) + int(count)
    return sorted(((name, n) for name, n in found.items() if n), key=lambda one: (-one[1], one[0]))


def old_facts(snapshots: Sequence[Snapshot]) -> list[Old]:
    """What the processes say is old. While a process has no database that is what is told, not everything behind it."""
    worst: dict[tuple[str, str], float] = {}
    for one in snapshots:
        if _gauge(one, "database_away"):
            continue
        for name, is_old in one.gauges.get("facts_old", {}).items():
            if is_old:
                key = one.role, name
                worst[key] = max(worst.get(key, 0.0), _gauge(one, "facts_age_seconds", name))
    return sorted((Old(*key, age_s) for key, age_s in worst.items()), key=lambda one: -one.age_s)


def _bucket(at: int, points: Sequence[Point]) -> Bucket:
    if not points:
        return Bucket(at, None, None, None, None, None, None, None, None)
    whole = total(points)
    seconds = len({point.at for point in points}) * STEP_S
    return Bucket(
        at=at,
        offered=round(whole.offered / seconds, 2),
        good=round(whole.good / seconds, 2),
        turned_away=round((whole.failed + whole.shed) / seconds, 2),
        p50_ms=_rounded(quantile_ms(whole.counts, 0.5)),
        p99_ms=_rounded(quantile_ms(whole.counts, 0.99)),
        depth=whole.depth,
        waiting=whole.waiting,
        room=whole.room_waiting,
    )


def _ticks(buckets: Sequence[Bucket], every_s: int, timezone: str) -> list[tuple[int, str]]:
    """Round times of the wall clock, with the index of their bucket."""
    where = zone(timezone)
    found: list[tuple[int, str]] = []
    for index, (before, bucket) in enumerate(pairwise(buckets), start=1):
        if bucket.at // every_s != before.at // every_s:
            at = datetime.fromtimestamp(bucket.at // every_s * every_s, where)
            found.append((index, f"{at:%H:%M}"))
    return found


def _gauge(snapshot: Snapshot, name: str, label: str = "") -> float:
    return snapshot.gauges.get(name, {}).get(label, 0.0)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
