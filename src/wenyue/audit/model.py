"""The audit slice's nouns."""

import hashlib
from datetime import datetime
from typing import Final

import msgspec

ENTRIES_PER_SEAL_MAX: Final = (
    20_000  # entries one call of `seal` covers; one larger transaction is never split
)
CHAIN_START: Final = hashlib.sha256(b"wenyue audit chain 1").digest()


class ChainAhead(Exception):
    """The last seal covers transactions this server has not reached: the data came from another server.

    A physical backup keeps transaction numbers; after a logical restore, move the server's transaction counter
    past the last seal (pg_resetwal -x) before it takes bookings.
    """


class Entry(msgspec.Struct, frozen=True):
    """One thing that happened. Never personal data: name people by `traveller:12`, bookings by their id.

    `actor`: 'traveller:12', 'staff:3', 'system:expiry', 'import:NAME'.
    `action`: 'booking.confirmed', 'card.frozen'.
    """

    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, object] | None = None


class Link(msgspec.Struct, frozen=True):
    """One link of the chain as far as its successor needs it; without arguments, what stands before the first."""

    no: int = 0
    upto_xid: int = 0
    digest: bytes = CHAIN_START
    is_keyed: bool = False  # then every later one is: the old rule, which knows no key, is over


class Anchor(msgspec.Struct, frozen=True):
    """A link as it was seen, kept outside the database: by it a chain is known whose end was cut off or made anew.

    `accepted_by` and `why`: a person has looked at a chain that was not whole, and goes on from this link.
    """

    no: int
    digest: str  # hexadecimal
    at: datetime
    accepted_by: str = ""
    why: str = ""
