"""What the rows of one booking say together: its state, what does not divide, what a later run compares. Pure."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Final

from wenyue.booking import BookingState
from wenyue.imports.bookings import ImportedStatus, Reservation, Used

_STATES: Final = {
    ImportedStatus.CONFIRMED: BookingState.CONFIRMED,
    ImportedStatus.REDEEMED: BookingState.CONFIRMED,
    ImportedStatus.CANCELLED: BookingState.CANCELLED,
    ImportedStatus.NO_SHOW: BookingState.NO_SHOW,
}


def rest_of(some: Sequence[Reservation], used: Used) -> int:
    """A stay's price that does not divide evenly: the first night of a single room carries the rest."""
    one = some[0]
    if used.on_date > one.arrival or len(some) > 1 or one.quantity > 1:
        return 0
    return one.total_minor - one.price_minor * max(1, one.nights)


def state_of(statuses: Iterable[ImportedStatus]) -> BookingState:
    """Of a booking whose places ended differently: whoever came or is expected decides, then who did not come."""
    states = {_STATES[status] for status in statuses}
    order = (BookingState.CONFIRMED, BookingState.NO_SHOW, BookingState.CANCELLED)
    return next(state for state in order if state in states)


def digest_of(parts: Sequence[Reservation]) -> bytes:
    """16 bytes over what the rows said: a later run sees that a known reservation changed."""
    said = [_said(one) for one in parts]
    return hashlib.sha256(json.dumps(said if len(said) > 1 else said[0]).encode()).digest()[:16]


def _said(one: Reservation) -> list[object]:
    said: list[object] = [
        one.product, one.arrival.isoformat(), one.nights, one.quantity, one.status.value, one.booked_on.isoformat(),
        one.status_on.isoformat(), one.total_minor, one.adults, one.children, one.babies, one.country or "",
    ]  # fmt: skip
    if one.session is not None:
        said += [one.venue, one.session.starts.isoformat(), one.session.ends.isoformat()]
    return said


def note_of(parts: Sequence[Reservation]) -> str:
    """Who came, as far as the old system says: numbers and a country, no names."""
    adults, children, babies = (
        sum(getattr(one, field) for one in parts) for field in ("adults", "children", "babies")
    )
    country = next((one.country for one in parts if one.country), "")
    if not (adults or children or babies or country):
        return ""
    return f"adults {adults}, children {children}, babies {babies}" + (
        f", country {country}" if country else ""
    )
