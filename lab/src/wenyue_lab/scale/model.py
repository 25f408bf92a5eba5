"""What is measured, what is asked, and what comes out: unit costs, a release, its seconds, the machines."""

from dataclasses import dataclass, field
from typing import Final

from wenyue.locale import Message

CDN_EDGES: Final = 200
GUESTS_A_BOOKING: Final = 2.5
PLAN_UTILISATION: Final = 0.6  # of a core, at the peak: the rest is for what the plan does not know


@dataclass(frozen=True, slots=True)
class Unit:
    """What one of a kind costs: processor microseconds, bytes written ahead, kept, received and sent."""

    web_us: float = 0.0
    database_us: float = 0.0
    wal_bytes: float = 0.0
    stored_bytes: float = 0.0
    in_bytes: float = 0.0
    out_bytes: float = 0.0
    per_s: float = 0.0  # how many a second this measurement made
    count: int = 0


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one machine. `units` by name (see UNITS); connections and idling beside them."""

    units: dict[str, Unit]
    connection_kb: float  # resident memory of one kept-alive connection
    assets_bytes: (
        float  # style sheet, scripts and icon of the room's page, compressed; a browser asks for them once
    )
    idle_web_share: float  # of a core: web processes that nobody asks
    idle_database_share: float
    web_mb: float  # resident memory of one web process
    workers: int
    machine: dict[str, str | int | float] = field(default_factory=dict[str, str | int | float])
    notes: tuple[str, ...] = ()


# Name → what it is. The order is the table's.
UNITS: Final = {
    "booking_full": Message("a booking, full batches (the machine is busy)"),
    "booking_calm": Message("a booking, small batches (500 a second)"),
    "booking_spread": Message("a booking over 10,000 sessions, after a checkpoint"),
    "sold_out": Message("a booking refused: sold out"),
    "availability": Message("a read of availability, 12 days × 10 sessions"),
    "room_file": Message("a look at the room's file"),
    "room_file_same": Message("a look at the room's file, unchanged (304)"),
    "room_page": Message("the room's page, first visit: a pass is given"),
    "room_page_again": Message("the room's page, reloaded"),
    "room_pass": Message("a pass of the room over the API"),
    "room_token": Message("a pass exchanged for a token"),
}


@dataclass(frozen=True, slots=True)
class Release:
    """One release of scarce places, and how people behave. Shares are 0 to 1."""

    visitors: int
    places: int
    minutes_before: float = 30.0
    early: float = 0.8
    herd: float = 0.2
    gone: float = 0.2
    poll_s: float = 2.0
    rate_max: float = 1_000.0
    guests: float = GUESTS_A_BOOKING
    edges: int = CDN_EDGES
    file_age_s: float = 2.0  # how long a cache may keep the room's file
    reads: float = 4.0  # availability reads of somebody who is in
    thinking_s: float = 45.0  # mean time from coming in to booking
    books: float = 0.85  # share of those who came in that books
    late_minutes: float = 10.0  # mean lateness of those who come after the release
    told_s: float = 4.0  # mean time until somebody who reads "sold out" leaves
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Second:
    """One second of a release: what people did in it. `at_s` counts from the release."""

    at_s: int
    waiting: int
    polls: int
    arrivals: int
    reloads: int
    let_in: int
    reads: int
    bookings: int
    refused: int


@dataclass(frozen=True, slots=True)
class Story:
    """A simulated release. `waits_s`: of those who were let in, how long since the release or their arrival, by percentile."""

    seconds: tuple[Second, ...]
    booked: int
    sold: int
    refused: int
    let_in: int
    missed: int  # their turn came and they were gone
    turned_away: int  # read "sold out" while they waited
    sold_out_at_s: int | None
    waits_s: dict[int, float]


@dataclass(frozen=True, slots=True)
class Machines:
    """What the origin must be able to do at its peak, and what the whole release uses."""

    requests_per_s: float
    out_gbit_per_s: float
    edge_requests_per_s: float
    connections: float
    web_cores: float  # at PLAN_UTILISATION
    database_cores: float
    web_memory_gb: float
    wal_mb_per_s: float
    used_core_h: float  # processor time really used
    kept_core_h: float  # cores of the peak, for `hours`
    origin_gb: float
    edge_gb: float
    stored_gb: float
    hours: float  # until a hundredth of the peak is left


@dataclass(frozen=True, slots=True)
class Bill:
    """The quantities that cost money, and what they cost where the reader gave prices."""

    core_h: float
    origin_gb: float
    edge_gb: float
    cores_price: float | None
    traffic_price: float | None


@dataclass(frozen=True, slots=True)
class Divided:
    """Confirmed bookings a second, all primaries together, and what each cost. `oversold` must be 0."""

    primaries: int
    per_s: float
    each_per_s: tuple[float, ...]
    web_us: float
    database_us: float
    oversold: int
