"""Passkeys (WebAuthn level 2) as they are kept, where they are good, and what a browser signs. See `accounts.ceremonies`."""

from dataclasses import dataclass
from datetime import datetime

from wenyue.core.personal import Vault


@dataclass(frozen=True, slots=True)
class Place:
    """Where passkeys are good. `rp_id`: the host's name; `origin`: as the browser says it, with scheme and port."""

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as it is kept; nothing of it is a secret."""

    id: int
    credential_id: bytes
    public_key: bytes
    sign_count: int
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that a browser just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def challenge_of(vault: Vault, login_key: str, at: str) -> bytes:
    """What a browser signs: it follows from the login and from when it last proved a factor, so each is good once."""
    text = f"{login_key}|{at}"
    return b"".join(vault.fingerprint(f"passkey|{part}|{text}".encode()) for part in (1, 2))


def challenge_to_confirm(vault: Vault, act: str, known: list[Passkey]) -> bytes:
    """What a second person signs to confirm one act of a colleague's, with one of the passkeys `known`.

    It follows from when each of these was last used, too: whichever signs, no answer to this challenge is good again.
    """
    uses = "|".join(
        f"{one.id},{one.sign_count},{one.used_at.isoformat() if one.used_at else '-'}" for one in known
    )
    return challenge_of(vault, act, f"confirm|{uses}")


def user_id_of(vault: Vault, staff_id: int) -> bytes:
    """What an authenticator knows a member of staff by: it says nothing about them."""
    return vault.fingerprint(f"passkey user|{staff_id}".encode())
