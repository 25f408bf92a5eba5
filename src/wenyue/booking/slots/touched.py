"""What an operator's change would touch: sessions, and the places that are held and sold in them. It reads, and locks nothing."""

import json
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from wenyue import catalogue
from wenyue.booking.slots.planning import CALENDAR_REASONS, plan
from wenyue.booking.slots.slot_planning import openings
from wenyue.platform.database.db import Tx, queries
from wenyue.policy import load_calendar, read_presets

_SQL: Final = queries("wenyue.booking.slots", "touched.sql")


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
    """Sessions of a venue (or of one of its products) on these dates that are open, or that lifting a closure may open."""
    scope: dict[str, object] = {
        "venue_id": venue_id,
        "product_id": product_id,
        "from_day": from_day,
        "to_day": to_day,
        "is_open": is_open,
        "of_calendar": list(CALENDAR_REASONS),
    }
    [row] = await (await tx.execute(_SQL["touched_days"], scope)).fetchall()
    return Touched(*row)


async def of_all_venues(tx: Tx, from_day: date, to_day: date) -> Touched:
    """Sessions of every venue on these dates."""
    row = {"from_day": from_day, "to_day": to_day}
    [found] = await (await tx.execute(_SQL["touched_everywhere"], row)).fetchall()
    return Touched(*found)


async def of_dates(tx: Tx, product_id: int, dates: Iterable[date]) -> Touched:
    """A product's sessions on these dates."""
    named = json.dumps([day.isoformat() for day in dates])
    row = {"product_id": product_id, "dates": named}
    [found] = await (await tx.execute(_SQL["touched_dates"], row)).fetchall()
    return Touched(*found)


async def prices_on(
    tx: Tx, product: catalogue.Product, dates: Collection[date]
) -> dict[date, tuple[int, int]]:
    """What places cost on each of these dates (one at least), in minor units: the lowest and the highest price of its sessions.

    Of sessions that are there their own; of those that are not, what they will open with; of a day without any, the day's.
    """
    named = json.dumps([day.isoformat() for day in dates])
    cursor = await tx.execute(_SQL["slot_prices"], {"product_id": product.id, "dates": named})
    costs = {(on_date, starts_at): price for on_date, starts_at, price in await cursor.fetchall()}
    presets, _ = await read_presets(tx, {})
    calendar = await load_calendar(tx)
    [opening] = await openings(tx, [product], presets, min(dates), max(dates))
    found: dict[date, list[int]] = {day: [] for day in dates}
    for day in dates:
        for session, _ in plan(opening, calendar, day, day):
            costs.setdefault((day, session.starts_at), session.price_minor)
    for (day, _), price in costs.items():
        found[day].append(price)
    of_day = {day: prices or [opening.prices.get(day, product.price_minor)] for day, prices in found.items()}
    return {day: (min(prices), max(prices)) for day, prices in of_day.items()}


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
