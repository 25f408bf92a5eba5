"""Personal data: sealed for storage (AES-256-GCM under a named key), found again by a keyed index, masked in every repr.

PIPL art. 28 and 51 ask for encryption and de-identification of sensitive personal information; identity documents
are treated as sensitive throughout.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, NoReturn, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12
_NONCES_DRAWN: Final = 256
_VERSION_BYTES: Final = 1
PERSON_KEY_BYTES: Final = 16
T = TypeVar("T")


class SealBroken(Exception):
    """The sealed bytes were altered, truncated, or sealed under a key that this installation does not hold."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Sealing keys by number (32 bytes each), the number in use for new data, and the index key. Never printed."""

    sealing: dict[int, bytes]
    current: int
    index: bytes
    peppers: dict[int, bytes] = field(
        default_factory=dict[int, bytes]
    )  # for PINs and passwords, by number; see `peppers_of`

    def __repr__(self) -> str:
        return f"KeyRing(current={self.current}, keys={sorted(self.sealing)})"


@dataclass(frozen=True, slots=True)
class SealKeys:
    """Keys of the audit record's seals by number (32 bytes each), and the number in use. Never printed."""

    keys: dict[int, bytes]
    current: int

    def __repr__(self) -> str:
        return f"SealKeys(current={self.current}, keys={sorted(self.keys)})"


def peppers_of(ring: KeyRing) -> dict[int, bytes]:
    """The keys of stored PINs and passwords. A ring from before they were: one that follows from its index key.

    Whoever replaces the index key keeps this one in the ring's `peppers` first: without it no stored PIN is good any more.
    """
    return ring.peppers or {1: hmac.digest(ring.index, b"\x00wenyue pepper 1", "sha256")}


class Vault:
    """Seals and opens personal data, and computes keyed indexes. Safe to share between threads.

    `read_again` is asked for the key ring when a value is sealed under a number that is not known; None: nothing new.
    """

    def __init__(self, ring: KeyRing, read_again: Callable[[], KeyRing | None] | None = None) -> None:
        self._index_key = ring.index
        self._index = hmac.new(ring.index, digestmod=hashlib.sha256)
        self._peppers = peppers_of(ring)
        self.pepper_no = max(self._peppers)
        self._nonces: list[bytes] = []
        self._read_again = read_again
        self.adopt(ring)

    def adopt(self, ring: KeyRing) -> None:
        """Use these sealing keys from now on. Raises ValueError for another index key: people would be other people."""
        if not hmac.compare_digest(ring.index, self._index_key):
            raise ValueError("the index key is another one")
        ciphers = {number: AESGCM(key) for number, key in ring.sealing.items()}
        self._sealing = (
            bytes([ring.current]),
            ciphers[ring.current],
        )  # one assignment: a seal sees both or neither
        self._ciphers = ciphers

    def seal(self, plain: bytes, *, purpose: bytes) -> bytes:
        """`plain` encrypted; only `open_sealed` with the same purpose (for example b"party") reads it again."""
        nonce = self._fresh_nonce()
        number, cipher = self._sealing
        return number + nonce + cipher.encrypt(nonce, plain, purpose)

    def _fresh_nonce(self) -> bytes:
        """Twelve random bytes, never used before: drawn from the system a few hundred at a time, each taken once."""
        try:
            return self._nonces.pop()
        except IndexError:
            drawn = os.urandom(_NONCE_BYTES * _NONCES_DRAWN)
            self._nonces.extend(
                drawn[at : at + _NONCE_BYTES] for at in range(_NONCE_BYTES, len(drawn), _NONCE_BYTES)
            )
            return drawn[:_NONCE_BYTES]

    def open_sealed(self, sealed: bytes, *, purpose: bytes) -> bytes:
        """The bytes that `seal` was given. Raises SealBroken."""
        head = _VERSION_BYTES + _NONCE_BYTES
        if len(sealed) <= head:
            raise SealBroken
        cipher = self._ciphers.get(sealed[0]) or self._cipher_read_again(sealed[0])
        if cipher is None:
            raise SealBroken
        try:
            return cipher.decrypt(sealed[1:head], sealed[head:], purpose)
        except InvalidTag:
            raise SealBroken from None

    def _cipher_read_again(self, number: int) -> AESGCM | None:
        ring = self._read_again() if self._read_again is not None else None
        if ring is not None:
            self.adopt(ring)
        return self._ciphers.get(number)

    def person_key(self, canonical: str) -> bytes:
        """The keyed index (HMAC-SHA-256, 16 bytes) of a canonical document key: equal people, equal bytes."""
        mac = self._index.copy()
        mac.update(canonical.encode())
        return mac.digest()[:PERSON_KEY_BYTES]

    def peppered(self, number: int, digest: bytes) -> bytes:
        """A hash keyed under pepper `number` (HMAC-SHA-256); random bytes, equal to nothing, when that key is not ours."""
        pepper = self._peppers.get(number)
        return os.urandom(len(digest)) if pepper is None else hmac.digest(pepper, digest, "sha256")

    def fingerprint(self, content: bytes) -> bytes:
        """The keyed hash (16 bytes) by which content is recognised that names people.

        Without the key nobody can try names and document numbers against it, as with a plain hash in a stolen table.
        """
        mac = self._index.copy()
        mac.update(b"\x00content\x00")  # no document key begins so
        mac.update(content)
        return mac.digest()[:PERSON_KEY_BYTES]


@dataclass(frozen=True, slots=True)
class Secret(Generic[T]):
    """A value that shows itself only on request: `reveal()`. Its repr, str and format never do."""

    _value: T
    shown: str = "***"

    def reveal(self) -> T:
        """The value itself; the caller audits why."""
        return self._value

    def __repr__(self) -> str:
        return self.shown

    def __format__(self, spec: str) -> str:
        return format(self.shown, spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")
