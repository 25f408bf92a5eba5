"""Bookings of an old system: a map of how its export is read, and its rows as reservations."""

from wenyue.imports.bookings.demand import dates_of, redeemed_nights
from wenyue.imports.bookings.mapfile import read_map
from wenyue.imports.bookings.model import (
    Entry,
    ImportedStatus,
    ImportMap,
    MappedProduct,
    MappedVenue,
    Person,
    Reservation,
    Session,
    Sold,
    Used,
    Verdict,
)
from wenyue.imports.bookings.rules import AMBIGUOUS, loose_of
from wenyue.imports.bookings.showing import ShownCell, ShownRow, first_rows
from wenyue.imports.bookings.stage import BookingFile, Progress, Survey, open_bookings
from wenyue.imports.bookings.tally import Tally

__all__ = [
    "AMBIGUOUS",
    "BookingFile",
    "Entry",
    "ImportMap",
    "ImportedStatus",
    "MappedProduct",
    "MappedVenue",
    "Person",
    "Progress",
    "Reservation",
    "Session",
    "ShownCell",
    "ShownRow",
    "Sold",
    "Survey",
    "Tally",
    "Used",
    "Verdict",
    "dates_of",
    "first_rows",
    "loose_of",
    "open_bookings",
    "read_map",
    "redeemed_nights",
]
