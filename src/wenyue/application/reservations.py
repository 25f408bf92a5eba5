"""Reservations of an old system, as they are asked to be imported and as the booking slice takes them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from wenyue.application.prepare_import import DrawKey, Prepared
from wenyue.booking import BookingState, Party, seal_party
from wenyue.booking.slots.importing import ImportedBooking, ImportedLine
from wenyue.core.ids import uuid7
from wenyue.core.personal import Vault


class ReservedLine(Struct, frozen=True):
    """Places of one product on one date. `redeemed_at`: when the guest came, None when nobody did."""

    of: DrawKey
    quantity: int
    price_minor: int
    redeemed_at: datetime | None = None


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


def bookings_of(
    vault: Vault, source: str, prepared: Prepared, reservations: Sequence[ImportReservation]
) -> list[ImportedBooking]:
    """As the booking slice takes them, their notes sealed."""
    return [_booking(vault, source, prepared, one) for one in reservations]


def _booking(vault: Vault, source: str, prepared: Prepared, one: ImportReservation) -> ImportedBooking:
    """The id follows from source and key, so that a second run makes the same."""
    entropy = hashlib.sha256(f"{source}\x1f{one.key}".encode()).digest()
    return ImportedBooking(
        id=uuid7(max(0, int(one.created_at.timestamp() * 1000)), entropy),
        source_key=one.key,
        body_hash=one.digest,
        state=one.state,
        created_at=one.created_at,
        changed_at=one.changed_at,
        total_minor=one.total_minor,
        currency=one.currency,
        party=seal_party(vault, Party(note=one.note)),
        lines=tuple(_line(prepared, line) for line in one.lines),
    )


def _line(prepared: Prepared, line: ReservedLine) -> ImportedLine:
    return ImportedLine(prepared.draws[line.of], line.quantity, line.price_minor, line.redeemed_at)
