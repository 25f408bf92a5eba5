"""Voucher tokens: a CWT (RFC 8392) in COSE_Sign1 (RFC 9052), Ed25519 only, as text for a QR code. Pure; verifiable offline.

The whole header is pinned: a token either starts with the exact bytes of a key we know or is refused before any
CBOR is parsed, so no algorithm, key or extension is ever taken from what a stranger presents.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, cast
from uuid import UUID

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from wenyue.core.limits import RETIRED_GATE_KEYS_MAX
from wenyue.gate import base45

VOUCHER_PREFIX: Final = "WY1:"
TOKEN_LENGTH_MAX: Final = 512  # characters of text; a QR code of version 15 at error correction M holds 600
VENUES_MAX: Final = 8
LINES_MAX: Final = 40

_SIGN1_TAG_AND_ARRAY: Final = b"\xd2\x84"
_EMPTY_MAP: Final = b"\xa0"
_SIGNATURE: Final = b"\x58\x40"  # a byte string of 64
_SIGNATURE_BYTES: Final = 64
_KEY_ID_BYTES: Final = 8
_AUDIENCE, _EXPIRES, _NOT_BEFORE, _ISSUED, _ID = 3, 4, 5, 6, 7
_FIRST_DAY, _LAST_DAY, _LINES = -65537, -65538, -65539  # private claims
_EPOCH: Final = date(1970, 1, 1)


class TokenProblem(StrEnum):
    """Why a token cannot be read."""

    MALFORMED = "token_malformed"
    UNKNOWN_KEY = "token_unknown_key"
    BAD_SIGNATURE = "token_bad_signature"


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a voucher says. Instants are aware UTC to the second and include the grace; `lines` empty: every line."""

    booking_id: UUID
    venue_ids: tuple[int, ...]
    first_day: date
    last_day: date
    not_before: datetime
    expires: datetime
    issued: datetime
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GateKeys:
    """The signing key and every key a gate accepts: the current one, the next one, and retired ones by public half."""

    FILE: ClassVar = "gate-keys.json"

    current: Ed25519PrivateKey = field(repr=False)
    accepted: tuple[tuple[bytes, Ed25519PublicKey], ...] = field(repr=False)  # (header bytes, key)

    @classmethod
    def from_bytes(cls, current: bytes, following: bytes, retired: Sequence[bytes] = ()) -> "GateKeys":
        """From two private keys and retired public keys, 32 bytes each. Raises ValueError."""
        private = [Ed25519PrivateKey.from_private_bytes(seed) for seed in (current, following)]
        public = [key.public_key() for key in private] + [
            Ed25519PublicKey.from_public_bytes(raw) for raw in retired
        ]
        return cls(private[0], tuple((_header(key), key) for key in public))

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "GateKeys":
        """From a key file's content. Raises ValueError, LookupError, TypeError or AttributeError when it is damaged."""
        retired = [bytes.fromhex(key) for key in content.get("retired_public", [])]
        return cls.from_bytes(bytes.fromhex(content["current"]), bytes.fromhex(content["next"]), retired)

    @classmethod
    def turned_over(cls, content: Mapping[str, Any], fresh: bytes) -> dict[str, Any]:
        """The file's content after the next key took over, with a `fresh` one (32 bytes) as the next.

        Every gate knows the next key already, and still accepts the one before. Raises OverflowError when there are
        RETIRED_GATE_KEYS_MAX before it.
        """
        before = cls.of(content)
        retired = [*content.get("retired_public", []), before.current.public_key().public_bytes_raw().hex()]
        if len(retired) > RETIRED_GATE_KEYS_MAX:
            raise OverflowError("retired_public")
        turned = {**content, "current": content["next"], "next": fresh.hex(), "retired_public": retired}
        cls.of(turned)
        return turned


def voucher_token(claims: TokenClaims, keys: GateKeys) -> str:
    """The signed text of `claims`. Raises ValueError when it names too many venues or lines to be scanned well."""
    if not 0 < len(claims.venue_ids) <= VENUES_MAX or len(claims.lines) > LINES_MAX:
        raise ValueError(
            f"a token names 1 to {VENUES_MAX} venues and at most {LINES_MAX} lines: issue several"
        )
    audience = [f"v{venue_id}" for venue_id in claims.venue_ids]
    content: dict[int, object] = {
        _AUDIENCE: audience[0] if len(audience) == 1 else audience,
        _EXPIRES: int(claims.expires.timestamp()),
        _NOT_BEFORE: int(claims.not_before.timestamp()),
        _ISSUED: int(claims.issued.timestamp()),
        _ID: claims.booking_id.bytes,
        _FIRST_DAY: (claims.first_day - _EPOCH).days,
        _LAST_DAY: (claims.last_day - _EPOCH).days,
    }
    if claims.lines:
        content[_LINES] = list(claims.lines)
    payload = cbor2.dumps(content, canonical=True)
    header = keys.accepted[0][0]
    signature = keys.current.sign(_to_be_signed(header, payload))
    token = header + cbor2.dumps(payload) + _SIGNATURE + signature
    text = VOUCHER_PREFIX + base45.encode(token)
    if len(text) > TOKEN_LENGTH_MAX:
        raise ValueError(
            f"the token has {len(text)} characters, {TOKEN_LENGTH_MAX} can be scanned: issue several"
        )
    return text


def read_token(text: str, keys: GateKeys) -> TokenClaims | TokenProblem:
    """What a genuine token says, or why it is refused; never raises. Whether it is valid now, `window` answers."""
    if len(text) > TOKEN_LENGTH_MAX or not text.startswith(VOUCHER_PREFIX):
        return TokenProblem.MALFORMED
    token = base45.decode(text[len(VOUCHER_PREFIX) :])
    if token is None or not token.startswith(_SIGN1_TAG_AND_ARRAY):
        return TokenProblem.MALFORMED
    for header, key in keys.accepted:
        if token.startswith(header):
            return _verify(token, header, key)
    return TokenProblem.UNKNOWN_KEY


def window(claims: TokenClaims, now: datetime) -> int:
    """-1 before the token's time, 0 within, 1 after it."""
    if now < claims.not_before:
        return -1
    return 1 if now >= claims.expires else 0


def _verify(token: bytes, header: bytes, key: Ed25519PublicKey) -> TokenClaims | TokenProblem:
    tail = len(_SIGNATURE) + _SIGNATURE_BYTES
    body, marker, signature = (
        token[len(header) : -tail],
        token[-tail:-_SIGNATURE_BYTES],
        token[-_SIGNATURE_BYTES:],
    )
    payload = _byte_string(body)
    if payload is None or marker != _SIGNATURE:
        return TokenProblem.MALFORMED
    try:
        key.verify(signature, _to_be_signed(header, payload))
    except InvalidSignature:
        return TokenProblem.BAD_SIGNATURE
    try:
        return _claims(cast(dict[int, object], cbor2.loads(payload)))
    except (
        cbor2.CBORError,
        ValueError,
        TypeError,
        LookupError,
        OverflowError,
        OSError,
    ):  # signed by another version of us
        return TokenProblem.MALFORMED


def _claims(content: dict[int, object]) -> TokenClaims:
    audience = content[_AUDIENCE]
    venues = cast(list[str], audience) if isinstance(audience, list) else [str(audience)]
    return TokenClaims(
        booking_id=UUID(bytes=cast(bytes, content[_ID])),
        venue_ids=tuple(int(venue.removeprefix("v")) for venue in venues),
        first_day=_EPOCH + timedelta(days=_whole(content[_FIRST_DAY])),
        last_day=_EPOCH + timedelta(days=_whole(content[_LAST_DAY])),
        not_before=datetime.fromtimestamp(_whole(content[_NOT_BEFORE]), UTC),
        expires=datetime.fromtimestamp(_whole(content[_EXPIRES]), UTC),
        issued=datetime.fromtimestamp(_whole(content[_ISSUED]), UTC),
        lines=tuple(_whole(line) for line in cast(list[object], content.get(_LINES, []))),
    )


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value


def _header(key: Ed25519PublicKey) -> bytes:
    """The exact start of every token under `key`: tag, array, protected header {alg: EdDSA, kid}, empty header."""
    key_id = hashlib.sha256(key.public_bytes_raw()).digest()[:_KEY_ID_BYTES]
    protected = cbor2.dumps({1: -8, 4: key_id}, canonical=True)
    return _SIGN1_TAG_AND_ARRAY + cbor2.dumps(protected) + _EMPTY_MAP


def _to_be_signed(header: bytes, payload: bytes) -> bytes:
    """RFC 9052 §4.4: ["Signature1", protected header, external data, payload]."""
    protected = header[len(_SIGN1_TAG_AND_ARRAY) + 1 : -len(_EMPTY_MAP)]  # + 1: the byte string's own head
    return cbor2.dumps(["Signature1", protected, b"", payload])


def _byte_string(encoded: bytes) -> bytes | None:
    """The content of one CBOR byte string of at most 65,535 bytes that fills `encoded`, in its shortest form."""
    for head, size_bytes, smallest in ((0x58, 1, 24), (0x59, 2, 256)):
        if encoded[:1] == bytes([head]):
            size = int.from_bytes(encoded[1 : 1 + size_bytes], "big")
            content = encoded[1 + size_bytes :]
            return content if size == len(content) >= smallest else None
    if encoded and 0x40 <= encoded[0] < 0x58 and encoded[0] - 0x40 == len(encoded) - 1:
        return encoded[1:]
    return None
