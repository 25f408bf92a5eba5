"""Reservations as the booking slice takes them: ids, states, instants, lines, sealed party. Pure but for the sealing."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from wenyue.booking import BookingState, Party, importing, seal_party
from wenyue.kernel.clock import at_local
from wenyue.kernel.ids import uuid7
from wenyue.kernel.personal import Vault
from wenyue.tools.importing.demand import dates_of, redeemed_nights
from wenyue.tools.importing.model import ImportedStatus, ImportMap, Reservation

_STATES = {
    ImportedStatus.CONFIRMED: BookingState.CONFIRMED,
    ImportedStatus.REDEEMED: BookingState.CONFIRMED,
    ImportedStatus.CANCELLED: BookingState.CANCELLED,
    ImportedStatus.NO_SHOW: BookingState.NO_SHOW,
}
_OFFICE_HOUR = time(12)  # the file has dates only: a booking or cancellation is put at noon
_DAY_USE_ENDS = time(20)
_RELEASED_BEFORE = timedelta(days=366)

DrawKey = tuple[str, bool, date]  # product of the old system, is day use, date


class Builder:
    """Makes bookings of one map's reservations."""

    def __init__(self, chosen: ImportMap, vault: Vault) -> None:
        self._map = chosen
        self._vault = vault

    def booking(
        self, one: Reservation, draws: Mapping[DrawKey, importing.SlotDraw]
    ) -> importing.ImportedBooking:
        """`one` in its final state. The id follows from source and key, so that a second run makes the same."""
        created_at = self._instant(one.booked_on, _OFFICE_HOUR)
        entropy = hashlib.sha256(f"{self._map.source}\x1f{one.key}".encode()).digest()
        used = redeemed_nights(one)
        rest = one.total_minor - one.price_minor * max(1, one.nights) * one.quantity
        lines = tuple(
            importing.ImportedLine(
                draw=draws[one.product, one.nights == 0, on_date],
                quantity=one.quantity,
                # A stay's price that does not divide evenly: the first night of a single room carries the rest.
                price_minor=one.price_minor + (rest if number == 0 and one.quantity == 1 else 0),
                redeemed_at=self._instant(on_date, self._map.venue.check_in) if number < used else None,
            )
            for number, on_date in enumerate(dates_of(one))
        )
        return importing.ImportedBooking(
            id=uuid7(max(0, int(created_at.timestamp() * 1000)), entropy),
            source_key=one.key,
            body_hash=_digest(one),
            state=_STATES[one.status],
            created_at=created_at,
            changed_at=max(created_at, self._instant(one.status_on, _OFFICE_HOUR)),
            total_minor=one.total_minor,
            currency=self._map.venue.currency,
            party=seal_party(self._vault, Party(note=_note(one))),
            lines=lines,
        )

    def slot(self, venue_id: int, product_id: int, key: DrawKey, capacity: int) -> importing.NewSlot:
        """The night (or the day) of `key` as a slot that can be sold until the guest arrives."""
        _, is_day_use, on_date = key
        venue = self._map.venue
        starts_at = self._instant(on_date, venue.check_in)
        ends_at = (
            max(self._instant(on_date, _DAY_USE_ENDS), starts_at + timedelta(hours=1))
            if is_day_use
            else self._instant(on_date + timedelta(days=1), venue.check_out)
        )
        return importing.NewSlot(
            venue_id=venue_id,
            product_id=product_id,
            on_date=on_date,
            starts_at=starts_at,
            ends_at=ends_at,
            release_at=starts_at - _RELEASED_BEFORE,
            closes_at=starts_at,
            capacity=capacity,
            price_minor=self._map.replay.slot_price_minor,
            currency=venue.currency,
        )

    def _instant(self, day: date, wall: time) -> datetime:
        return at_local(day, wall, self._map.venue.timezone)


def _digest(one: Reservation) -> bytes:
    """16 bytes over what the row said: a later run sees that a known reservation changed."""
    said = (
        one.product, one.arrival.isoformat(), one.nights, one.quantity, one.status.value, one.booked_on.isoformat(),
        one.status_on.isoformat(), one.total_minor, one.adults, one.children, one.babies, one.country or "",
    )  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).digest()[:16]


def _note(one: Reservation) -> str:
    """Who came, as far as the old system says: numbers and a country, no names."""
    people = f"adults {one.adults}, children {one.children}, babies {one.babies}"
    return people + (f", country {one.country}" if one.country else "")
