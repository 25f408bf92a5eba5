"""What scanners, keyboards and addresses do to a code on its way to the gate, undone. Pure.

A scanner may put the symbology before the code (AIM identifiers, ISO/IEC 15424: `]Q1` for a QR code), a keyboard with Caps
Lock inverts letters, an input method widens them, a form or an address writes blanks as `+` and others as `%2B`.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice, product
from typing import Final
from urllib.parse import unquote
from uuid import UUID

from wenyue.gate.model import PRESENTED_LENGTH_MAX
from wenyue.gate.tokens import VOUCHER_PREFIX

_CONTROLS: Final = re.compile(
    "[\x00-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ud800-\udfff]+"
)
_HYPHENS: Final = re.compile("[\u2010-\u2015\u2212]")
_CASE: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")  # ASCII alone
_SYMBOLOGY: Final = re.compile(
    r"(?:[\]】][A-Z][0-9A-Z])+", re.IGNORECASE
)  # 】: a Chinese input method was on
_ADDRESS: Final = re.compile(r"(?:[A-Z][A-Z0-9+.-]{1,15}:)?//|URN:|WWW\.", re.IGNORECASE)
_VOUCHER_IN_ADDRESS: Final = re.compile(re.escape(VOUCHER_PREFIX).replace(":", "(?::|%3A)"), re.IGNORECASE)
_UUID_IN_ADDRESS: Final = re.compile(
    r"(?<![0-9A-F])(?:[0-9A-F]{32}|[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})(?![0-9A-F])"
)
_PART_OF_ADDRESS: Final = re.compile(r"[/?&#=]+")
_SPELT: Final = re.compile(r"[0-9A-F\s{}()+_.-]{32,50}")
_HEX_DIGITS: Final = 32
_NOT_HEX: Final = re.compile(r"[^0-9A-F]+")
_VARIANTS_MAX: Final = 300  # each costs one look at a signature, a tenth of a millisecond
_BLANKS_GUESSED_MAX: Final = 8


def normalise(presented: str) -> str:
    """What was meant, as one text: NFKC, without control and invisible characters and the scanner's prefix, upper-case."""
    text = unicodedata.normalize("NFKC", _CONTROLS.sub("", presented[: PRESENTED_LENGTH_MAX + 1])).strip()
    prefix = _SYMBOLOGY.match(text)
    if prefix:
        text = text[prefix.end() :].lstrip()
    return _HYPHENS.sub("-", text).translate(_CASE)


def clean_line(raw: str, length_max: int) -> str:
    """A gate's name or a reason as it can be stored: one line, without control and invisible characters, cut."""
    return " ".join(_CONTROLS.sub(" ", raw[: 4 * length_max]).split())[:length_max]


def without_address(text: str) -> str:
    """The code that a normalised address carries: a voucher, a booking's identifier, else its last part; or `text`."""
    start = _ADDRESS.match(text)
    if start is None:
        return text
    voucher = _VOUCHER_IN_ADDRESS.search(text)
    if voucher:
        return VOUCHER_PREFIX + text[voucher.end() :]
    identifier = _UUID_IN_ADDRESS.search(text)
    if identifier:
        return identifier[0]
    parts = [part for part in _PART_OF_ADDRESS.split(text[start.end() :]) if part]
    return unquote(parts[-1]).strip() if parts else text


def is_voucher(text: str) -> bool:
    """Whether normalised text is meant as a voucher, also when its colon was written as in an address."""
    return _VOUCHER_IN_ADDRESS.match(text) is not None


def voucher_variants(text: str) -> Iterator[str]:
    """`text` itself and what it may have been, at most _VARIANTS_MAX: base 45 has blanks, `+` and `%` of its own.

    Undone are, in this order: escapes of an address; escapes and `+` for blanks, as a form does; `+` for blanks alone,
    where some of the `+` may be genuine, or the other way round. Only a good signature says which one it was.
    """
    yield from islice(dict.fromkeys(_variants(text)), _VARIANTS_MAX)


def _variants(text: str) -> Iterator[str]:
    prefix = _VOUCHER_IN_ADDRESS.match(text)
    body = text[prefix.end() :] if prefix else text
    yield VOUCHER_PREFIX + body
    plain = unquote(body, errors="replace").upper()
    yield VOUCHER_PREFIX + plain
    yield VOUCHER_PREFIX + unquote(body.replace("+", " "), errors="replace").upper()
    for base in (body, plain):
        yield from (VOUCHER_PREFIX + one for one in _blanks_guessed(base))


def _blanks_guessed(body: str) -> Iterator[str]:
    """Every way in which the `+` of a text without blanks, or its blanks when it has no `+`, can be the other."""
    places = [at for at, character in enumerate(body) if character in "+ "]
    kinds = {body[at] for at in places}
    if len(kinds) != 1 or len(places) > _BLANKS_GUESSED_MAX:
        return
    other = " " if "+" in kinds else "+"
    characters = list(body)
    for chosen in product((other, kinds.pop()), repeat=len(places)):  # all of them first
        for at, character in zip(places, chosen, strict=True):
            characters[at] = character
        yield "".join(characters)


def identifier_of(text: str) -> UUID | None:
    """The booking's identifier, with its hyphens or without, in braces, or with something else for the hyphens."""
    if not _SPELT.fullmatch(text):
        return None
    digits = _NOT_HEX.sub("", text)
    return UUID(digits) if len(digits) == _HEX_DIGITS else None
