"""Bookings of an old system: a map of how its export is read, and its rows as reservations."""

from wenyue.imports.bookings.demand import ProductKey, dates_of, redeemed_nights
from wenyue.imports.bookings.mapfile import read_map
from wenyue.imports.bookings.model import ImportedStatus, ImportMap, Reservation, Verdict
from wenyue.imports.bookings.stage import BookingFile, Progress, Survey, open_bookings

__all__ = [
    "BookingFile",
    "ImportMap",
    "ImportedStatus",
    "ProductKey",
    "Progress",
    "Reservation",
    "Survey",
    "Verdict",
    "dates_of",
    "open_bookings",
    "read_map",
    "redeemed_nights",
]
