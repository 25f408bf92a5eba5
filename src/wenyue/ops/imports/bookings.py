"""Reservations of a map as the use case takes them: states, instants, lines, the dates that they need. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from wenyue import catalogue
from wenyue.application.prepare_import import PrepareImport
from wenyue.application.reservations import ImportReservation, ReservedLine
from wenyue.booking import BookingState, importing
from wenyue.core.clock import at_local
from wenyue.imports.bookings import (
    ImportedStatus,
    ImportMap,
    ProductKey,
    Reservation,
    dates_of,
    redeemed_nights,
)
from wenyue.locale import DEFAULT, SOURCE

_STATES: Final = {
    ImportedStatus.CONFIRMED: BookingState.CONFIRMED,
    ImportedStatus.REDEEMED: BookingState.CONFIRMED,
    ImportedStatus.CANCELLED: BookingState.CANCELLED,
    ImportedStatus.NO_SHOW: BookingState.NO_SHOW,
}
_OFFICE_HOUR: Final = time(12)  # the file has dates only: a booking or cancellation is put at noon
_DAY_USE_ENDS: Final = time(20)
_RELEASED_BEFORE: Final = timedelta(days=366)
_DAY_USE: Final = {DEFAULT: "（日间）", SOURCE: " (day use)"}  # behind the product's name


class Builder:
    """Makes requests of one map's reservations."""

    def __init__(self, chosen: ImportMap) -> None:
        self._map = chosen

    def plan(
        self, dates: Iterable[tuple[ProductKey, date]], capacities: Mapping[ProductKey, int]
    ) -> PrepareImport:
        """What has to be there for reservations on these dates, each with its product's capacity."""
        chosen = self._map
        venue = catalogue.Venue(
            code=chosen.venue.code,
            kind="hotel",
            name=chosen.venue.name,
            timezone=chosen.venue.timezone,
            source=f"import:{chosen.source}",
        )
        products = tuple(self._product(one) for one in sorted(capacities))
        slots = {
            (self.code(product), on_date): self._slot(product, on_date, capacities[product])
            for product, on_date in dates
        }
        return PrepareImport(chosen.source, venue, products, slots)

    def reservation(self, one: Reservation) -> ImportReservation:
        """`one` in its final state."""
        created_at = self._instant(one.booked_on, _OFFICE_HOUR)
        code, used = self.code((one.product, one.nights == 0)), redeemed_nights(one)
        rest = one.total_minor - one.price_minor * max(1, one.nights) * one.quantity
        lines = tuple(
            ReservedLine(
                of=(code, on_date),
                quantity=one.quantity,
                # A stay's price that does not divide evenly: the first night of a single room carries the rest.
                price_minor=one.price_minor + (rest if number == 0 and one.quantity == 1 else 0),
                redeemed_at=self._instant(on_date, self._map.venue.check_in) if number < used else None,
            )
            for number, on_date in enumerate(dates_of(one))
        )
        return ImportReservation(
            key=one.key,
            digest=_digest(one),
            state=_STATES[one.status],
            created_at=created_at,
            changed_at=max(created_at, self._instant(one.status_on, _OFFICE_HOUR)),
            total_minor=one.total_minor,
            currency=self._map.venue.currency,
            note=_note(one),
            lines=lines,
        )

    def code(self, key: ProductKey) -> str:
        """The product's code here."""
        name, is_day_use = key
        mapped = self._map.products[name]
        return f"{mapped.code}-day" if is_day_use else mapped.code

    def _product(self, key: ProductKey) -> catalogue.Product:
        name, is_day_use = key
        mapped = self._map.products[name]
        return catalogue.Product(
            venue_id=0,
            code=self.code(key),
            kind="session" if is_day_use else "night",
            name={tag: text + (_DAY_USE[tag] if is_day_use else "") for tag, text in mapped.name.items()},
            price_minor=self._map.replay.slot_price_minor,
            currency=self._map.venue.currency,
            policy_code="hotel",
            needs_visitors=False,
            person_rule="none",
            is_first_gate=False,
        )

    def _slot(self, key: ProductKey, on_date: date, capacity: int) -> importing.NewSlot:
        """The night (or the day) as a slot that can be sold until the guest arrives."""
        venue = self._map.venue
        starts_at = self._instant(on_date, venue.check_in)
        ends_at = (
            max(self._instant(on_date, _DAY_USE_ENDS), starts_at + timedelta(hours=1))
            if key[1]
            else self._instant(on_date + timedelta(days=1), venue.check_out)
        )
        return importing.NewSlot(
            venue_id=0,
            product_id=0,
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
