"""What a booking is looked up by at a gate: names, phones and old numbers, written one way. Pure."""

import re
import unicodedata
from typing import Final

from wenyue.core.documents import Phone, parse_phone
from wenyue.gate.model import LookupKind

_PARTS: Final = re.compile(r"[^\W_]+")
_LATIN: Final = re.compile(r"[a-z]")
_NOT_DIGIT: Final = re.compile(r"[^0-9]+")
_DIGITS_MIN: Final = 6  # of a number that no plan of numbers knows: from an old system, or a foreign line
_TEXT_MAX: Final = 120


def term_of(kind: LookupKind, text: str) -> str:
    """`text` as it is compared: '' when nothing is left to look for. Never raises.

    A name in Latin letters may come in any order and case (`LI DAVID`, `David Li`); blanks and dots in a Chinese one do not
    count. A phone is compared in E.164, where a plan of numbers knows it. Signs in an old booking number do not count.
    """
    text = unicodedata.normalize("NFKC", text[:_TEXT_MAX]).casefold()
    if kind is LookupKind.PHONE:
        phone = parse_phone(text)
        digits = _NOT_DIGIT.sub("", text)
        return phone.e164 if isinstance(phone, Phone) else digits if len(digits) >= _DIGITS_MIN else ""
    parts = _PARTS.findall(text)
    if kind is LookupKind.NAME and any(_LATIN.search(part) for part in parts):
        return " ".join(sorted(parts))
    return "".join(parts)
