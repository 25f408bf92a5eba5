"""The shapes of identity: document kinds, a parsed document, and every reason a number is refused or doubted."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from wenyue.core.documents.masks import mask_document


class DocumentKind(StrEnum):
    """The identity documents a traveller in China can book and enter with."""

    RESIDENT_ID = "resident_id"  # 居民身份证
    RESIDENCE_PERMIT = "residence_permit"  # 港澳台居民居住证
    FOREIGN_PR = "foreign_pr"  # 外国人永久居留身份证
    HM_PERMIT = "hm_permit"  # 港澳居民来往内地通行证
    TW_PERMIT = "tw_permit"  # 台湾居民来往大陆通行证
    PASSPORT = "passport"  # 护照
    TRAVEL_DOCUMENT = "travel_document"  # 中华人民共和国旅行证
    SEAFARER_PASSPORT = "seafarer_passport"  # 海员证
    OFFICER_ID = "officer_id"  # 军官证, 文职干部证
    SOLDIER_ID = "soldier_id"  # 士兵证: 士官证, 义务兵证


class DocumentErrorCode(StrEnum):
    """Why a document was refused. Wording lives in web; values are stable and unique across this package.

    EMPTY: nothing is left after spaces, hyphens and zero-width characters are removed.
    TOO_LONG: more characters than any document or its machine-readable lines can have.
    BAD_CHARACTER: a character this kind of document cannot carry; `position` says where.
    WRONG_LENGTH: the characters are right but there are too few or too many.
    FIFTEEN_DIGITS: a first-generation 15-digit ID number, void since 2013; the 18-digit one is needed.
    BAD_PROVINCE: the first two digits are no province of GB/T 2260, past or present.
    BAD_BIRTH_DATE: the birth date inside the number is not a day of the calendar.
    FUTURE_BIRTH_DATE: the birth date inside the number lies after today.
    BIRTH_TOO_LONG_AGO: the birth date inside the number is more than 130 years ago: a year was mistyped.
    BAD_CHECK_DIGIT: the last character does not follow from the others (ISO 7064 MOD 11-2).
    KIND_MISMATCH: the number has the shape of another document; `kind` says which.
    BAD_PASSPORT_NUMBER: a Chinese passport number that fits no known series.
    NATIONALITY_NEEDED: a foreign passport number means nothing without its issuing nationality.
    BAD_NATIONALITY: the nationality is neither an ISO 3166 code nor an ICAO 9303 one.
    EXPIRY_NEEDED: a foreign passport needs its expiry date.
    EXPIRED: the document's expiry date lies before today.
    BAD_MRZ: text with filler characters that is neither a passport's two lines of 44 (or the second) nor a card's lines.
    NOT_ACCEPTED: a genuine card nobody can visit with: another country's identity card.
    BAD_MRZ_CHECK_DIGIT: a check digit of the machine-readable lines is wrong; `position` counts in a passport's line 2,
        in all lines of a card.
    BAD_EXPIRY_DATE: the expiry date in the machine-readable line is not a day of the calendar.
    BAD_MILITARY_NUMBER: a military card's number that is not the printed form, such as 军字第2001988号.
    BAD_TRAVEL_DOCUMENT_NUMBER: not L and seven or eight digits.
    BAD_SEAFARER_NUMBER: not A and eight digits.
    """

    EMPTY = "document_empty"
    TOO_LONG = "document_too_long"
    BAD_CHARACTER = "document_bad_character"
    WRONG_LENGTH = "document_wrong_length"
    FIFTEEN_DIGITS = "document_fifteen_digits"
    BAD_PROVINCE = "document_bad_province"
    BAD_BIRTH_DATE = "document_bad_birth_date"
    FUTURE_BIRTH_DATE = "document_future_birth_date"
    BIRTH_TOO_LONG_AGO = "document_birth_too_long_ago"
    BAD_CHECK_DIGIT = "document_bad_check_digit"
    KIND_MISMATCH = "document_kind_mismatch"
    BAD_PASSPORT_NUMBER = "document_bad_passport_number"
    NATIONALITY_NEEDED = "document_nationality_needed"
    BAD_NATIONALITY = "document_bad_nationality"
    EXPIRY_NEEDED = "document_expiry_needed"
    EXPIRED = "document_expired"
    BAD_MRZ = "document_bad_mrz"
    NOT_ACCEPTED = "document_not_accepted"
    BAD_MRZ_CHECK_DIGIT = "document_bad_mrz_check_digit"
    BAD_EXPIRY_DATE = "document_bad_expiry_date"
    BAD_MILITARY_NUMBER = "document_bad_military_number"
    BAD_TRAVEL_DOCUMENT_NUMBER = "document_bad_travel_document_number"
    BAD_SEAFARER_NUMBER = "document_bad_seafarer_number"


class DocumentWarning(StrEnum):
    """What is unusual about an accepted document; never a reason to refuse it.

    DIVISION_NOT_CURRENT: the six-digit division is not on the current list: abolished (common) or never existed.
    PROVINCE_UNKNOWN: the province digits of a permanent-resident number are not a province.
    UNKNOWN_NATIONALITY: the nationality digits or letters of a permanent-resident number are no ISO 3166 code.
    KIND_CORRECTED: the number itself says another kind of 18-character card than the one chosen; the number wins.
    UNUSUAL_PASSPORT_NUMBER: a Chinese passport outside the ordinary series (diplomatic, service, SAR, withdrawn).
    AGE_OVER_120: the birth date makes the holder older than 120.
    """

    DIVISION_NOT_CURRENT = "document_division_not_current"
    PROVINCE_UNKNOWN = "document_province_unknown"
    UNKNOWN_NATIONALITY = "document_unknown_nationality"
    KIND_CORRECTED = "document_kind_corrected"
    UNUSUAL_PASSPORT_NUMBER = "document_unusual_passport_number"
    AGE_OVER_120 = "document_age_over_120"


_CARD_LENGTH: Final = 18
_SELF_TELLING: Final = frozenset(
    {DocumentKind.RESIDENT_ID, DocumentKind.RESIDENCE_PERMIT, DocumentKind.FOREIGN_PR}
)
# A travel permit with the two digits that count its renewals. Nothing else looks so: a passport's number has nine characters
# at most (ICAO Doc 9303 part 4, the machine-readable lines hold no more).
_RENEWED_PERMIT: Final = re.compile(r"([HM][0-9]{8}|[0-9]{8})[0-9]{2}")
_MILITARY: Final = re.compile(r"[\u4e00-\u9fff]+字第0*([0-9A-Z]+)号")  # as `parse_military` writes it


class Document(Struct, frozen=True, gc=False):
    """One accepted document in its canonical form; the repr is masked.

    `number` is canonical: parsing it again (same kind, nationality and expiry) gives the same document.
    `key` is what uniqueness is counted on, prefixed by the kind: renewals of one permit share it, two kinds never
    do. `birth` and `sex` are known only where the document carries them; `nationality` is ISO 3166 alpha-3 (or an
    ICAO 9303 code that ISO lacks).
    `bare_number` is the number alone, without kind and nationality, for documents whose number does not say what they
    are: one passport declared as two nationalities' has two keys and one bare number. It follows from the number alone:
    neither the renewal digits of a permit nor the word before a military card's number belong to it, whatever kind is
    declared. None for the 18-character cards: nothing else can carry their number.
    """

    kind: DocumentKind
    number: str
    key: str
    birth: date | None = None
    sex: Literal["M", "F"] | None = None
    nationality: str | None = None
    warnings: tuple[DocumentWarning, ...] = ()
    expires_on: date | None = None

    @property
    def bare_number(self) -> str | None:
        """`number:` and the number without what is counted or written beside it."""
        return bare_number(self.kind, self.number)

    def __repr__(self) -> str:
        return f"Document({self.kind.value} {mask_document(self.number)})"


def bare_number(kind: str, number: str) -> str | None:
    """The bare number of a canonical `number`; see `Document`. A kind that is not known is read like a passport."""
    if len(number) == _CARD_LENGTH and kind in _SELF_TELLING:
        return None
    shorter = _RENEWED_PERMIT.fullmatch(number) or _MILITARY.fullmatch(number)
    return "number:" + (shorter[1] if shorter else number)


@dataclass(frozen=True, slots=True)
class DocumentError:
    """An expected refusal: its reason, the kind it was judged as (or looks like), and a 1-based place if known.

    It carries nothing the traveller typed, so it may be logged.
    """

    code: DocumentErrorCode
    kind: DocumentKind | None = None
    position: int | None = None
