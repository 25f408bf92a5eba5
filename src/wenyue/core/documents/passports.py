"""Passports: Chinese series, foreign numbers with their nationality and expiry, and machine-readable lines."""

import re
from datetime import date

from wenyue.core.documents.countries import nationality_of
from wenyue.core.documents.machine_readable import BOOKLET_LINE, born, check_digit, day_of
from wenyue.core.documents.model import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    DocumentWarning,
)

_PASSPORT = DocumentKind.PASSPORT
# Ordinary passports: E and eight digits, E with a second letter (no I, no O) and seven digits, G and eight digits.
# Common knowledge rather than a published rule; check before relying on it.
_CHINESE_ORDINARY = re.compile(r"E[0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|G[0-9]{8}")
# Diplomatic, service and official (D, S, P), Hong Kong (H, K) and Macao (M) passports, also common knowledge.
_CHINESE_OTHER = re.compile(r"[DSP][A-Z]?[0-9]{7,8}|H[0-9]{8}|K[A-Z]?[0-9]{7,8}|M[A-Z]?[0-9]{7,8}")
_FOREIGN = re.compile(r"[A-Z0-9]{5,17}")
_TD3_LINE_2 = re.compile(
    r"([A-Z0-9<]{9})([0-9])([A-Z<]{3})([0-9<]{6})([0-9])([MFX<])([0-9]{6})([0-9])([A-Z0-9<]{14})([0-9<])([0-9])"
)
_MRZ_ALPHABET = re.compile(r"[A-Z0-9<]+")


def is_chinese_ordinary(number: str) -> bool:
    """Whether a canonical number belongs to the ordinary Chinese series."""
    return _CHINESE_ORDINARY.fullmatch(number) is not None


def is_foreign_number(number: str) -> bool:
    """Whether a canonical number has a form that some country's passports may have."""
    return _FOREIGN.fullmatch(number) is not None


def passport_key(nationality: str, number: str) -> str:
    """What uniqueness of a passport is counted on."""
    return f"passport:{nationality}:{number}"


def parse_passport(number: str, nationality: str | None, expires_on: date | None) -> Document | DocumentError:
    """A passport from its canonical number; a foreign one needs its nationality and expiry.

    A number of the ordinary Chinese series without a nationality is taken as Chinese. The key carries the
    nationality, because two countries may issue the same number.
    """
    if nationality is None:
        if not is_chinese_ordinary(number):
            code = (
                DocumentErrorCode.NATIONALITY_NEEDED
                if _FOREIGN.fullmatch(number)
                else DocumentErrorCode.WRONG_LENGTH
            )
            return DocumentError(code, _PASSPORT)
        holder: str | None = "CHN"
    else:
        holder = nationality_of(nationality)
    if holder is None:
        return DocumentError(DocumentErrorCode.BAD_NATIONALITY, _PASSPORT)
    return accept_passport(number, holder, expires_on, None, None)


def parse_mrz(text: str, today: date) -> Document | DocumentError:
    """A booklet's passport from its machine-readable lines (ICAO Doc 9303 part 4, TD3): both lines, or the second alone.

    Every field has a check digit (weights 7-3-1, modulo 10) and the line has one over all of them; an empty personal
    number may print its check digit as a filler. A two-digit birth year is the latest one that is not in the future;
    an expiry year is in this century.
    """
    line = text[-BOOKLET_LINE:]
    two_lines = (
        len(text) == 2 * BOOKLET_LINE and text[0] == "P" and _MRZ_ALPHABET.fullmatch(text[:BOOKLET_LINE])
    )
    fields = _TD3_LINE_2.fullmatch(line)
    if fields is None or not (two_lines or len(text) == BOOKLET_LINE):
        return DocumentError(DocumentErrorCode.BAD_MRZ, _PASSPORT)
    wrong = _wrong_check(line)
    if wrong is not None:
        return DocumentError(DocumentErrorCode.BAD_MRZ_CHECK_DIGIT, _PASSPORT, wrong)
    holder = nationality_of(fields[3])
    if holder is None:
        return DocumentError(DocumentErrorCode.BAD_NATIONALITY, _PASSPORT)
    expiry = day_of(2000, fields[7])
    if expiry is None:
        return DocumentError(DocumentErrorCode.BAD_EXPIRY_DATE, _PASSPORT, 22)
    birth: date | None = None
    if "<" not in fields[4]:  # an unknown birth date is printed with fillers
        birth = born(fields[4], today)
        if birth is None:
            return DocumentError(DocumentErrorCode.BAD_BIRTH_DATE, _PASSPORT, 14)
    return accept_passport(fields[1].replace("<", ""), holder, expiry, birth, fields[6])


def accept_passport(
    number: str, holder: str, expires_on: date | None, birth: date | None, sex: str | None
) -> Document | DocumentError:
    """The passport, if numbers of that nationality look like this; `sex` as machine-readable lines print it."""
    warnings: tuple[DocumentWarning, ...] = ()
    if holder == "CHN":
        if not is_chinese_ordinary(number):
            if not _CHINESE_OTHER.fullmatch(number):
                return DocumentError(DocumentErrorCode.BAD_PASSPORT_NUMBER, _PASSPORT)
            warnings = (DocumentWarning.UNUSUAL_PASSPORT_NUMBER,)
    elif not _FOREIGN.fullmatch(number):
        return DocumentError(DocumentErrorCode.WRONG_LENGTH, _PASSPORT)
    elif expires_on is None:
        return DocumentError(DocumentErrorCode.EXPIRY_NEEDED, _PASSPORT)
    return Document(
        _PASSPORT,
        number,
        passport_key(holder, number),
        birth,
        "M" if sex == "M" else "F" if sex == "F" else None,
        holder,
        warnings,
        expires_on,
    )


def _wrong_check(line: str) -> int | None:
    """The 1-based place of the first check digit of line 2 that is wrong."""
    personal = line[28:42]
    checks = [(line[0:9], 9), (line[13:19], 19), (line[21:27], 27)]
    if line[42] != "<" or personal.strip("<"):
        checks.append((personal, 42))
    checks.append((line[0:10] + line[13:20] + line[21:43], 43))
    for field, place in checks:
        if line[place] != str(check_digit(field)):
            return place + 1
    return None
