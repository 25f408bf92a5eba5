"""Sessions of a product as rows of a list: days in a row on which all is the same are one. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from wenyue.booking.slots.importing import SessionThere
from wenyue.catalogue import Product, Venue
from wenyue.core.clock import zone
from wenyue.imports.sessions import DAYS_OF_ROW_MAX, SessionRow


def session_rows(
    venue: Venue, product: Product, sessions: Iterable[SessionThere], today: date
) -> list[SessionRow]:
    """The open sessions of one product from `today` on, by their first day and when they begin."""
    rows: list[SessionRow] = []
    last: dict[object, int] = {}  # what is the same → the place of its latest row
    for one in sessions:
        if not one.is_open or one.on_date < today:
            continue
        row = _row(venue, product, one)
        alike = (row.starts, row.ends, row.capacity, tuple(sorted(row.label.items())), row.price_minor)
        at = last.get(alike)
        if at is not None and _goes_on(rows[at], one.on_date):
            rows[at] = replace(rows[at], until=one.on_date)
        else:
            last[alike] = len(rows)
            rows.append(row)
    return rows


def _goes_on(row: SessionRow, day: date) -> bool:
    return row.until + timedelta(days=1) == day and (day - row.first).days < DAYS_OF_ROW_MAX


def _row(venue: Venue, product: Product, one: SessionThere) -> SessionRow:
    local = zone(venue.timezone)
    return SessionRow(
        venue=venue.code,
        product=product.code,
        first=one.on_date,
        until=one.on_date,
        capacity=one.capacity,
        starts=one.starts_at.astimezone(local).time(),
        ends=one.ends_at.astimezone(local).time(),
        label=one.label,
        price_minor=None if one.price_minor == product.price_minor else one.price_minor,
    )
