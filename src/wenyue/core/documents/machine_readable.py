"""Machine-readable lines of cards (ICAO Doc 9303 parts 5 and 6), and what all such lines have in common (part 3).

Booklets (part 4) are read in `passports`.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from wenyue.core.documents.model import DocumentError, DocumentErrorCode

BOOKLET_LINE: Final = 44
TD1_LENGTH: Final = 90  # three lines of 30
TD2_LENGTH: Final = 72  # two lines of 36
_LONGEST_NUMBER: Final = 18  # of the cards that are accepted
_MEANT: Final = frozenset({BOOKLET_LINE, 2 * BOOKLET_LINE, TD1_LENGTH, TD2_LENGTH})
_VALUE: Final = {sign: value for value, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}
_WEIGHTS: Final = (7, 3, 1)
_TD1: Final = re.compile(
    r"(?P<code>[ACIP][A-Z0-9<])(?P<issuer>[A-Z<]{3})(?P<number>[A-Z0-9<]{9})(?P<check>[0-9<])(?P<more>[A-Z0-9<]{15})"
    r"(?P<birth>[0-9<]{6})(?P<birth_check>[0-9])(?P<sex>[MFX<])(?P<expiry>[0-9]{6})(?P<expiry_check>[0-9])"
    r"(?P<nationality>[A-Z<]{3})(?P<other>[A-Z0-9<]{11})(?P<all_check>[0-9])(?P<name>[A-Z<]{30})"
)
_TD2: Final = re.compile(
    r"(?P<code>[ACIP][A-Z0-9<])(?P<issuer>[A-Z<]{3})(?P<name>[A-Z<]{31})(?P<number>[A-Z0-9<]{9})(?P<check>[0-9<])"
    r"(?P<nationality>[A-Z<]{3})(?P<birth>[0-9<]{6})(?P<birth_check>[0-9])(?P<sex>[MFX<])(?P<expiry>[0-9]{6})"
    r"(?P<expiry_check>[0-9])(?P<more>[A-Z0-9<]{7})(?P<all_check>[0-9])"
)


@dataclass(frozen=True, slots=True)
class CardLines:
    """What a card says in its lines; fillers are gone, dates are as printed (YYMMDD)."""

    code: str
    issuer: str
    number: str = field(repr=False)
    optional: tuple[str, ...] = field(repr=False)  # what the issuer may put there, a longer number for one
    nationality: str
    birth: date | None = field(repr=False)
    sex: str
    expires_on: date

    @property
    def is_passport(self) -> bool:
        """A passport card: `P`, or `I` with the `P` that the United States and Ireland print."""
        return self.code[0] == "P" or self.code == "IP"


def looks_machine_readable(text: str, *, is_card: bool = False) -> bool:
    """Whether compacted text is meant as machine-readable lines rather than as a number.

    `is_card`: a card is declared. A stray filler in its number is a wrong character then, not the rest of lines.
    """
    return ("<" in text and not (is_card and len(text) <= _LONGEST_NUMBER)) or len(text) in _MEANT


def read_card(text: str, today: date) -> CardLines | DocumentError:
    """The lines of a card, TD1 (3 × 30) or TD2 (2 × 36), every check digit tried; an error's `position` counts in all lines."""
    fields = (_TD1 if len(text) == TD1_LENGTH else _TD2).fullmatch(text)
    if fields is None:
        return DocumentError(DocumentErrorCode.BAD_MRZ)
    number, check, optional = _whole_number(fields["number"], fields["check"], fields["more"])
    numbers = fields["number"] + fields["check"]
    dates = fields["birth"] + fields["birth_check"] + fields["expiry"] + fields["expiry_check"]
    is_td1 = len(text) == TD1_LENGTH
    other = fields["other"] if is_td1 else ""
    everything = numbers + fields["more"] + dates + other if is_td1 else numbers + dates + fields["more"]
    for part, digit, name in (
        (number, check, "check"),
        (fields["birth"], fields["birth_check"], "birth_check"),
        (fields["expiry"], fields["expiry_check"], "expiry_check"),
        (everything, fields["all_check"], "all_check"),
    ):
        if digit != str(check_digit(part)):
            return DocumentError(DocumentErrorCode.BAD_MRZ_CHECK_DIGIT, None, fields.start(name) + 1)
    expiry = day_of(2000, fields["expiry"])
    if expiry is None:
        return DocumentError(DocumentErrorCode.BAD_EXPIRY_DATE, None, fields.start("expiry") + 1)
    birth = None if "<" in fields["birth"] else born(fields["birth"], today)
    if birth is None and "<" not in fields["birth"]:
        return DocumentError(DocumentErrorCode.BAD_BIRTH_DATE, None, fields.start("birth") + 1)
    return CardLines(
        fields["code"].rstrip("<"),
        fields["issuer"].rstrip("<"),
        number.replace("<", ""),
        tuple(text for text in (part.replace("<", "") for part in (optional, other)) if text),
        fields["nationality"],
        birth,
        fields["sex"],
        expiry,
    )


def _whole_number(number: str, check: str, more: str) -> tuple[str, str, str]:
    """(number, its check digit, the rest of the optional data).

    A number of more than nine characters goes on in the optional data: its check digit's place is a filler then, and
    the digit stands behind the number's end.
    """
    if check != "<" or number[-1] == "<":
        return number, check, more
    rest, _, left = more.partition("<")
    return number + rest[:-1], rest[-1:], left


def check_digit(text: str) -> int:
    """The check digit of a field: weights 7-3-1, modulo 10."""
    return sum(_VALUE[sign] * _WEIGHTS[place % 3] for place, sign in enumerate(text)) % 10


def born(yymmdd: str, today: date) -> date | None:
    """A two-digit birth year is the latest one that is not in the future; None: no day of the calendar."""
    this_century = day_of(2000, yymmdd)
    if this_century is not None and this_century <= today:
        return this_century
    return day_of(1900, yymmdd)


def day_of(century: int, yymmdd: str) -> date | None:
    """The day, or None where the calendar has none."""
    try:
        return date(century + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        return None
