"""Bookings of a map as the use case takes them: states, instants, lines, the sessions that they need. Pure."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from wenyue import catalogue
from wenyue.application.import_request import DrawKey, PrepareImport
from wenyue.application.reservations import Guest, ImportReservation, ReservedLine
from wenyue.booking import BookingState, importing
from wenyue.core.clock import at_local
from wenyue.imports.bookings import (
    ImportedStatus,
    ImportMap,
    MappedVenue,
    Reservation,
    Sold,
    Survey,
    Used,
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


@dataclass(frozen=True, slots=True)
class Trade:
    """How a kind of venue sells: its product's kind, and the rules that it follows where the map names none."""

    product_kind: Literal["session", "night", "table", "seat"]
    policy_code: str
    needs_visitors: bool = False
    is_first_gate: bool = False


_TRADES: Final[dict[str, Trade]] = {
    "hotel": Trade("night", "hotel"),
    "attraction": Trade("session", "default", needs_visitors=True, is_first_gate=True),
    "restaurant": Trade("table", "table"),
    "transport": Trade("seat", "shuttle"),
}


class Builder:
    """Makes requests of one map's bookings."""

    def __init__(self, chosen: ImportMap) -> None:
        self._map = chosen

    def plan(self, survey: Survey) -> PrepareImport:
        """What has to be there for the bookings of a file."""
        capacities = survey.capacities(self._map)
        products: dict[str, list[catalogue.Product]] = {}
        for sold in sorted(capacities):
            products.setdefault(self._venue(sold).code, []).append(self._product(sold, survey))
        return PrepareImport(
            self._map.source,
            tuple((self._as_venue(one), one.currency) for one in self._map.venues.values()),
            {code: tuple(some) for code, some in products.items()},
            {self.key(used): self._slot(used, capacities[used.sold], survey) for used in survey.used},
        )

    def capacities(self, survey: Survey) -> dict[str, int]:
        """Of each product, by code (of several venues: venue/code), the places of a session that is opened."""
        has_several = len(self._map.venues) > 1
        return {
            f"{self._venue(sold).code}/{self.code(sold)}" if has_several else self.code(sold): count
            for sold, count in survey.capacities(self._map).items()
        }

    def reservation(self, key: str, parts: Sequence[Reservation]) -> ImportReservation:
        """The booking that these rows are, in its final state: those of it that were cancelled have no places."""
        live = [one for one in parts if one.status.draws] or list(parts)
        first = parts[0]
        created_at = self._instant(first.venue, first.booked_on, _OFFICE_HOUR)
        changed_on = max(one.status_on for one in parts)
        total = (
            first.total_minor
            if self._map.columns.price_per == "order"
            else sum(one.total_minor for one in live)
        )
        guests = [one for one in live if self._is_guest(one)]
        contact = next((one.person for one in parts if one.person and one.person.phone), None)
        contact = contact or next((one.person for one in parts if one.person), None)
        return ImportReservation(
            key=key,
            digest=_digest(parts),
            state=_state([one.status for one in live]),
            created_at=created_at,
            changed_at=max(created_at, self._instant(first.venue, changed_on, _OFFICE_HOUR)),
            total_minor=total,
            currency=self._map.venues[first.venue].currency,
            note=_note(parts) if self._map.columns.adults else "",
            lines=self._lines(live, guests),
            guests=tuple(
                Guest(one.person.name, one.person.document)
                for one in guests
                if one.person and one.person.document
            ),
            contact_name=contact.name if contact else "",
            contact_phone=contact.phone if contact else "",
        )

    def _is_guest(self, one: Reservation) -> bool:
        """They are looked for at the gate by their document; a hotel's guests are not."""
        return one.session is not None and one.person is not None and one.person.document is not None

    def _lines(self, live: Sequence[Reservation], guests: Sequence[Reservation]) -> tuple[ReservedLine, ...]:
        """One for each session or night and price: of named guests, and of the places that nobody is named for."""
        named: dict[tuple[Used, int], list[Reservation]] = {}
        unnamed: dict[tuple[Used, int], list[Reservation]] = {}
        numbers = {one.row: number for number, one in enumerate(guests)}
        for one in live:
            for used in one.used:
                if one.row in numbers:
                    named.setdefault((used, one.price_minor), []).append(one)
                if one.row not in numbers or one.quantity > 1:
                    unnamed.setdefault((used, one.price_minor), []).append(one)
        lines = [
            ReservedLine(
                self.key(used),
                len(some),
                price,
                guests=tuple((numbers[one.row], self._came(one, used, 0)) for one in some),
            )
            for (used, price), some in named.items()
        ]
        for number, ((used, price), some) in enumerate(unnamed.items()):
            quantity = sum(one.quantity - (one.row in numbers) for one in some)
            came = next((at for one in some if (at := self._came(one, used, number)) is not None), None)
            lines.append(ReservedLine(self.key(used), quantity, price + _rest(some, number), came))
        return tuple(lines)

    def _came(self, one: Reservation, used: Used, number: int) -> datetime | None:
        """When the guest came to their `number`-th night, or to their session."""
        if one.session is not None:
            came = one.status is ImportedStatus.REDEEMED
            return self._instant(one.venue, one.arrival, one.session.starts) if came else None
        check_in = self._map.venues[one.venue].check_in
        return self._instant(one.venue, used.on_date, check_in) if number < redeemed_nights(one) else None

    def key(self, used: Used) -> DrawKey:
        """The session that these places are of."""
        starts_at = None
        if used.session is not None:
            starts_at = self._instant(used.sold.venue, used.on_date, used.session.starts)
        return DrawKey(self._venue(used.sold).code, self.code(used.sold), used.on_date, starts_at)

    def code(self, sold: Sold) -> str:
        """The product's code here."""
        mapped = self._map.products[sold.product]
        return f"{mapped.code}-day" if sold.is_day_use else mapped.code

    def _venue(self, sold: Sold) -> MappedVenue:
        return self._map.venues[sold.venue]

    def _as_venue(self, one: MappedVenue) -> catalogue.Venue:
        return catalogue.Venue(
            code=one.code,
            kind=one.kind,
            name=one.name,
            timezone=one.timezone,
            source=f"import:{self._map.source}",
        )

    def _price(self, sold: Sold, survey: Survey) -> int:
        """What a place costs from now on: what the map says, else what it mostly cost."""
        stated = self._map.products[sold.product].price_minor
        return stated if stated is not None else self._map.replay.slot_price_minor or survey.price_of(sold)

    def _product(self, sold: Sold, survey: Survey) -> catalogue.Product:
        mapped, trade = self._map.products[sold.product], _TRADES[self._venue(sold).kind]
        return catalogue.Product(
            venue_id=0,
            code=self.code(sold),
            kind="session" if sold.is_day_use else trade.product_kind,
            name={
                tag: text + (_DAY_USE[tag] if sold.is_day_use else "") for tag, text in mapped.name.items()
            },
            price_minor=self._price(sold, survey),
            currency=self._venue(sold).currency,
            policy_code=mapped.policy_code or trade.policy_code,
            needs_visitors=trade.needs_visitors,
            person_rule="venue_day" if trade.needs_visitors else "none",
            is_first_gate=trade.is_first_gate,
        )

    def _slot(self, used: Used, capacity: int, survey: Survey) -> importing.NewSlot:
        """The night, the day or the session as a slot that can be sold until it begins."""
        venue, name = self._venue(used.sold), used.sold.venue
        if used.session is not None:
            starts_at = self._instant(name, used.on_date, used.session.starts)
            is_overnight = used.session.ends <= used.session.starts
            ends_at = self._instant(name, used.on_date + timedelta(days=is_overnight), used.session.ends)
        else:
            starts_at = self._instant(name, used.on_date, venue.check_in)
            ends_at = (
                max(self._instant(name, used.on_date, _DAY_USE_ENDS), starts_at + timedelta(hours=1))
                if used.sold.is_day_use
                else self._instant(name, used.on_date + timedelta(days=1), venue.check_out)
            )
        is_fitted = self._map.products[used.sold.product].capacity is None
        return importing.NewSlot(
            venue_id=0,
            product_id=0,
            on_date=used.on_date,
            starts_at=starts_at,
            ends_at=ends_at,
            release_at=starts_at - _RELEASED_BEFORE,
            closes_at=starts_at,
            capacity=capacity,
            price_minor=self._price(used.sold, survey),
            currency=venue.currency,
            is_only=used.session is None,
            fitted_by=self._map.source if is_fitted else None,
        )

    def _instant(self, venue: str, day: date, wall: time) -> datetime:
        return at_local(day, wall, self._map.venues[venue].timezone)


def _rest(some: Sequence[Reservation], number: int) -> int:
    """A stay's price that does not divide evenly: the first night of a single room carries the rest."""
    one = some[0]
    if number or len(some) > 1 or one.quantity > 1:
        return 0
    return one.total_minor - one.price_minor * max(1, one.nights)


def _state(statuses: Iterable[ImportedStatus]) -> BookingState:
    """Of a booking whose places ended differently: whoever came or is expected decides, then who did not come."""
    states = {_STATES[status] for status in statuses}
    order = (BookingState.CONFIRMED, BookingState.NO_SHOW, BookingState.CANCELLED)
    return next(state for state in order if state in states)


def _digest(parts: Sequence[Reservation]) -> bytes:
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


def _note(parts: Sequence[Reservation]) -> str:
    """Who came, as far as the old system says: numbers and a country, no names."""
    adults, children, babies = (
        sum(getattr(one, field) for one in parts) for field in ("adults", "children", "babies")
    )
    country = next((one.country for one in parts if one.country), "")
    return f"adults {adults}, children {children}, babies {babies}" + (
        f", country {country}" if country else ""
    )
