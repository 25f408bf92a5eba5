"""Identities as they are stored: a small JSON document, sealed. The only place that knows its fields."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from wenyue.accounts.model import Identity, masked_label
from wenyue.core.personal import Secret, Vault

TRAVELLER: Final = b"traveller"
VISITOR: Final = b"visitor"
COMPANION: Final = b"companion"


class _Stored(msgspec.Struct, omit_defaults=True):
    name: str
    kind: str
    number: str
    nationality: str | None = None
    phone: str = ""
    birth: date | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class OpenedIdentity:
    """A stored identity, opened: the values wrapped, and the label that may be shown."""

    name: Secret[str]
    document_kind: str
    document_number: Secret[str]
    nationality: str | None
    phone: Secret[str]
    birth: date | None
    label: str
    expires_on: date | None = None  # last valid day of the document, where its holder said it


def seal_identity(vault: Vault, identity: Identity, *, purpose: bytes) -> bytes:
    """The identity encrypted for one of the purposes above."""
    document = identity.document
    stored = _Stored(
        identity.name,
        document.kind.value,
        document.number,
        document.nationality,
        identity.phone,
        identity.born,
        document.expires_on,
    )
    return vault.seal(msgspec.json.encode(stored), purpose=purpose)


def reseal_identity(vault: Vault, sealed: bytes, *, was: bytes, purpose: bytes) -> bytes:
    """The same identity sealed for another purpose. Raises SealBroken."""
    return vault.seal(vault.open_sealed(sealed, purpose=was), purpose=purpose)


def open_identity(vault: Vault, sealed: bytes, *, purpose: bytes) -> OpenedIdentity:
    """What `seal_identity` sealed. Raises SealBroken; opening is explicit so that it can be audited."""
    stored = msgspec.json.decode(vault.open_sealed(sealed, purpose=purpose), type=_Stored)
    return OpenedIdentity(
        name=Secret(stored.name),
        document_kind=stored.kind,
        document_number=Secret(stored.number),
        nationality=stored.nationality,
        phone=Secret(stored.phone),
        birth=stored.birth,
        label=masked_label(stored.name, stored.number),
        expires_on=stored.expires_on,
    )
