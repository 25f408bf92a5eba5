"""Person names as people are really called: Chinese, with 间隔号, Latin, and the scripts of other peoples."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from wenyue.core.documents.text import visible
from wenyue.core.limits import NAME_LENGTH_MAX

_LONGEST_RAW = 256
_MOST_MARKS = 4  # combining marks on one letter: more than any script stacks, fewer than a scribble
# Chinese characters by block, not by the interpreter's Unicode tables: Python 3.11 knows Unicode 14, and GB 18030-2022
# has the extensions G to I. 〇, A, the unified block, compatibility, B, C to F with I, their compatibility supplement; the
# whole third plane is kept for Chinese characters (G, H, J and what comes).
_HAN = (
    "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ee5f"
    "\U0002f800-\U0002fa1f\U00030000-\U0003fffd"
)
_is_han = re.compile(f"[{_HAN}]").fullmatch
_PLAIN_HAN = re.compile("[\u4e00-\u9fa5]{2,20}")  # the original CJK block: stable under NFKC
_DOTS = re.compile("[\u00b7\u0387\u16eb\u2022\u2027\u2219\u22c5\u2e30\u2e31\u2e33\u30fb\u318d]+")
_DOT_ABOVE = "\u02d9"  # typed for the name dot by some keyboards; NFKC would take it apart
_DOT_BETWEEN_HAN = re.compile(f"(?<=[{_HAN}])[ .·]*[.·][ .·]*(?=[{_HAN}])")
_BLANK_BESIDE_HAN = re.compile(f"(?<=[{_HAN}]) +(?=[{_HAN}])")
_APOSTROPHES = re.compile("[\u2018\u2019\u02bc\u02b9\u2032`\u00b4]")
_BLANKS = re.compile(r" {2,}")
# Letters by category that show nothing: an account named with them looks unnamed.
_BLANK_LETTERS = frozenset("\u115f\u1160")
# Inside a name besides letters and their marks; the last two are the Tibetan syllable marks.
_PUNCTUATION = frozenset(" -'.·\u0f0b\u0f0c")


class NameErrorCode(StrEnum):
    """Why a name was refused.

    EMPTY: nothing is left after blanks and invisible characters are removed.
    TOO_LONG: longer than `NAME_LENGTH_MAX`; 民委发〔2016〕33号 asks for at least 25 Chinese characters.
    TOO_SHORT: a single letter or character; a surname alone is not a name.
    CONTROL_CHARACTER: a line break, tab or other control character inside the name.
    EMOJI: an emoji or symbol.
    DIGIT: a digit.
    PUNCTUATION: a mark that names do not have.
    SLASH: surname and given name with a slash between, as air tickets print them.
    UNSUPPORTED_CHARACTER: a private-use, unassigned or broken character, or a pile of accents on one letter.
    NO_LETTER: punctuation only.
    """

    EMPTY = "name_empty"
    TOO_LONG = "name_too_long"
    TOO_SHORT = "name_too_short"
    CONTROL_CHARACTER = "name_control_character"
    EMOJI = "name_emoji"
    DIGIT = "name_digit"
    PUNCTUATION = "name_punctuation"
    SLASH = "name_slash"
    UNSUPPORTED_CHARACTER = "name_unsupported_character"
    NO_LETTER = "name_no_letter"


@dataclass(frozen=True, slots=True)
class NameProblem:
    """An expected refusal; `position` (1-based, in the cleaned name) points at the character if there is one."""

    code: NameErrorCode
    position: int | None = None


def parse_name(raw: str) -> str | NameProblem:
    """The canonical name, or why not; never raises for any text, and parsing the result gives itself.

    Every separator people type becomes the one of 民委发〔2016〕33号, U+00B7; blanks between Chinese characters go
    (they are layout), blanks between other words stay as one. Case and accents are kept. A comma, as printed in
    some passports, becomes a blank.
    """
    if _PLAIN_HAN.fullmatch(raw):  # nearly every name on the booking path: canonical as it stands
        return raw
    if len(raw) > _LONGEST_RAW:
        return NameProblem(NameErrorCode.TOO_LONG)
    name = _tidy(visible(raw.replace(_DOT_ABOVE, "·")))
    problem = _stray(name) if name else NameProblem(NameErrorCode.EMPTY)
    if problem is not None:
        return problem
    if len(name) > NAME_LENGTH_MAX:
        return NameProblem(NameErrorCode.TOO_LONG)
    letters = sum(1 for character in name if _is_han(character) or unicodedata.category(character)[0] == "L")
    if letters == 0:
        return NameProblem(NameErrorCode.NO_LETTER)
    return name if letters > 1 else NameProblem(NameErrorCode.TOO_SHORT)


def _tidy(text: str) -> str:
    text = _APOSTROPHES.sub("'", _DOTS.sub("·", text)).replace(",", " ")
    text = _DOT_BETWEEN_HAN.sub("·", text)
    text = _BLANKS.sub(" ", _BLANK_BESIDE_HAN.sub("", text))
    return text.strip(" -·")


def _stray(name: str) -> NameProblem | None:
    """The first character that no name has, with the reason a person can act on."""
    marks = 0
    for place, character in enumerate(name, 1):
        if _is_han(character):
            marks = 0
            continue
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        if (
            category == "Me"
            or marks > _MOST_MARKS
            or category in ("Co", "Cn", "Cs")
            or character in _BLANK_LETTERS
        ):
            return NameProblem(NameErrorCode.UNSUPPORTED_CHARACTER, place)
        if category[0] in "LM" or character in _PUNCTUATION:
            continue
        return NameProblem(NameErrorCode.SLASH if character == "/" else _reason(category), place)
    return None


def _reason(category: str) -> NameErrorCode:
    if category[0] == "N":
        return NameErrorCode.DIGIT
    if category[0] == "S":
        return NameErrorCode.EMOJI
    if category[0] == "P":
        return NameErrorCode.PUNCTUATION
    return NameErrorCode.CONTROL_CHARACTER
