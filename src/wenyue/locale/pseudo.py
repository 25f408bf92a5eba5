"""The pseudo-language: `[!!Ŝéñð öñé ïñ·······!!]`. A text without the brackets was not translated, one cut short does not fit."""

import re
from typing import Final

_ACCENTS: Final = str.maketrans(
    "ABCDEGHIJKLNORSTUWYZabcdeghijklnorstuwyz", "ÅƁÇÐÉĜĤÎĴĶĻÑÖŔŠŢÛŴÝŽåƀçðéĝĥîĵķļñöŕšţûŵýž"
)
_PLACEHOLDER: Final = re.compile(
    r"(\{[^{}]*\}|\{\{|\}\}|<[^<>]*>|&#?\w+;)"
)  # and markup, which stays as it is
_LONGER: Final = 0.35  # as much longer as German or French would be


def mark(text: str) -> str:
    """The text accented, lengthened and bracketed; its `{placeholders}` as they are."""
    parts = _PLACEHOLDER.split(text)
    accented = "".join(part if i % 2 else part.translate(_ACCENTS) for i, part in enumerate(parts))
    words = sum(len(part) for part in parts[::2])
    return f"[!!{accented}{'·' * int(words * _LONGER)}!!]" if text else text
