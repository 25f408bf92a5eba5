"""What one process says about itself at one instant, and the families of figures that there are."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final, Literal

from msgspec import Struct, field

from wenyue.locale import Texts

SECONDS_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Row(Struct, array_like=True):
    """One route and status: seconds spent, and how many requests in each bucket of SECONDS_BOUNDS and above."""

    method: str
    route: str
    status: int
    seconds: float
    counts: list[int]


class Distribution(Struct, array_like=True):
    """A histogram: upper bounds, how many in each bucket and above the last, their sum."""

    bounds: list[float]
    counts: list[int]
    total: float

    @classmethod
    def over(cls, bounds: tuple[float, ...]) -> "Distribution":
        """An empty one."""
        return cls(list(bounds), [0] * (len(bounds) + 1), 0.0)

    def add(self, value: float) -> None:
        """One more value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class ScarcePool(Struct):
    """A session that is about to sell out, as staff read it. Capacities are public; nobody is named."""

    venue: Texts
    product: Texts
    on_date: str  # ISO date at the venue
    starts: str  # HH:MM at the venue
    left: int
    capacity: int


class Snapshot(Struct):
    """One process's figures at `at` (Unix time). Names are those of FAMILIES, without the prefix; keys are label values."""

    process: str
    role: str
    at: float
    rows: list[Row] = field(default_factory=list[Row])
    counters: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    gauges: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    distributions: dict[str, Distribution] = field(default_factory=dict[str, Distribution])
    scarce: list[ScarcePool] | None = None  # None: this process does not look

    def count(self, name: str, value: float, label: str = "") -> None:
        """Note a counter."""
        self.counters.setdefault(name, {})[label] = value

    def gauge(self, name: str, value: float, label: str = "") -> None:
        """Note a gauge."""
        self.gauges.setdefault(name, {})[label] = value


@dataclass(frozen=True, slots=True)
class Family:
    """One family of figures: `wenyue_<name>` (a counter ends in `_total`), told apart by `process` and perhaps one label."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    label: str = ""


# Every family but the durations of requests. A label has few values: outcomes, classes, states, tasks, open rooms.
# None is made by a traveller.
FAMILIES: Final = (
    Family("booking_outcomes", "counter", "Answers of the booking engine.", "outcome"),
    Family("engine_batches", "counter", "Transactions of the booking engine."),
    Family("engine_requests", "counter", "Requests decided in them."),
    Family("engine_answers_from_memory", "counter", "Refusals that did not ask the database."),
    Family("engine_refused_full_queue", "counter", "Requests refused because too many waited."),
    Family("engine_retries", "counter", "Requests decided again after a conflict or an outage."),
    Family("engine_in_doubt", "counter", "Batches whose commit was in doubt."),
    Family("engine_database_away", "counter", "Batches that found no database."),
    Family("engine_dropped_late", "counter", "Requests whose deadline passed before they were begun."),
    Family("engine_depth", "gauge", "Requests waiting or being decided."),
    Family("engine_batch_size", "histogram", "Requests of a batch."),
    Family("engine_batch_seconds", "histogram", "How long a batch took from its beginning to its commit."),
    Family("admission_limit", "gauge", "How many may be in progress at once, as measured.", "lane"),
    Family("admission_in_flight", "gauge", "How many are in progress.", "lane"),
    Family("admission_waiting", "gauge", "How many wait to be let in.", "lane"),
    Family("admission_shed", "counter", "Requests refused so that others are answered in time.", "class"),
    Family("database_pool_connections", "gauge", "Connections of the pool."),
    Family("database_pool_idle", "gauge", "Connections that nobody uses now."),
    Family("database_pool_waiting", "gauge", "Requests that wait for a connection."),
    Family("database_pool_size_max", "gauge", "The most connections that the pool may have."),
    Family("database_pool_used_seconds", "counter", "Time for which connections were in use."),
    Family("database_pool_wait_seconds", "counter", "Time for which requests waited for a connection."),
    Family("database_pool_timeouts", "counter", "Requests that got no connection in time."),
    Family("database_pool_lost", "counter", "Connections that were found broken."),
    Family("database_away", "gauge", "1 while the database does not answer this process."),
    Family("database_away_since", "gauge", "Since when, Unix time; 0 while it answers."),
    Family("loop_lag_seconds", "histogram", "How late the event loop was."),
    Family("gc_collections", "counter", "Collections of the garbage collector.", "generation"),
    Family("gc_seconds", "counter", "Time spent in the garbage collector."),
    Family("process_cpu_seconds", "counter", "Processor time, of the user and the system."),
    Family("process_resident_bytes", "gauge", "Resident memory."),
    Family("process_open_fds", "gauge", "Open files and connections."),
    Family("process_max_fds", "gauge", "How many there may be."),
    Family("process_start_time_seconds", "gauge", "When the process started, Unix time."),
    Family("facts_age_seconds", "gauge", "For how long what the process goes by has not been renewed.", "fact"),
    Family("facts_old", "gauge", "1 while that is longer than it may be.", "fact"),
    Family("worker_task_last_success_seconds", "gauge", "When the task ended well last, Unix time.", "task"),
    Family("worker_task_runs", "counter", "How often the task ran.", "task"),
    Family("worker_task_failures", "counter", "How often it failed.", "task"),
    Family("worker_task_seconds", "counter", "How long it worked.", "task"),
    Family("jobs_waiting", "gauge", "Jobs by state.", "state"),
    Family("jobs_oldest_due_seconds", "gauge", "For how long the oldest due job has waited."),
    Family("events_waiting", "gauge", "Events that the subscriber has before it (at most 10,000 are counted).", "subscriber"),
    Family("events_oldest_seconds", "gauge", "Age of the oldest of them.", "subscriber"),
    Family("events_undelivered", "gauge", "Events that failed and are tried again.", "subscriber"),
    Family("events_parked", "gauge", "Subjects whose events failed too often and wait for a person.", "subscriber"),
    Family("holds_overdue", "gauge", "Holds whose time is up and that still keep places (at most 10,000 are counted)."),
    Family("holds_overdue_seconds", "gauge", "For how long the oldest of them has been up."),
    Family("sessions_tight", "gauge", "Open sessions of the coming week with less than a tenth left (at most 100)."),
    Family("suspicious_signs", "counter", "Signs of abuse: guesses, scans, forged tokens, replays.", "pattern"),
    Family("suspicious_signs_hour", "gauge", "Those of the last hour.", "pattern"),
    Family("suspicious_blocks", "gauge", "Subjects that are blocked now, as this process knows."),
    Family("room_waiting", "gauge", "Travellers who wait in the room.", "room"),
    Family("room_admitted", "gauge", "Travellers whose turn has come.", "room"),
    Family("room_pace", "gauge", "How many are let in a second.", "room"),
)  # fmt: skip
