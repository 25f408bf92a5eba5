"""What an operator's change would touch: sessions, and the places that are held and sold in them. It reads, and locks nothing."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from wenyue.infra.db import Tx, queries

_SQL: Final = queries("wenyue.booking", "touched.sql")


class Touched(Struct, frozen=True):
    """How many sessions, and how many places of them are taken. `aim`: the capacity there is, or that it is on its way to."""

    sessions: int
    places: int
    aim: int = 0


class VenueDay(Struct, frozen=True):
    """A day of a venue as an operator sees it. `day_capacity`: of the whole day, or on its way to; None: it has none."""

    on_date: date
    sessions: int
    closed: int
    taken: int
    capacity: int
    day_capacity: int | None


async def venue_days(tx: Tx, venue_id: int, from_day: date, to_day: date) -> dict[date, VenueDay]:
    """The days of this range (two months at most) that are open, or have a figure already."""
    row = {"venue_id": venue_id, "from_day": from_day, "to_day": min(to_day, from_day + timedelta(days=61))}
    rows = await (await tx.execute(_SQL["venue_days"], row)).fetchall()
    return {found[0]: VenueDay(*found) for found in rows}


async def of_days(
    tx: Tx, venue_id: int, product_id: int | None, from_day: date, to_day: date, *, is_open: bool
) -> Touched:
    """Sessions of a venue (or of one of its products) on these dates that are open, or closed."""
    scope: dict[str, object] = {
        "venue_id": venue_id,
        "product_id": product_id,
        "from_day": from_day,
        "to_day": to_day,
        "is_open": is_open,
    }
    [row] = await (await tx.execute(_SQL["touched_days"], scope)).fetchall()
    return Touched(*row)


async def of_dates(tx: Tx, product_id: int, dates: Iterable[date]) -> Touched:
    """A product's sessions on these dates."""
    named = json.dumps([day.isoformat() for day in dates])
    row = {"product_id": product_id, "dates": named}
    [found] = await (await tx.execute(_SQL["touched_dates"], row)).fetchall()
    return Touched(*found)


async def of_slot(tx: Tx, slot_id: int) -> Touched | None:
    """One session; None: there is none."""
    row = await (await tx.execute(_SQL["touched_slot"], {"slot_id": slot_id})).fetchone()
    return Touched(*row) if row else None


async def of_day_pool(tx: Tx, venue_id: int, on_date: date) -> Touched | None:
    """A venue's day with a carrying capacity; None: it has none, or is not open yet."""
    row = {"venue_id": venue_id, "on_date": on_date}
    found = await (await tx.execute(_SQL["touched_day_pool"], row)).fetchone()
    return Touched(*found) if found else None


async def slot_at(tx: Tx, product_id: int, on_date: date, starts_at: datetime) -> int | None:
    """The product's session that starts at this instant of a venue-local date; None: there is none."""
    row = {"product_id": product_id, "on_date": on_date, "starts_at": starts_at}
    found = await (await tx.execute(_SQL["slot_at"], row)).fetchone()
    return found[0] if found else None
