"""Reservations of an old system, as they are asked to be imported and as the booking slice takes them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from wenyue.application.import_request import DrawKey, Prepared
from wenyue.application.people import person_of_document
from wenyue.booking import BookingState, Party, PartyVisitor, seal_party
from wenyue.booking.slots.importing import ImportedBooking, ImportedLine, ImportedPlace
from wenyue.core.documents import Document
from wenyue.core.ids import uuid7
from wenyue.core.personal import Vault


class Guest(Struct, frozen=True):
    """A named visitor with their document."""

    name: str
    document: Document

    def __repr__(self) -> str:
        return "Guest(***)"


class ReservedLine(Struct, frozen=True):
    """Places of one session or night. `guests`: numbers of all who are named for it, each with when they came; or nobody.

    `redeemed_at`: when unnamed guests came, None when nobody did.
    """

    of: DrawKey
    quantity: int
    price_minor: int
    redeemed_at: datetime | None = None
    guests: tuple[tuple[int, datetime | None], ...] = ()


class ImportReservation(Struct, frozen=True):
    """One reservation. `key`: its name in the old system; `digest`: 16 bytes over what was said of it; `note`: who came."""

    key: str
    digest: bytes
    state: BookingState
    created_at: datetime
    changed_at: datetime
    total_minor: int
    currency: str
    note: str
    lines: tuple[ReservedLine, ...]
    guests: tuple[Guest, ...] = ()
    contact_name: str = ""
    contact_phone: str = ""


def bookings_of(
    vault: Vault, source: str, prepared: Prepared, reservations: Sequence[ImportReservation]
) -> list[ImportedBooking]:
    """As the booking slice takes them, their notes and guests sealed."""
    return [_booking(vault, source, prepared, one) for one in reservations]


def _booking(vault: Vault, source: str, prepared: Prepared, one: ImportReservation) -> ImportedBooking:
    """The id follows from source and key, so that a second run makes the same."""
    entropy = hashlib.sha256(f"{source}\x1f{one.key}".encode()).digest()
    people = [person_of_document(guest.name, guest.document, vault) for guest in one.guests]
    visitors = tuple(PartyVisitor(who.name, who.kind, who.number, who.birth) for who in people)
    party = Party(visitors, one.contact_name, one.contact_phone, one.note)
    said = "\x1f".join(
        [*(f"{who.name}\x1e{who.number}" for who in people), one.contact_name, one.contact_phone]
    )
    places = [ImportedPlace(no, who.person_key, who.number_key) for no, who in enumerate(people)]
    return ImportedBooking(
        id=uuid7(max(0, int(one.created_at.timestamp() * 1000)), entropy),
        source_key=one.key,
        # Names and numbers cannot be tried against a keyed hash.
        body_hash=vault.fingerprint(one.digest + said.encode()) if said.strip("\x1f") else one.digest,
        state=one.state,
        created_at=one.created_at,
        changed_at=one.changed_at,
        total_minor=one.total_minor,
        currency=one.currency,
        party=seal_party(vault, party),
        lines=tuple(_line(prepared, line, places) for line in one.lines),
    )


def _line(prepared: Prepared, line: ReservedLine, places: Sequence[ImportedPlace]) -> ImportedLine:
    named = tuple(places[number]._replace(redeemed_at=came) for number, came in line.guests)
    return ImportedLine(prepared.draws[line.of], line.quantity, line.price_minor, line.redeemed_at, named)
