"""The sealed part of a booking: who comes, and whom to tell. Read explicitly, shown masked."""

from datetime import date
from typing import Final

from msgspec import Struct, json

from wenyue.core.personal import Vault

_PURPOSE: Final = b"party"


class PartyVisitor(Struct, frozen=True, omit_defaults=True):
    """One named person; `number` is the canonical document number."""

    name: str
    kind: str
    number: str
    birth: date | None = None

    def __repr__(self) -> str:
        return "PartyVisitor(***)"


class Party(Struct, frozen=True, omit_defaults=True):
    """Everybody of a booking, in the order that places refer to, and a phone for messages."""

    visitors: tuple[PartyVisitor, ...] = ()
    contact_name: str = ""
    contact_phone: str = ""
    note: str = ""  # imported bookings: what else the old system knew
    is_erased: bool = False  # it was past its retention period and is gone

    def __repr__(self) -> str:
        return f"Party({len(self.visitors)} visitors)"


_encode: Final = json.Encoder().encode
_decode: Final = json.Decoder(Party).decode


def seal_party(vault: Vault, party: Party) -> bytes:
    """The party encrypted for `booking.booking.party`."""
    return vault.seal(_encode(party), purpose=_PURPOSE)


def open_party(vault: Vault, sealed: bytes) -> Party:
    """The party of a stored booking, empty and `is_erased` once its period is over. Raises SealBroken."""
    if not sealed:
        return Party(is_erased=True)
    return _decode(vault.open_sealed(sealed, purpose=_PURPOSE))
