"""The codes of a recovery: how they are drawn, spelled and kept. Pure; nothing here is stored in the clear.

Codes are kept as keyed hashes. The first of a day are each request's own; beyond them all requests of half an hour share one
longer code, so that strangers who ask again and again neither use up what the holder may ask for nor fill the phone. The longer
one needs no request: it alone tells whose it is, so that no number of strangers' requests leaves the holder's without an answer.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from wenyue.core.personal import Vault

CODE_TTL_S: Final = 10 * 60
SHARED_S: Final = (
    30 * 60
)  # within which a shared code is sent once; the longest that a request waits for a text
_CODE_DIGITS: Final = 6
_SHARED_DIGITS: Final = 15  # any request may try it: as hard to guess as a code of objection (50 bits)
_OBJECTION_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_OBJECTION_LENGTH: Final = 10  # 49 bits
_TYPED_MAX: Final = 64


def new_code() -> str:
    """A code for one request."""
    return f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"


def new_objection() -> str:
    """The code with which the holder stops it."""
    return "".join(secrets.choice(_OBJECTION_SIGNS) for _ in range(_OBJECTION_LENGTH))


def shared_since(now: datetime) -> datetime:
    """When the half hour began whose requests share a code."""
    return datetime.fromtimestamp(int(now.timestamp()) // SHARED_S * SHARED_S, UTC)


def shared_code(vault: Vault, holder_id: int, since: datetime, used: int) -> tuple[str, datetime]:
    """The code that a holder's requests share from `since` on, and until when it is good: CODE_TTL_S at least.

    `used`: how many of the holder's codes were used since then; each makes the next one another.
    """
    drawn = vault.fingerprint(f"recovery shared code|{holder_id}|{since.timestamp():.0f}|{used}".encode())
    digits = int.from_bytes(drawn) % 10**_SHARED_DIGITS
    return f"{digits:0{_SHARED_DIGITS}}", since + timedelta(seconds=SHARED_S + CODE_TTL_S)


def cleaned(code: str) -> str:
    """What was typed, without blanks and hyphens."""
    return "".join(sign for sign in code[:_TYPED_MAX].upper() if sign.isalnum())


def phone_key(vault: Vault, phone: str) -> bytes:
    """By which requests to one phone are counted; empty when there is none."""
    return vault.fingerprint(f"recovery phone|{phone}".encode()) if phone else b""


def requester_key(vault: Vault, requester: str) -> bytes:
    """By which requests from one place, or of one member of staff, are counted."""
    return vault.fingerprint(f"recovery requester|{requester}".encode(errors="replace"))


def code_key(vault: Vault, request_id: UUID, code: str) -> bytes:
    """As a request's own code is kept."""
    return vault.fingerprint(f"recovery code|{request_id}|{code[:32]}".encode(errors="replace"))


def shared_key(vault: Vault, code: str) -> bytes:
    """As a code that a holder's requests share is kept; its holder is found by it."""
    return vault.fingerprint(f"recovery shared|{code[:32]}".encode(errors="replace"))


def objection_key(vault: Vault, code: str) -> bytes:
    """As the code that stops it is kept."""
    return vault.fingerprint(f"recovery objection|{code[:32]}".encode(errors="replace"))
