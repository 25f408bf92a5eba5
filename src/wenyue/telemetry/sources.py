"""Where the figures come from: the engine, admission, the connection pool, a worker's tasks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import time
from typing import Final

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from wenyue.abuse import Detector
from wenyue.booking import Engine, pressure
from wenyue.booking.engine.pressure import Pressure
from wenyue.events import Lag, lags
from wenyue.platform.database.db import Database
from wenyue.platform.database.freshness import Freshness
from wenyue.platform.jobs.waiting import waiting_jobs
from wenyue.platform.load_shedding.admission import Admission
from wenyue.telemetry.model import Distribution, ScarcePool, Snapshot
from wenyue.waiting_room import WaitingRooms

_SCARCE_SHOWN: Final = 12
_ROOMS_MAX: Final = 16
Source = Callable[[Snapshot], None]


def engine_source(engine: Engine) -> Source:
    """The booking engine."""

    def fill(snapshot: Snapshot) -> None:
        figures = engine.figures
        for outcome, count in figures.outcomes.items():
            snapshot.count("booking_outcomes", count, outcome.name.lower())
        snapshot.count("engine_batches", figures.batches)
        snapshot.count("engine_requests", figures.requests)
        snapshot.count("engine_refused_full_queue", figures.refused_full_queue)
        snapshot.count("engine_retries", figures.retries)
        snapshot.count("engine_in_doubt", figures.in_doubt)
        snapshot.count("engine_dropped_late", figures.dropped_late)
        snapshot.count("engine_answers_from_memory", figures.from_memory)
        snapshot.count("engine_database_away", figures.away)
        snapshot.gauge("engine_depth", engine.depth)
        sizes, seconds = map(list, figures.bounds)
        snapshot.distributions["engine_batch_size"] = Distribution(sizes, figures.sizes, figures.requests)
        snapshot.distributions["engine_batch_seconds"] = Distribution(
            seconds, figures.seconds, figures.batch_s
        )

    return fill


def pool_source(db: Database) -> Source:
    """The connection pool."""

    def fill(snapshot: Snapshot) -> None:
        stats = db.pool_stats()
        snapshot.gauge("database_pool_connections", stats.get("pool_size", 0))
        snapshot.gauge("database_pool_idle", stats.get("pool_available", 0))
        snapshot.gauge("database_pool_waiting", stats.get("requests_waiting", 0))
        snapshot.gauge("database_pool_size_max", stats.get("pool_max", 0))
        snapshot.count("database_pool_used_seconds", stats.get("usage_ms", 0) / 1000)
        snapshot.count("database_pool_wait_seconds", stats.get("requests_wait_ms", 0) / 1000)
        snapshot.count("database_pool_timeouts", stats.get("requests_errors", 0))
        snapshot.count("database_pool_lost", stats.get("connections_lost", 0))
        snapshot.gauge("database_away", 0 if db.outage.since is None else 1)
        snapshot.gauge("database_away_since", db.outage.since or 0)

    return fill


def abuse_source(detector: Detector) -> Source:
    """Suspicious signs by pattern, and how many blocks this process knows."""

    def fill(snapshot: Snapshot) -> None:
        lately = detector.lately()
        for pattern, count in detector.counts.items():
            snapshot.count("suspicious_signs", count, pattern.value)
            snapshot.gauge("suspicious_signs_hour", lately[pattern], pattern.value)
        snapshot.gauge("suspicious_blocks", len(detector.blocks))

    return fill


def admission_source(admission: Admission) -> Source:
    """What is let in and what is shed, by class."""

    def fill(snapshot: Snapshot) -> None:
        hot, desk = admission.hot, admission.desk
        snapshot.gauge("admission_limit", hot.limit, "hot")
        snapshot.gauge("admission_limit", int(desk.limit), "desk")
        snapshot.gauge("admission_in_flight", hot.in_flight, "hot")
        snapshot.gauge("admission_in_flight", desk.total, "desk")
        snapshot.gauge("admission_waiting", desk.waiting, "desk")
        snapshot.count("admission_shed", hot.shed, "hot")
        snapshot.count("admission_shed", admission.bodies.cut, "unread")
        for priority, count in desk.shed.items():
            snapshot.count("admission_shed", count, priority.name.lower())

    return fill


def freshness_source(freshness: Freshness) -> Source:
    """What the process goes by, and how old it is; what has become old is told in the log, too."""

    def fill(snapshot: Snapshot) -> None:
        freshness.log_changes(is_away=bool(snapshot.gauges.get("database_away", {}).get("", 0)))
        for one in freshness.ages():
            snapshot.gauge("facts_age_seconds", round(one.age_s, 1), one.name)
            snapshot.gauge("facts_old", int(one.is_old), one.name)

    return fill


class _RoomFigures(Struct):
    """What of a room's public file is told."""

    waiting: int = 0
    admitted: int = 0
    per_s: float = 0.0


def room_source(waiting_rooms: WaitingRooms) -> Source:
    """The open waiting rooms, as their public files tell them."""
    read = Decoder(_RoomFigures).decode

    def fill(snapshot: Snapshot) -> None:
        for room in waiting_rooms.rooms[:_ROOMS_MAX]:
            try:
                figures = read(room.file)
            except DecodeError:  # no file yet
                continue
            snapshot.gauge("room_waiting", figures.waiting, room.code)
            snapshot.gauge("room_admitted", figures.admitted, room.code)
            snapshot.gauge("room_pace", figures.per_s, room.code)

    return fill


@dataclass(slots=True)
class TaskFigures:
    """How one of a worker's tasks does."""

    runs: int = 0
    failures: int = 0
    seconds: float = 0.0
    succeeded_at: float = 0.0

    def note(self, seconds: float, *, is_good: bool) -> None:
        """It ran."""
        self.runs += 1
        self.seconds += seconds
        if is_good:
            self.succeeded_at = time()
        else:
            self.failures += 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in the database, as one worker saw it. Every worker tells the same: take the greatest, not the sum."""

    jobs: dict[str, int]
    jobs_oldest_s: float
    pressure: Pressure
    lags: list[Lag]

    def fill(self, snapshot: Snapshot) -> None:
        """Everything, into a snapshot."""
        for state, count in self.jobs.items():
            snapshot.gauge("jobs_waiting", count, state)
        snapshot.gauge("jobs_oldest_due_seconds", self.jobs_oldest_s)
        for lag in self.lags:
            snapshot.gauge("events_waiting", lag.waiting, lag.name)
            snapshot.gauge("events_oldest_seconds", round(lag.oldest_s, 1), lag.name)
            snapshot.gauge("events_undelivered", lag.undelivered, lag.name)
            snapshot.gauge("events_parked", lag.parked, lag.name)
        snapshot.gauge("holds_overdue", self.pressure.holds_overdue)
        snapshot.gauge("holds_overdue_seconds", self.pressure.holds_overdue_s)
        snapshot.gauge("sessions_tight", len(self.pressure.scarce))
        snapshot.scarce = [
            ScarcePool(
                one.venue,
                one.product,
                one.on_date.isoformat(),
                one.starts,
                one.left,
                one.capacity,
            )
            for one in self.pressure.scarce[:_SCARCE_SHOWN]
        ]


async def read_waiting(db: Database, now: datetime) -> Waiting:
    """One reading. Raises DatabaseDown or psycopg's errors."""
    async with db.transaction() as tx:
        jobs, oldest_s = await waiting_jobs(tx, now)
        return Waiting(jobs, oldest_s, await pressure(tx, now), await lags(tx))


def label_of(task: str) -> str:
    """A task's name as a label."""
    return task.replace(" ", "_").replace("-", "_")


@dataclass(slots=True)
class WorkFigures:
    """A worker's tasks by name, and what it last found waiting in the database."""

    tasks: dict[str, TaskFigures] = field(default_factory=dict[str, TaskFigures])
    waiting: Waiting | None = None

    def of(self, task: str) -> TaskFigures:
        """The task's figures."""
        return self.tasks.setdefault(task, TaskFigures())

    def fill(self, snapshot: Snapshot) -> None:
        """Everything, into a snapshot."""
        for name, figures in self.tasks.items():
            label = label_of(name)
            snapshot.count("worker_task_runs", figures.runs, label)
            snapshot.count("worker_task_failures", figures.failures, label)
            snapshot.count("worker_task_seconds", round(figures.seconds, 6), label)
            if figures.succeeded_at:
                snapshot.gauge("worker_task_last_success_seconds", figures.succeeded_at, label)
        if self.waiting is not None:
            self.waiting.fill(snapshot)
