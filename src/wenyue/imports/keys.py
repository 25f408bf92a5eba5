"""What makes two spellings of a number one: the rule by which keys of an old system are folded. Pure.

The rule, as it is printed for operators: `="…"` and a leading `'` go; letters and digits become half width and upper
case; blanks go; every kind of dash is `-`. What still differs is another key. Two keys that differ only by dashes, by
zeros in front or by `.0` behind are ambiguous: neither is taken. What Excel made of a long number (`2.02703E+14`) is no
key at all.
"""

import re
import unicodedata
from typing import Final

_TEXT_FORMULA: Final = re.compile(r'^=\s*"(.*)"$', re.DOTALL)
_EXPONENT: Final = re.compile(r"^[-+]?\d(?:[.,]\d+)?E[+-]?\d+$", re.IGNORECASE)
_POINT_ZERO: Final = re.compile(r"^(\d+)\.0+$")
_QUOTES: Final = ("'", "＇", "‘", "’", "\u201b", "`")
_MARKS: Final = frozenset(("=", *_QUOTES))
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−－﹣_", "-"))


def plain_text(raw: str) -> str:
    """A cell without the marks with which Excel says that it is text: `="YD9005"`, `'YD9005`, blanks around it."""
    text = raw.replace("\ufeff", "").strip()
    if text[:1] not in _MARKS:  # most cells
        return text
    if found := _TEXT_FORMULA.match(text):
        text = found[1].replace('""', '"').strip()
    if text.startswith(_QUOTES) and len(text) > 1:
        text = text[1:].strip()
    return text


def fold_key(raw: str) -> str:
    """The key that `raw` spells, by the rule above; '' when nothing stands there."""
    plain = plain_text(raw)
    if plain.isascii() and plain.isalnum():  # most keys
        return plain.upper()
    text = unicodedata.normalize("NFKC", plain).translate(_DASHES)
    return "".join(
        character for character in text if not character.isspace() and character.isprintable()
    ).upper()


def loose_key(folded: str) -> str:
    """What two keys have in common that a person could take for the same."""
    text = (
        folded.replace("-", "").replace(".", "")
        if not _POINT_ZERO.match(folded)
        else _POINT_ZERO.sub(r"\1", folded)
    )
    return text.lstrip("0") or text


def is_ruined(raw: str) -> bool:
    """Whether Excel turned a long number into a rounded one: `2.02703E+14`, `20270300000.0`."""
    text = unicodedata.normalize("NFKC", plain_text(raw))
    return bool(_EXPONENT.match(text) or _POINT_ZERO.match(text))
