"""Time: aware UTC instants and venue-local dates. `now` is always an argument; only the edges read this clock."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """The present instant, aware, UTC."""
    return datetime.now(UTC)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The IANA time zone `name`."""
    return ZoneInfo(name)


def local_date(instant: datetime, timezone: str) -> date:
    """The calendar date that a wall clock at the venue shows at `instant`."""
    return instant.astimezone(zone(timezone)).date()


def at_local(day: date, wall: time, timezone: str) -> datetime:
    """The UTC instant of wall-clock time `wall` on `day` at the venue (the earlier one where a clock change repeats it)."""
    return datetime.combine(day, wall, tzinfo=zone(timezone)).astimezone(UTC)


def days(start: date, end: date) -> list[date]:
    """Every date from `start` to `end`, both included; empty when end < start."""
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]
