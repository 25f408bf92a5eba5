"""Travel permits of Hong Kong, Macao and Taiwan residents, and the older permanent-resident card: shape only."""

import re
from datetime import date

from wenyue.core.documents.countries import nationality_of
from wenyue.core.documents.model import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    DocumentWarning,
)

_FOREIGN_PR = DocumentKind.FOREIGN_PR
_HM_PERMIT = DocumentKind.HM_PERMIT
_TW_PERMIT = DocumentKind.TW_PERMIT
HM = re.compile(r"([HM][0-9]{8})(?:[0-9]{2})?")
HM_FOREIGN = re.compile(r"(?:HA|MA)[0-9]{7}")
TW = re.compile(r"([0-9]{8})(?:[0-9]{2})?")
OLD_PR = re.compile(r"([A-Z]{3})[0-9]{12}")
_NOT_DIGIT = re.compile(r"[^0-9]")


def parse_hm(number: str, nationality: str | None, expires_on: date | None) -> Document | DocumentError:
    """港澳居民来往内地通行证: H or M, eight digits for life, two more that count renewals and change with each.

    Uniqueness is counted on the first nine characters. Since 2024-07-10 (国家移民管理局) non-Chinese permanent
    residents hold HA or MA and seven digits, one number for life.
    """
    chinese = HM.fullmatch(number)
    if chinese:
        return Document(
            _HM_PERMIT, number, "hm_permit:" + chinese[1], nationality="CHN", expires_on=expires_on
        )
    if HM_FOREIGN.fullmatch(number):
        holder = nationality_of(nationality) if nationality else None
        if nationality and holder is None:
            return DocumentError(DocumentErrorCode.BAD_NATIONALITY, _HM_PERMIT)
        return Document(_HM_PERMIT, number, "hm_permit:" + number, nationality=holder, expires_on=expires_on)
    if number[0] not in "HM":
        return DocumentError(DocumentErrorCode.BAD_CHARACTER, _HM_PERMIT, 1)
    letters = 2 if number[1:2] == "A" else 1
    stray = _NOT_DIGIT.search(number, letters)
    if stray:
        return DocumentError(DocumentErrorCode.BAD_CHARACTER, _HM_PERMIT, stray.start() + 1)
    return DocumentError(DocumentErrorCode.WRONG_LENGTH, _HM_PERMIT)


def parse_tw(number: str, expires_on: date | None) -> Document | DocumentError:
    """台湾居民来往大陆通行证: eight digits; older ones add two that count issues, so the first eight are the key."""
    permit = TW.fullmatch(number)
    if permit:
        return Document(
            _TW_PERMIT, number, "tw_permit:" + permit[1], nationality="CHN", expires_on=expires_on
        )
    stray = _NOT_DIGIT.search(number)
    if stray:
        return DocumentError(DocumentErrorCode.BAD_CHARACTER, _TW_PERMIT, stray.start() + 1)
    return DocumentError(DocumentErrorCode.WRONG_LENGTH, _TW_PERMIT)


def parse_old_pr(number: str, letters: str, expires_on: date | None) -> Document:
    """外国人永久居留身份证 before 2023-12: three nationality letters and twelve digits, valid until it expires.

    What the twelve digits mean is not published, so no birth date is read from them.
    """
    nationality = nationality_of(letters)
    return Document(
        _FOREIGN_PR,
        number,
        "foreign_pr:" + number,
        nationality=nationality,
        warnings=() if nationality else (DocumentWarning.UNKNOWN_NATIONALITY,),
        expires_on=expires_on,
    )
