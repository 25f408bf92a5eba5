"""Normalisation that every identity field shares: what a keyboard, a scanner or a paste adds is taken away."""

import re
import unicodedata

# Blanks, hyphens and invisible characters people type, paste or scan inside a number. NFKC has already folded the
# full-width and compatibility forms, so the list names only what survives it.
_BLANKS = "\\s\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_HYPHENS = "\\-\u058a\u05be\u1806\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
ZERO_WIDTH = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
)
_SEPARATORS = re.compile(f"[{_BLANKS}{_HYPHENS}{ZERO_WIDTH}]+")
_NO_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
# They turn the order of what follows around, beyond the name itself: one line reads as another (Unicode TR 36, 3.2).
_TURNS_AROUND = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HYPHEN = re.compile(f"[{_HYPHENS}]")
_INVISIBLE = re.compile(f"[{ZERO_WIDTH}]+")


def compact(raw: str) -> str:
    """`raw` as a document or phone number: NFKC, no blanks, hyphens or zero-width characters, ASCII upper-cased.

    Bound the length before calling. The result is not checked: characters that do not belong stay, to be named.
    """
    if not raw.isascii():
        raw = unicodedata.normalize("NFKC", raw)
    text = _SEPARATORS.sub("", raw)
    # Only ASCII is upper-cased: Unicode upper-casing would turn foreign letters into acceptable ones.
    return text.upper() if text.isascii() else text


def has_controls(raw: str) -> bool:
    """Whether a line of text holds what no person types into one: controls, also of direction, line breaks, half characters."""
    return any(sign in _TURNS_AROUND or unicodedata.category(sign) in _NO_LINE for sign in raw)


def has_unseen(raw: str) -> bool:
    """As `has_controls`, and any other character that formats and is not seen: two texts that look alike differ by it."""
    return has_controls(raw) or any(unicodedata.category(sign) == "Cf" for sign in raw)


def visible(raw: str) -> str:
    """`raw` as text: NFKC, no zero-width characters, every hyphen the ASCII one, no blanks at the ends."""
    # Invisible characters go first: one between a letter and its accent would keep NFKC from joining them.
    return _HYPHEN.sub("-", unicodedata.normalize("NFKC", _INVISIBLE.sub("", raw))).strip()
