"""Bookings of a file as the use case takes them: their states, instants and lines. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final

from wenyue.application.booking_plan import Plan
from wenyue.application.booking_sums import digest_of, note_of, rest_of, state_of
from wenyue.application.reservations import Guest, ImportReservation, ReservedLine
from wenyue.core.clock import at_local
from wenyue.imports.bookings import Entry, ImportedStatus, ImportMap, Reservation, Used, redeemed_nights

_OFFICE_HOUR: Final = time(12)  # the file has dates only: a booking or cancellation is put at noon


class Builder:
    """Makes reservations of one map's bookings."""

    def __init__(self, chosen: ImportMap) -> None:
        self._map, self._plan = chosen, Plan(chosen)

    def reservations(self, entries: Sequence[Entry]) -> list[ImportReservation]:
        """Of those that were understood."""
        return [self.reservation(one.key, one.parts) for one in entries if one.parts]

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
            digest=digest_of(parts),
            state=state_of([one.status for one in live]),
            created_at=created_at,
            changed_at=max(created_at, self._instant(first.venue, changed_on, _OFFICE_HOUR)),
            total_minor=total,
            currency=self._map.venues[first.venue].currency,
            note=note_of(parts) if self._map.columns.adults else "",
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
                self._plan.key(used),
                len(some),
                price,
                guests=tuple((numbers[one.row], self._came(one, used)) for one in some),
            )
            for (used, price), some in named.items()
        ]
        for (used, price), some in unnamed.items():
            quantity = sum(one.quantity - (one.row in numbers) for one in some)
            came = next((at for one in some if (at := self._came(one, used)) is not None), None)
            lines.append(ReservedLine(self._plan.key(used), quantity, price + rest_of(some, used), came))
        return tuple(lines)

    def _came(self, one: Reservation, used: Used) -> datetime | None:
        """When the guest came to that night, or to their session."""
        if one.session is not None:
            came = one.status is ImportedStatus.REDEEMED
            return self._instant(one.venue, one.arrival, one.session.starts) if came else None
        check_in = self._map.venues[one.venue].check_in
        nth = (used.on_date - one.arrival).days
        return self._instant(one.venue, used.on_date, check_in) if nth < redeemed_nights(one) else None

    def _instant(self, venue: str, day: date, wall: time) -> datetime:
        return at_local(day, wall, self._map.venues[venue].timezone)
