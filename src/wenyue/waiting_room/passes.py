"""Passes, tokens and codes: what the installation signs for the waiting room. Pure; a check costs one HMAC.

A text is `wyp1_` (pass) or `wyt1_` (token) and the base64url of 20 bytes of content and 16 bytes of signature: the first half of
HMAC-SHA256 under a key derived from the home's index key. Both name the account: they are worth nothing to anybody else.
"""

import base64
import binascii
import hmac
import struct
from datetime import UTC, datetime
from typing import Final

from wenyue.core.personal import Vault
from wenyue.waiting_room.model import Pass, Token

CODE_LENGTH: Final = 16
_ARRIVED: Final = "wyp1_"
_ADMITTED: Final = "wyt1_"
_CONTENT: Final = struct.Struct(">IQQ")  # room, account, epoch or expiry (Unix seconds)
_SIGNATURE_BYTES: Final = 16
_LENGTH: Final = 48  # characters of 36 bytes
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford Base32
_BIGGEST: Final = 2**53


class RoomKeys:
    """The signing key of passes and tokens, and the keyed hash behind codes; the same in every process of an installation."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._key = vault.fingerprint(b"room:key:0") + vault.fingerprint(b"room:key:1")

    def write_pass(self, content: Pass) -> str:
        """The signed text of a pass."""
        return self._write(_ARRIVED, content.room_id, content.account_id, content.epoch)

    def read_pass(self, text: str) -> Pass | None:
        """What a genuine pass says; None for anything else."""
        found = self._read(_ARRIVED, text)
        return None if found is None else Pass(*found)

    def write_token(self, content: Token) -> str:
        """The signed text of a token; its expiry counts in whole seconds."""
        return self._write(
            _ADMITTED, content.room_id, content.account_id, int(content.expires_at.timestamp())
        )

    def read_token(self, text: str) -> Token | None:
        """What a genuine token says, expired or not; None for anything else."""
        found = self._read(_ADMITTED, text)
        if found is None:
            return None
        return Token(found[0], found[1], datetime.fromtimestamp(found[2], UTC))

    def code_of(self, room_id: int, account_id: int) -> str:
        """The account's code in this room: 80 bits of a keyed hash, known before the seed is."""
        digest = self._vault.fingerprint(b"room:code:%d:%d" % (room_id, account_id))
        number = int.from_bytes(digest[:10], "big")
        return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))

    def _write(self, kind: str, room_id: int, account_id: int, last: int) -> str:
        content = _CONTENT.pack(room_id, account_id, last)
        return kind + base64.urlsafe_b64encode(content + self._sign(kind, content)).decode()

    def _read(self, kind: str, text: str) -> tuple[int, int, int] | None:
        if len(text) != len(kind) + _LENGTH or not text.startswith(kind) or not text.isascii():
            return None
        try:
            raw = base64.b64decode(text[len(kind) :], altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        content, signature = raw[: _CONTENT.size], raw[_CONTENT.size :]
        if not hmac.compare_digest(signature, self._sign(kind, content)):
            return None
        room_id, account_id, last = _CONTENT.unpack(content)
        return (room_id, account_id, last) if last < _BIGGEST else None

    def _sign(self, kind: str, content: bytes) -> bytes:
        return hmac.digest(self._key, kind.encode() + content, "sha256")[:_SIGNATURE_BYTES]
