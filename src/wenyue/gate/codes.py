"""The booking code that a person can read out and type: twelve characters that find one booking. Pure.

A UUIDv7 starts with 48 bits of milliseconds, of which 42 suffice until the year 2109; with the first 18 random bits
that makes 60 bits, twelve characters of Crockford's base 32 (no I, L, O, U). Two bookings of the same millisecond
share a code once in 262,144: then the gate asks for the QR code or the document.
"""

import re
from typing import Final
from uuid import UUID

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ: Final = str.maketrans("ILO", "110")  # what a person may type for what they see
_SHAPE: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{12}")
_LENGTH: Final = 12
_TIME_BITS: Final = 42
_VERSION: Final = 7


def booking_code(booking_id: UUID) -> str:
    """`XXXX-XXXX-XXXX`; the whole identifier for one that is no UUIDv7."""
    value = booking_id.int
    if booking_id.version != _VERSION or value >> (80 + _TIME_BITS):
        return str(booking_id)
    number = (value >> 80) << 18 | ((value >> 64) & 0xFFF) << 6 | ((value >> 56) & 0x3F)
    digits = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(55, -1, -5))
    return "-".join((digits[:4], digits[4:8], digits[8:]))


def code_range(text: str) -> tuple[UUID, UUID] | None:
    """The first and last identifier that a typed code can mean (upper-case, hyphens free), or None for no code."""
    digits = text.replace("-", "").translate(_READ)
    if len(digits) != _LENGTH or not _SHAPE.fullmatch(digits):
        return None
    number = 0
    for digit in digits:
        number = number << 5 | _ALPHABET.index(digit)
    top = (number >> 18) << 80 | _VERSION << 76 | ((number >> 6) & 0xFFF) << 64 | 0b10 << 62
    low = top | (number & 0x3F) << 56
    return UUID(int=low), UUID(int=low | (1 << 56) - 1)
