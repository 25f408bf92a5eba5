"""What the faces say about identity documents, phones and names: what is wrong and how to mend it, in zh and en.

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

Sentence = tuple[str, str]  # zh, en

DOCUMENT_KINDS: Final[Mapping[DocumentKind, Sentence]] = MappingProxyType(
    {
        DocumentKind.RESIDENT_ID: ("居民身份证", "Chinese resident ID card"),
        DocumentKind.RESIDENCE_PERMIT: (
            "港澳台居民居住证",
            "Residence permit for Hong Kong, Macao and Taiwan residents",
        ),
        DocumentKind.FOREIGN_PR: ("外国人永久居留身份证", "Foreign permanent resident ID card"),
        DocumentKind.HM_PERMIT: (
            "港澳居民来往内地通行证",
            "Mainland travel permit for Hong Kong and Macao residents",
        ),
        DocumentKind.TW_PERMIT: ("台湾居民来往大陆通行证", "Mainland travel permit for Taiwan residents"),
        DocumentKind.PASSPORT: ("护照", "Passport"),
        DocumentKind.TRAVEL_DOCUMENT: ("中华人民共和国旅行证", "Chinese travel document"),
        DocumentKind.SEAFARER_PASSPORT: ("海员证", "Chinese seafarer's passport"),
        DocumentKind.OFFICER_ID: ("军官证（含文职干部证）", "Chinese military officer's card"),
        DocumentKind.SOLDIER_ID: ("士兵证（士官证、义务兵证）", "Chinese soldier's card"),
    }
)

DOCUMENT_ERRORS: Final[Mapping[DocumentErrorCode, Sentence]] = MappingProxyType(
    {
        DocumentErrorCode.EMPTY: ("请填写证件号码", "Enter the document number"),
        DocumentErrorCode.TOO_LONG: (
            "输入内容过长，请只填写证件号码",
            "The text is too long; enter the document number only",
        ),
        DocumentErrorCode.BAD_CHARACTER: (
            "证件号码中有不应出现的字符，请对照证件逐位核对（注意数字0与字母O、数字1与字母I）",
            (
                "The number has a character that does not belong in it; compare it with the document"
                " (0 and O, 1 and I are easily mixed up)"
            ),
        ),
        DocumentErrorCode.WRONG_LENGTH: (
            "证件号码位数不正确，请对照证件检查是否多填或漏填",
            "The number has too many or too few characters; compare it with the document",
        ),
        DocumentErrorCode.FIFTEEN_DIGITS: (
            "15位的第一代身份证已停用，请填写18位身份证号码（可在户口簿或新身份证上查到）",
            (
                "15-digit ID numbers are no longer valid; enter the 18-digit number"
                " (on the newer card or in the household register)"
            ),
        ),
        DocumentErrorCode.BAD_PROVINCE: (
            "证件号码前两位不正确，请核对后重新输入",
            "The first two digits of the number are wrong; check them against the card",
        ),
        DocumentErrorCode.BAD_BIRTH_DATE: (
            "证件号码中的出生日期不存在，请核对其中的年、月、日",
            "The birth date inside the number does not exist; check its year, month and day",
        ),
        DocumentErrorCode.FUTURE_BIRTH_DATE: (
            "证件号码中的出生日期晚于今天，请核对其中的年、月、日",
            "The birth date inside the number is in the future; check its year, month and day",
        ),
        DocumentErrorCode.BIRTH_TOO_LONG_AGO: (
            "证件号码中的出生日期在130多年前，请对照证件核对其中的年份",
            "The birth date inside the number is more than 130 years ago; check its year against the document",
        ),
        DocumentErrorCode.BAD_CHECK_DIGIT: (
            "身份证最后一位不正确，请核对整个号码后重新输入",
            "The last character of the ID number is wrong; check the whole number against the card",
        ),
        DocumentErrorCode.KIND_MISMATCH: (
            "这个号码像是另一种证件，请改选证件类型，或核对号码",
            "This looks like the number of another document; choose the other type or check the number",
        ),
        DocumentErrorCode.BAD_PASSPORT_NUMBER: (
            "这不是中国护照号码的格式（例如E后接8位数字），请对照护照资料页核对",
            (
                "This is not the form of a Chinese passport number (such as E and 8 digits);"
                " check the data page of the passport"
            ),
        ),
        DocumentErrorCode.NATIONALITY_NEEDED: ("请选择护照的国籍", "Choose the nationality of the passport"),
        DocumentErrorCode.BAD_NATIONALITY: (
            "无法识别该国籍代码，请从列表中重新选择国籍",
            "The nationality is not recognised; choose it again from the list",
        ),
        DocumentErrorCode.EXPIRY_NEEDED: (
            "请填写护照的有效期截止日期",
            "Enter the expiry date of the passport",
        ),
        DocumentErrorCode.EXPIRED: (
            "该证件已过有效期，请改用有效的证件",
            "This document has expired; use a valid one",
        ),
        DocumentErrorCode.BAD_MRZ: (
            "证件机读码不完整：护照为两行、每行44个字符，卡片为三行、每行30个字符。请重新扫描或改为填写证件号码",
            (
                "The machine-readable lines are incomplete: a passport has two lines of 44 characters, a card three of 30;"
                " scan again or type the document number"
            ),
        ),
        DocumentErrorCode.NOT_ACCEPTED: (
            "这是其他国家或地区的身份证，不能用来预约和入园，请使用护照",
            "This is another country's identity card, which is not accepted here; use the passport",
        ),
        DocumentErrorCode.BAD_MRZ_CHECK_DIGIT: (
            "证件机读码校验未通过，请重新扫描或改为填写证件号码",
            "A check digit in the machine-readable lines is wrong; scan again or type the document number",
        ),
        DocumentErrorCode.BAD_EXPIRY_DATE: (
            "证件机读码中的有效期不是正确的日期，请重新扫描或改为填写证件号码",
            (
                "The expiry date in the machine-readable lines is no real date;"
                " scan again or type the document number"
            ),
        ),
        DocumentErrorCode.BAD_MILITARY_NUMBER: (
            "请按证件上的印刷格式填写，例如“军字第2001988号”（开头的字、数字和字母都要填）",
            (
                "Enter the number as it is printed on the card, with the Chinese character in front,"
                " the digits and any letters"
            ),
        ),
        DocumentErrorCode.BAD_TRAVEL_DOCUMENT_NUMBER: (
            "旅行证号码应为L后接7或8位数字，请对照资料页核对",
            "The number of a Chinese travel document is L and 7 or 8 digits; check the data page",
        ),
        DocumentErrorCode.BAD_SEAFARER_NUMBER: (
            "海员证号码应为A后接8位数字，请对照资料页核对",
            "The number of a Chinese seafarer's passport is A and 8 digits; check the data page",
        ),
    }
)

DOCUMENT_WARNINGS: Final[Mapping[DocumentWarning, Sentence]] = MappingProxyType(
    {
        DocumentWarning.DIVISION_NOT_CURRENT: (
            "号码前六位不在现行行政区划中（老证件常见），请再核对一次",
            "The first six digits are not a current division (common on older cards); check them once more",
        ),
        DocumentWarning.PROVINCE_UNKNOWN: (
            "号码中的省份代码无法识别，请再核对一次",
            "The province digits are not recognised; check them once more",
        ),
        DocumentWarning.UNKNOWN_NATIONALITY: (
            "号码中的国籍代码无法识别，请再核对一次",
            "The nationality in the number is not recognised; check it once more",
        ),
        DocumentWarning.KIND_CORRECTED: (
            "已按号码自动更正证件类型，请确认",
            "The document type was corrected to fit the number; please confirm",
        ),
        DocumentWarning.UNUSUAL_PASSPORT_NUMBER: (
            "这不是普通护照的常见号码，请再核对一次",
            "This is not the usual form of an ordinary passport number; check it once more",
        ),
        DocumentWarning.AGE_OVER_120: (
            "按号码推算年龄超过120岁，请再核对出生日期",
            "The number makes the holder older than 120; check the birth date once more",
        ),
    }
)

PHONE_ERRORS: Final[Mapping[PhoneErrorCode, Sentence]] = MappingProxyType(
    {
        PhoneErrorCode.EMPTY: ("请填写手机号码", "Enter the phone number"),
        PhoneErrorCode.TOO_LONG: (
            "输入内容过长，请只填写一个手机号码",
            "The text is too long; enter one phone number only",
        ),
        PhoneErrorCode.BAD_CHARACTER: (
            "手机号码只能包含数字（境外号码以+开头），请删除其他字符",
            "A phone number has digits only (with + in front if it is foreign); remove everything else",
        ),
        PhoneErrorCode.WRONG_LENGTH: (
            "手机号码应为11位数字，请检查是否多填或漏填",
            "A Chinese mobile number has 11 digits; check whether one is missing or too many",
        ),
        PhoneErrorCode.COUNTRY_CODE_NEEDED: (
            "无法识别国家或地区，请以+和国家（地区）代码开头填写，例如+852",
            "The country is not recognised; start with + and the country code, such as +44",
        ),
        PhoneErrorCode.NOT_A_NUMBER: (
            "该号码不是有效的电话号码，请核对；境外号码请以+和国家（地区）代码开头",
            "This is not a valid phone number; check it, and start a foreign one with + and the country code",
        ),
    }
)

NAME_ERRORS: Final[Mapping[NameErrorCode, Sentence]] = MappingProxyType(
    {
        NameErrorCode.EMPTY: ("请填写姓名，与证件一致", "Enter the name as it stands on the document"),
        NameErrorCode.TOO_LONG: (
            "姓名过长，请填写证件上的姓名，最多60个字符",
            "The name is too long; enter it as on the document, 60 characters at most",
        ),
        NameErrorCode.TOO_SHORT: (
            "请填写完整姓名，不能只填一个字",
            "Enter the full name; one letter or character is not enough",
        ),
        NameErrorCode.CONTROL_CHARACTER: (
            "姓名中有换行等不可见字符，请删除后重新填写",
            "The name has a line break or another invisible character; remove it",
        ),
        NameErrorCode.EMOJI: (
            "姓名不能包含表情或符号，请填写证件上的姓名",
            "A name cannot have emoji or symbols; enter it as on the document",
        ),
        NameErrorCode.DIGIT: (
            "姓名不能包含数字，请填写证件上的姓名",
            "A name cannot have digits; enter it as on the document",
        ),
        NameErrorCode.PUNCTUATION: (
            "姓名中有不应出现的标点，间隔号请用“·”",
            "The name has punctuation that does not belong in it; remove it",
        ),
        NameErrorCode.UNSUPPORTED_CHARACTER: (
            "姓名中有无法识别的字符，请换用标准汉字或证件上的拼音填写",
            "The name has a character that cannot be read; use standard characters or the Latin spelling",
        ),
        NameErrorCode.NO_LETTER: (
            "姓名中没有文字，请填写证件上的姓名",
            "The name has no letters; enter it as on the document",
        ),
    }
)
