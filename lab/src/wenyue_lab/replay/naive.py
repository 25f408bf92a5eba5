"""The hotel as anybody would write it in an afternoon: a dictionary of nights. What the service is compared with. Pure."""

from collections import Counter
from datetime import date

from wenyue.imports.bookings import Reservation, dates_of


class NaiveHotel:
    """Rooms taken per night; one event after another, all in memory."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.taken: Counter[date] = Counter()
        self.booked: set[int] = set()  # rows that have their nights
        self.peak = 0
        self.peak_night: date | None = None

    def book(self, one: Reservation) -> bool:
        """Take every night, or none and answer False."""
        nights = list(dates_of(one))
        if any(self.taken[night] + one.quantity > self.capacity for night in nights):
            return False
        for night in nights:
            self.taken[night] += one.quantity
            if self.taken[night] > self.peak:
                self.peak, self.peak_night = self.taken[night], night
        self.booked.add(one.row)
        return True

    def cancel(self, one: Reservation) -> bool:
        """Give every night back; False when the reservation was never had."""
        if one.row not in self.booked:
            return False
        self.booked.remove(one.row)
        for night in dates_of(one):
            self.taken[night] -= one.quantity
        return True

    def left(self, night: date) -> int:
        """Rooms left for a night."""
        return self.capacity - self.taken[night]
