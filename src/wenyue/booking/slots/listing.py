"""Sessions that a list names: what is there of them, and opening those that are not, as the venue opens its own."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from typing import Final, NamedTuple

import msgspec

from wenyue import catalogue
from wenyue.booking.persistence.literals import array
from wenyue.booking.slots.moving_in import planned_days
from wenyue.booking.slots.planning import NewPool, NewSlot, Opening, plan
from wenyue.booking.slots.slot_planning import openings, write
from wenyue.catalogue import PlannedSession, Template
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries
from wenyue.policy import HolidayCalendar, load_calendar, read_presets

SESSIONS_READ_MAX: Final = 400_000
_PRODUCTS_AT_ONCE: Final = 200
_FIRST: Final = 32_767  # before every template that the product has
_SQL: Final = queries("wenyue.booking.slots", "listing.sql")
_POOLS: Final = queries("wenyue.booking.slots", "slot_planning.sql")


class ListedSession(NamedTuple):
    """A session of one day to open, in the venue's wall time. Money in minor units; None: what the product costs then."""

    product_id: int
    on_date: date
    starts: time
    ends: time
    capacity: int
    label: Texts
    price_minor: int | None


class SessionThere(NamedTuple):
    """A session as it is. `source`: the list that brought it."""

    product_id: int
    on_date: date
    starts_at: datetime
    ends_at: datetime
    capacity: int
    price_minor: int
    label: Texts
    source: str | None
    is_open: bool


async def sold_products(tx: Tx, product_ids: Sequence[int]) -> set[int]:
    """Which of these products have sessions, or a calendar that will have some: what they cost is approved."""
    rows = await (await tx.execute(_SQL["sold_products"], {"ids": array(product_ids)})).fetchall()
    sold: set[int] = {row[0] for row in rows}
    for at in range(0, len(product_ids), _PRODUCTS_AT_ONCE):
        sold |= (await catalogue.templates(tx, product_ids[at : at + _PRODUCTS_AT_ONCE], date.min)).keys()
    return sold


async def sessions_there(
    tx: Tx, product_ids: Sequence[int], from_day: date, to_day: date
) -> list[SessionThere]:
    """The sessions of these products from one day to another, by product and time; at most SESSIONS_READ_MAX."""
    asked: dict[str, object] = {"product_ids": array(product_ids), "from_day": from_day, "to_day": to_day}
    rows = await (await tx.execute(_SQL["sessions_there"], asked | {"limit": SESSIONS_READ_MAX})).fetchall()
    return [SessionThere(*row) for row in rows]


async def open_listed(tx: Tx, venue_id: int, wanted: Sequence[ListedSession], source: str) -> int:
    """Open those of these sessions of one venue that are not there; returns how many. All of active products of it.

    They open by the venue's rules: the release and the ends of sales of the preset, the day's carrying capacity, closures,
    prices by date.
    """
    if not wanted:
        return 0
    presets, _ = await read_presets(tx, {})
    calendar = await load_calendar(tx)
    products = await catalogue.products(tx, venue_id)
    days = sorted({one.on_date for one in wanted})
    found = await openings(tx, products, presets, days[0], days[-1])
    pools = planned_days(found, calendar, days)
    if pools:
        await tx.execute(_POOLS["add_pools"], {"pools": msgspec.json.encode(pools).decode()})
    planned = plan_listed({one.product.id: one for one in found}, calendar, wanted, source)
    return (await write(tx, planned)).slots


def plan_listed(
    found: dict[int, Opening], calendar: HolidayCalendar, wanted: Collection[ListedSession], source: str
) -> list[tuple[NewSlot, list[NewPool]]]:
    """Pure: the slots of these sessions with their pools. A day has the carrying capacity that the product's calendar states."""
    planned: list[tuple[NewSlot, list[NewPool]]] = []
    for one in wanted:
        opening = found.get(one.product_id)
        if opening is None:
            continue
        day, kind = one.on_date, calendar.day_kind(one.on_date)
        session = PlannedSession(one.starts, one.ends, one.capacity, one.label, one.price_minor)
        template = Template(
            product_id=one.product_id,
            valid_from=day,
            valid_to=day,
            priority=_FIRST,
            day_capacity=catalogue.day_capacity_for(opening.templates, day, kind),
            sessions=(session,),
        )
        of_day = Opening(
            opening.venue, opening.product, (template,), opening.preset, opening.closures, opening.prices
        )
        planned += [
            (msgspec.structs.replace(slot, source=source), pools)
            for slot, pools in plan(of_day, calendar, day, day)
        ]
    return planned
