"""What a replay is made of: events in the order they really came, and the sums at the end."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from wenyue.imports.bookings import Reservation


class Phase(IntEnum):
    """The order of events within one day. The file has dates only; this order is ours, and stated."""

    EARLIER_CANCELLED = 0  # of a booking made on an earlier day: frees its nights before the day's bookings
    BOOKED = 1
    SAME_DAY_CANCELLED = 2  # booked and cancelled on one day
    ARRIVED = 3
    NO_SHOW = 4


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happened on a day; ties are broken by the row's place in the file."""

    on_day: date
    phase: Phase
    row: int
    reservation: Reservation = field(compare=False)


@dataclass(frozen=True, slots=True)
class Demand:
    """Every row of a file: the events of those that ask for a night, and how many do not."""

    events: list[Event]
    rows: int
    unreadable: int  # refused as the import refuses them
    day_uses: int  # ask for no night
    dates_mended: int  # cancelled after the arrival, or before the booking: put on the nearest possible day


@dataclass(slots=True)
class Figures:
    """What the replay came to. Money in minor units, at the file's own prices."""

    rows: int = 0
    unreadable: int = 0
    day_uses: int = 0
    dates_mended: int = 0
    capacity: int = 0
    asked: int = 0
    accepted: int = 0
    refused: int = 0
    cancelled: int = 0  # of the accepted
    never_had: int = 0  # cancellations of refused bookings: nothing to cancel
    arrived: int = 0
    no_shows: int = 0
    nights_sold: int = 0  # not cancelled
    nights_lost_to_no_shows: int = 0
    nights_refused: int = 0
    revenue_minor: int = 0  # accepted and not cancelled
    refused_minor: int = 0
    peak_occupied: int = 0  # the most rooms taken for one night, at any moment
    peak_night: date | None = None
    nights_full: int = 0  # nights for which somebody was refused
    first_day: date | None = None
    last_day: date | None = None
    differences: list[str] = field(
        default_factory=list[str]
    )  # between the service and the naive model; none wanted
    compared: int = 0  # answers that were compared
    figures_compared: int = 0  # nights whose remaining places were compared
    oversold_nights: int = 0
    asked_again: int = 0  # refusals from memory within a second after a place was freed
    requests: int = 0
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Every row is in exactly one sum, and every accepted booking has one end."""
        are_rows = self.rows == self.asked + self.unreadable + self.day_uses
        return (
            are_rows
            and self.asked == self.accepted + self.refused
            and self.accepted == self.cancelled + self.arrived + self.no_shows
        )

    @property
    def is_proved(self) -> bool:
        """Nothing oversold, every answer as the naive model says, every row accounted for."""
        return self.is_complete and not self.differences and self.oversold_nights == 0


@dataclass(slots=True)
class Occupancy:
    """Rooms per night at the end, for the plot."""

    capacity: int
    sold: Counter[date]
    refused: Counter[date]
    no_shows: Counter[date]
