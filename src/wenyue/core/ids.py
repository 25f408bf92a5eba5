"""Identifiers: client-minted UUIDv7 (RFC 9562), so a request names its booking before it is sent and a replay is recognised."""

import os
import time
from uuid import UUID


def uuid7(now_ms: int | None = None, entropy: bytes | None = None) -> UUID:
    """A time-ordered UUID: 48 bits of Unix milliseconds, then 74 random bits (RFC 9562 §5.7).

    Time order keeps the booking table's index append-only, which is what holds insertion speed as it grows.
    """
    ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    random = int.from_bytes(os.urandom(10) if entropy is None else entropy[:10], "big")
    rand_a = random >> 68
    rand_b = random & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=(ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)


def parse_uuid(raw: str) -> UUID | None:
    """The UUID that `raw` spells in its canonical 36-character form, else None; never raises."""
    if len(raw) != 36:  # RFC 9562 §4: 32 hex digits and 4 hyphens
        return None
    try:
        return UUID(raw)
    except ValueError:
        return None
