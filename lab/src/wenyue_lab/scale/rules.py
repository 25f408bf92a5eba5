"""From unit costs and a release to machines and a bill. Pure: a calculation that a reader can redo by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wenyue_lab.scale.model import PLAN_UTILISATION, Bill, Costs, Machines, Release, Second, Story, Unit

_PER_CORE_S: Final = 1e6
_GB: Final = 1e9
_PEAK_S: Final = 5  # a peak is what lasts so many seconds; a queue absorbs the rest
_OVER_SHARE: Final = 0.01
_NOTHING: Final = Unit()


@dataclass(frozen=True, slots=True)
class Load:
    """What one second of a release asks of the origin."""

    requests: float
    out_bytes: float
    web_us: float
    database_us: float
    wal_bytes: float


def demand(second: Second, release: Release, *, has_cdn: bool) -> dict[str, float]:
    """How many of each unit the origin meets in a second. With a CDN each of its caches asks for the file once per age."""
    looks = float(second.polls + second.reloads)
    if has_cdn:
        looks = min(looks, release.edges / release.file_age_s)
    return {
        "room_file": looks,
        "room_page": float(second.arrivals),
        "room_page_again": float(second.reloads),
        "room_token": float(second.let_in),
        "availability": float(second.reads),
        "booking_calm" if second.bookings < 1_000 else "booking_full": float(second.bookings),
        "sold_out": float(second.refused),
    }


def load_of(costs: Costs, wanted: dict[str, float]) -> Load:
    """The sum of it."""
    pairs = [(costs.units.get(name, _NOTHING), count) for name, count in wanted.items()]
    return Load(
        requests=sum(count for _, count in pairs),
        out_bytes=sum(unit.out_bytes * count for unit, count in pairs),
        web_us=sum(unit.web_us * count for unit, count in pairs),
        database_us=sum(unit.database_us * count for unit, count in pairs),
        wal_bytes=sum(unit.wal_bytes * count for unit, count in pairs),
    )


def machines(costs: Costs, release: Release, story: Story, *, has_cdn: bool) -> Machines:
    """What the peak needs, and what the whole uses."""
    loads = [load_of(costs, demand(one, release, has_cdn=has_cdn)) for one in story.seconds]
    looks = [one.polls + one.reloads for one in story.seconds]
    hours = busy_s([one.requests for one in loads]) / 3600
    web_cores = peak(one.web_us for one in loads) / _PER_CORE_S / PLAN_UTILISATION
    database_cores = peak(one.database_us for one in loads) / _PER_CORE_S / PLAN_UTILISATION
    connections = _connections(release, story, has_cdn=has_cdn)
    assets = release.visitors * costs.assets_bytes
    file_bytes = costs.units.get("room_file", _NOTHING).out_bytes
    stored = costs.units.get("booking_full", _NOTHING).stored_bytes * story.booked
    return Machines(
        requests_per_s=peak(one.requests for one in loads),
        out_gbit_per_s=peak(one.out_bytes for one in loads) * 8 / _GB,
        edge_requests_per_s=peak(float(one) for one in looks) if has_cdn else 0.0,
        connections=connections,
        web_cores=web_cores,
        database_cores=database_cores,
        web_memory_gb=(max(1.0, web_cores) * costs.web_mb * 1e6 + connections * costs.connection_kb * 1e3)
        / _GB,
        wal_mb_per_s=peak(one.wal_bytes for one in loads) / 1e6,
        used_core_h=sum(one.web_us + one.database_us for one in loads) / _PER_CORE_S / 3600,
        kept_core_h=(web_cores + database_cores) * hours,
        origin_gb=(sum(one.out_bytes for one in loads) + (0.0 if has_cdn else assets)) / _GB,
        edge_gb=(sum(looks) * file_bytes + assets) / _GB if has_cdn else 0.0,
        stored_gb=stored / _GB,
        hours=hours,
    )


def busy_s(loads: Sequence[float]) -> int:
    """How long the machines of the peak are kept: from the first visitor until less than a hundredth of the peak is left."""
    least = max(loads, default=0.0) * _OVER_SHARE
    return next((number for number in range(len(loads), 0, -1) if loads[number - 1] >= least), 0)


def bill(machine: Machines, core_hour_price: float | None, gb_price: float | None) -> Bill:
    """Quantities, and prices where they were given. Traffic is what leaves the edge, or the origin where there is none."""
    traffic = machine.edge_gb + machine.origin_gb
    return Bill(
        core_h=machine.kept_core_h,
        origin_gb=machine.origin_gb,
        edge_gb=machine.edge_gb,
        cores_price=None if core_hour_price is None else machine.kept_core_h * core_hour_price,
        traffic_price=None if gb_price is None else traffic * gb_price,
    )


def peak(values: Iterator[float]) -> float:
    """The greatest mean of five neighbouring seconds."""
    held = list(values)
    if not held:
        return 0.0
    width = min(_PEAK_S, len(held))
    running = best = sum(held[:width])
    for new, old in zip(held[width:], held, strict=False):
        running += new - old
        best = max(best, running)
    return best / width


def _connections(release: Release, story: Story, *, has_cdn: bool) -> float:
    """Open connections at the origin: everybody who waits, or the CDN's caches; and those who are inside."""
    waiting = 0.0 if has_cdn else float(max((one.waiting for one in story.seconds), default=0))
    inside = peak(float(one.let_in) for one in story.seconds) * release.thinking_s
    return waiting + inside + (release.edges if has_cdn else 0)
