"""Base45 (RFC 9285): bytes as text that a QR code stores in its compact alphanumeric mode."""

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """Three characters per two bytes, two for a last single byte. The text never ends in a blank."""
    text: list[str] = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, digit = divmod(number, 45)
            text.append(ALPHABET[digit])
    return "".join(text)


def decode(text: str) -> bytes | None:
    """The bytes that `text` spells, or None when it is no base45; never raises."""
    data = bytearray()
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        number = 0
        for character in reversed(group):
            digit = _VALUE.get(character)
            if digit is None:
                return None
            number = number * 45 + digit
        size = len(group) - 1
        if size == 0 or number >= 256**size:
            return None
        data += number.to_bytes(size, "big")
    return bytes(data)
