"""What the API and the pages say about identity documents, phones and names: what is wrong and how to put it right.

The sentences do not name the person; the face puts "第2位游客：" or "Visitor 2: " before them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.core.documents import (
    DocumentErrorCode,
    DocumentKind,
    DocumentWarning,
    NameErrorCode,
    PhoneErrorCode,
)
from wenyue.locale import Message

DOCUMENT_KINDS: Final[Mapping[DocumentKind, Message]] = MappingProxyType(
    {
        DocumentKind.RESIDENT_ID: Message("document_kind.resident_id"),
        DocumentKind.RESIDENCE_PERMIT: Message("document_kind.residence_permit"),
        DocumentKind.FOREIGN_PR: Message("document_kind.foreign_pr"),
        DocumentKind.HM_PERMIT: Message("document_kind.hm_permit"),
        DocumentKind.TW_PERMIT: Message("document_kind.tw_permit"),
        DocumentKind.PASSPORT: Message("document_kind.passport"),
        DocumentKind.TRAVEL_DOCUMENT: Message("document_kind.travel_document"),
        DocumentKind.SEAFARER_PASSPORT: Message("document_kind.seafarer_passport"),
        DocumentKind.OFFICER_ID: Message("document_kind.officer_id"),
        DocumentKind.SOLDIER_ID: Message("document_kind.soldier_id"),
    }
)

DOCUMENT_ERRORS: Final[Mapping[DocumentErrorCode, Message]] = MappingProxyType(
    {
        DocumentErrorCode.EMPTY: Message("document_error.empty"),
        DocumentErrorCode.TOO_LONG: Message("document_error.too_long"),
        DocumentErrorCode.BAD_CHARACTER: Message("document_error.bad_character"),
        DocumentErrorCode.WRONG_LENGTH: Message("document_error.wrong_length"),
        DocumentErrorCode.FIFTEEN_DIGITS: Message("document_error.fifteen_digits"),
        DocumentErrorCode.BAD_PROVINCE: Message("document_error.bad_province"),
        DocumentErrorCode.BAD_BIRTH_DATE: Message("document_error.bad_birth_date"),
        DocumentErrorCode.FUTURE_BIRTH_DATE: Message("document_error.future_birth_date"),
        DocumentErrorCode.BIRTH_TOO_LONG_AGO: Message("document_error.birth_too_long_ago"),
        DocumentErrorCode.BAD_CHECK_DIGIT: Message("document_error.bad_check_digit"),
        DocumentErrorCode.KIND_MISMATCH: Message("document_error.kind_mismatch"),
        DocumentErrorCode.BAD_PASSPORT_NUMBER: Message("document_error.bad_passport_number"),
        DocumentErrorCode.NATIONALITY_NEEDED: Message("document_error.nationality_needed"),
        DocumentErrorCode.BAD_NATIONALITY: Message("document_error.bad_nationality"),
        DocumentErrorCode.EXPIRY_NEEDED: Message("document_error.expiry_needed"),
        DocumentErrorCode.EXPIRED: Message("document_error.expired"),
        DocumentErrorCode.BAD_MRZ: Message("document_error.bad_mrz"),
        DocumentErrorCode.NOT_ACCEPTED: Message("document_error.not_accepted"),
        DocumentErrorCode.BAD_MRZ_CHECK_DIGIT: Message("document_error.bad_mrz_check_digit"),
        DocumentErrorCode.BAD_EXPIRY_DATE: Message("document_error.bad_expiry_date"),
        DocumentErrorCode.BAD_MILITARY_NUMBER: Message("document_error.bad_military_number"),
        DocumentErrorCode.BAD_TRAVEL_DOCUMENT_NUMBER: Message("document_error.bad_travel_document_number"),
        DocumentErrorCode.BAD_SEAFARER_NUMBER: Message("document_error.bad_seafarer_number"),
    }
)

DOCUMENT_WARNINGS: Final[Mapping[DocumentWarning, Message]] = MappingProxyType(
    {
        DocumentWarning.DIVISION_NOT_CURRENT: Message("document_warning.division_not_current"),
        DocumentWarning.PROVINCE_UNKNOWN: Message("document_warning.province_unknown"),
        DocumentWarning.UNKNOWN_NATIONALITY: Message("document_warning.unknown_nationality"),
        DocumentWarning.KIND_CORRECTED: Message("document_warning.kind_corrected"),
        DocumentWarning.UNUSUAL_PASSPORT_NUMBER: Message("document_warning.unusual_passport_number"),
        DocumentWarning.AGE_OVER_120: Message("document_warning.age_over_120"),
    }
)

PHONE_ERRORS: Final[Mapping[PhoneErrorCode, Message]] = MappingProxyType(
    {
        PhoneErrorCode.EMPTY: Message("phone_error.empty"),
        PhoneErrorCode.TOO_LONG: Message("phone_error.too_long"),
        PhoneErrorCode.BAD_CHARACTER: Message("phone_error.bad_character"),
        PhoneErrorCode.WRONG_LENGTH: Message("phone_error.wrong_length"),
        PhoneErrorCode.COUNTRY_CODE_NEEDED: Message("phone_error.country_code_needed"),
        PhoneErrorCode.NOT_A_NUMBER: Message("phone_error.not_a_number"),
    }
)

NAME_ERRORS: Final[Mapping[NameErrorCode, Message]] = MappingProxyType(
    {
        NameErrorCode.EMPTY: Message("name_error.empty"),
        NameErrorCode.TOO_LONG: Message("name_error.too_long"),
        NameErrorCode.TOO_SHORT: Message("name_error.too_short"),
        NameErrorCode.CONTROL_CHARACTER: Message("name_error.control_character"),
        NameErrorCode.EMOJI: Message("name_error.emoji"),
        NameErrorCode.DIGIT: Message("name_error.digit"),
        NameErrorCode.PUNCTUATION: Message("name_error.punctuation"),
        NameErrorCode.SLASH: Message("name_error.slash"),
        NameErrorCode.UNSUPPORTED_CHARACTER: Message("name_error.unsupported_character"),
        NameErrorCode.NO_LETTER: Message("name_error.no_letter"),
    }
)
