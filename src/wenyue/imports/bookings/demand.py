"""What a set of reservations asks of the pools. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from wenyue.imports.bookings.model import ImportedStatus, Reservation

ProductKey = tuple[str, bool]  # product of the old system, is day use


def peak_demand(reservations: Iterable[Reservation]) -> dict[tuple[str, bool], int]:
    """The most places used on one date, by (product, is day use): what 'auto' capacity means."""
    used: Counter[tuple[str, bool, date]] = Counter()
    for one in reservations:
        if one.status.draws:
            for on_date in dates_of(one):
                used[one.product, one.nights == 0, on_date] += one.quantity
    peaks: dict[tuple[str, bool], int] = {}
    for (product, is_day_use, _), places in used.items():
        peaks[product, is_day_use] = max(places, peaks.get((product, is_day_use), 0))
    return peaks


def dates_of(one: Reservation) -> Iterator[date]:
    """The dates whose pools the reservation needs: its nights, or the day of a day use."""
    return (one.arrival + timedelta(days=n) for n in range(max(1, one.nights)))


def redeemed_nights(one: Reservation) -> int:
    """How many of its nights a guest who came really used: a guest may leave early, or be entered late."""
    if one.status is not ImportedStatus.REDEEMED:
        return 0
    return min(max(1, (one.status_on - one.arrival).days), max(1, one.nights))
