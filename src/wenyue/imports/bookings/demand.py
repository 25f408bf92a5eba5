"""What a set of reservations asks of the pools. Pure."""

from collections.abc import Iterator
from datetime import date

from wenyue.imports.bookings.model import ImportedStatus, Reservation


def dates_of(one: Reservation) -> Iterator[date]:
    """The dates whose pools the reservation needs: its nights, or the day of a visit or a day use."""
    return (used.on_date for used in one.used)


def redeemed_nights(one: Reservation) -> int:
    """How many of its nights a guest who came really used: a guest may leave early, or be entered late."""
    if one.status is not ImportedStatus.REDEEMED:
        return 0
    return min(max(1, (one.status_on - one.arrival).days), max(1, one.nights))
