"""Phone numbers: a Chinese mobile by its structure, every other number by the library's numbering plans."""

import re
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from msgspec import Struct

from wenyue.core.documents.masks import mask_phone
from wenyue.core.documents.text import compact

# 虚拟运营商 segments. 170 and 171 are documented; 162, 165 and 167 are common knowledge, check before relying on
# them. A deployment passes its own list.
RISK_PREFIXES: tuple[str, ...] = ("162", "165", "167", "170", "171")
_LONGEST_RAW = 64
_DECORATION = re.compile(r"[()./]+")
_DIALLED = re.compile(r"\+?[0-9]+")
# The country code may be dialled as +86, 0086 or 86; a leading 0 is the old long-distance habit.
_CN_MOBILE = re.compile(r"((?:\+|00)?86)?0?(1[3-9][0-9]{9})")
_CN_MOBILE_START = re.compile(r"((?:\+|00)?86)?1[3-9][0-9]*")


class PhoneErrorCode(StrEnum):
    """Why a phone number was refused.

    EMPTY: nothing is left after blanks and punctuation are removed.
    TOO_LONG: more characters than any number has.
    BAD_CHARACTER: something that cannot be dialled.
    WRONG_LENGTH: starts like a Chinese mobile number but does not have 11 digits.
    COUNTRY_CODE_NEEDED: cannot be placed in any country; write it with + and the country code.
    NOT_A_NUMBER: not a number of its country's numbering plan.
    """

    EMPTY = "phone_empty"
    TOO_LONG = "phone_too_long"
    BAD_CHARACTER = "phone_bad_character"
    WRONG_LENGTH = "phone_wrong_length"
    COUNTRY_CODE_NEEDED = "phone_country_code_needed"
    NOT_A_NUMBER = "phone_not_a_number"


class Phone(Struct, frozen=True, gc=False):
    """A phone number in E.164; `risk` marks a virtual-operator segment, a signal and never a refusal."""

    e164: str
    is_mobile_cn: bool
    risk: bool

    def __repr__(self) -> str:
        return f"Phone({mask_phone(self.e164)})"


@dataclass(frozen=True, slots=True)
class PhoneError:
    """An expected refusal; it carries nothing the traveller typed."""

    code: PhoneErrorCode


def parse_phone(
    raw: str, *, default_region: str = "CN", risk_prefixes: tuple[str, ...] = RISK_PREFIXES
) -> Phone | PhoneError:
    """The number in E.164, or why not; never raises for any text.

    `default_region` (ISO 3166 alpha-2) places numbers written without a country code. Chinese mobiles are accepted
    by structure, 1[3-9] and nine digits, because the library calls segments in use (146, 148, 149, 154, 160, 163,
    164 in its version 9.0.43, tried) invalid; every other number must be valid in the library's plan.
    """
    if len(raw) > _LONGEST_RAW:
        return PhoneError(PhoneErrorCode.TOO_LONG)
    dialled = raw if _CN_MOBILE.fullmatch(raw) else _DECORATION.sub("", compact(raw))
    if not dialled or dialled == "+":
        return PhoneError(PhoneErrorCode.EMPTY)
    if not _DIALLED.fullmatch(dialled):
        return PhoneError(PhoneErrorCode.BAD_CHARACTER)
    at_home = default_region == "CN"
    mobile = _CN_MOBILE.fullmatch(dialled)
    if mobile and (at_home or mobile[1]):
        return Phone("+86" + mobile[2], True, mobile[2].startswith(risk_prefixes))
    start = _CN_MOBILE_START.fullmatch(dialled)
    if start and (at_home or dialled.startswith("+86")):
        return PhoneError(PhoneErrorCode.WRONG_LENGTH)
    return _by_plan(dialled, default_region)


def _by_plan(dialled: str, default_region: str) -> Phone | PhoneError:
    try:
        number = phonenumbers.parse(dialled, default_region)
    except phonenumbers.NumberParseException as problem:
        if problem.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            return PhoneError(PhoneErrorCode.COUNTRY_CODE_NEEDED)
        return PhoneError(PhoneErrorCode.NOT_A_NUMBER)
    if not phonenumbers.is_valid_number(number):
        return PhoneError(PhoneErrorCode.NOT_A_NUMBER)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, False, False)
