"""Phones, names, masks and ages: a table of request and outcome for each."""

from datetime import date

import pytest

from wenyue.core.documents import (
    NameErrorCode,
    NameProblem,
    Phone,
    PhoneError,
    PhoneErrorCode,
    age_on,
    is_minor_under_14,
    mask_document,
    mask_name,
    mask_phone,
    parse_name,
    parse_phone,
)

P = PhoneErrorCode
N = NameErrorCode


@pytest.mark.parametrize(
    "raw",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "１３８００１３８０００",
        "+8613800138000",
        "+86 138 0013 8000",
        "(+86) 138-0013-8000",
        "＋86 13800138000",
        "008613800138000",
        "8613800138000",
        "013800138000",
        "138\u200b0013\u200b8000\u202c",
        "\u202d13800138000\n",
    ],
)
def test_one_chinese_mobile_has_one_form(raw: str) -> None:
    assert parse_phone(raw) == Phone("+8613800138000", is_mobile_cn=True, risk=False)


@pytest.mark.parametrize("segment", ["146", "148", "149", "154", "160", "163", "164", "172", "190", "199"])
def test_segments_the_library_does_not_know_are_accepted(segment: str) -> None:
    phone = parse_phone(segment + "12345678")
    assert phone == Phone(f"+86{segment}12345678", is_mobile_cn=True, risk=False)


@pytest.mark.parametrize("segment", ["162", "165", "167", "170", "171"])
def test_virtual_segments_are_a_signal_an_operator_may_change(segment: str) -> None:
    phone = parse_phone(segment + "12345678")
    assert isinstance(phone, Phone)
    assert phone.risk
    calm = parse_phone(segment + "12345678", risk_prefixes=())
    assert isinstance(calm, Phone)
    assert not calm.risk
    chosen = parse_phone("13800138000", risk_prefixes=("1380",))
    assert isinstance(chosen, Phone)
    assert chosen.risk


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("+1 (415) 555-2671", "CN", "+14155552671"),
        ("+852 5123 4567", "CN", "+85251234567"),
        ("0044 20 7031 3000", "CN", "+442070313000"),
        ("010-62781234", "CN", "+861062781234"),
        ("020 7031 3000", "GB", "+442070313000"),
        ("+39 02 3661 8300", "CN", "+390236618300"),
    ],
)
def test_other_numbers_follow_their_plan(raw: str, region: str, e164: str) -> None:
    assert parse_phone(raw, default_region=region) == Phone(e164, is_mobile_cn=False, risk=False)


def test_a_chinese_mobile_abroad_needs_its_country_code() -> None:
    abroad = parse_phone("+8613800138000", default_region="US")
    assert abroad == Phone("+8613800138000", is_mobile_cn=True, risk=False)
    assert parse_phone("13800138000", default_region="FR") == PhoneError(P.NOT_A_NUMBER)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", P.EMPTY),
        (" - \u200b", P.EMPTY),
        ("+", P.EMPTY),
        ("()", P.EMPTY),
        ("1" * 65, P.TOO_LONG),
        ("1380013800O", P.BAD_CHARACTER),
        ("138😀0138000", P.BAD_CHARACTER),
        ("13800138000\x00", P.BAD_CHARACTER),
        ("13800138000\ud800", P.BAD_CHARACTER),
        ("電話", P.BAD_CHARACTER),
        ("+86+13800138000", P.BAD_CHARACTER),
        ("1380013800", P.WRONG_LENGTH),
        ("138001380001", P.WRONG_LENGTH),
        ("+86 1380013800", P.WRONG_LENGTH),
        ("12345678901", P.NOT_A_NUMBER),
        ("110", P.NOT_A_NUMBER),
        ("+999 123456789", P.COUNTRY_CODE_NEEDED),
        ("+1 415", P.NOT_A_NUMBER),
        ("0" * 60, P.NOT_A_NUMBER),
    ],
)
def test_a_refused_phone_says_why(raw: str, code: PhoneErrorCode) -> None:
    assert parse_phone(raw) == PhoneError(code)


def test_an_unknown_region_is_a_reason_not_a_crash() -> None:
    assert parse_phone("02070313000", default_region="??") == PhoneError(P.COUNTRY_CODE_NEEDED)


def test_a_phone_is_masked_in_its_repr() -> None:
    assert repr(parse_phone("13800138000")) == "Phone(138****8000)"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("张小三", "张小三"),
        ("  张 三\u3000", "张三"),
        ("张\u200b三", "张三"),
        ("欧阳娜娜", "欧阳娜娜"),
        ("阿卜杜热合曼·买买提", "阿卜杜热合曼·买买提"),
        ("阿卜杜热合曼•买买提", "阿卜杜热合曼·买买提"),
        ("阿卜杜热合曼・买买提", "阿卜杜热合曼·买买提"),
        ("阿卜杜热合曼‧买买提", "阿卜杜热合曼·买买提"),
        ("阿卜杜热合曼.买买提", "阿卜杜热合曼·买买提"),
        ("阿卜杜热合曼．买买提", "阿卜杜热合曼·买买提"),
        ("阿卜杜热合曼 · 买买提", "阿卜杜热合曼·买买提"),
        ("阿卜杜热合曼··买买提·", "阿卜杜热合曼·买买提"),
        ("龚〇", "龚〇"),
        ("𬱖昉𠮷", "𬱖昉𠮷"),
        ("John Smith", "John Smith"),
        ("ＪＯＨＮ　 ＳＭＩＴＨ", "JOHN SMITH"),
        ("O’Brien", "O'Brien"),
        ("Anne‐Marie", "Anne-Marie"),
        ("SMITH, JOHN", "SMITH JOHN"),
        ("SMITH,JOHN", "SMITH JOHN"),
        ("J. R. R. Tolkien", "J. R. R. Tolkien"),
        ("Jose\u0301 Garci\u0301a", "José García"),
        ("Nguyễn Văn A", "Nguyễn Văn A"),
        ("Иван Петров", "Иван Петров"),
        ("김민수", "김민수"),
        ("山田 たろう", "山田 たろう"),
        ("བསྟན་འཛིན", "བསྟན་འཛིན"),
        ("ئابدۇراخمان", "ئابدۇراخمان"),
        ("ᠪᠠᠲᠤ", "ᠪᠠᠲᠤ"),
        ("ꆈꌠ", "ꆈꌠ"),
        ("สมชาย ใจดี", "สมชาย ใจดี"),
    ],
)
def test_names_people_have(raw: str, name: str) -> None:
    assert parse_name(raw) == name
    assert parse_name(name) == name


@pytest.mark.parametrize(
    ("raw", "code", "position"),
    [
        ("", N.EMPTY, None),
        (" \u200b\u3000", N.EMPTY, None),
        ("··", N.EMPTY, None),
        ("张", N.TOO_SHORT, None),
        ("·张·", N.TOO_SHORT, None),
        ("张" * 61, N.TOO_LONG, None),
        ("a" * 257, N.TOO_LONG, None),
        ("张😀三", N.EMOJI, 2),
        ("张三👨\u200d👩", N.EMOJI, 3),
        ("张★三", N.EMOJI, 2),
        ("张三2", N.DIGIT, 3),
        ("张三１", N.DIGIT, 3),
        ("张\n三", N.CONTROL_CHARACTER, 2),
        ("John\tSmith", N.CONTROL_CHARACTER, 5),
        ("张\x00三", N.CONTROL_CHARACTER, 2),
        ("张三\x1b[31m", N.CONTROL_CHARACTER, 3),
        ("张三;--", N.PUNCTUATION, 3),
        ("<b>张三", N.EMOJI, 1),
        ("张三(儿童)", N.PUNCTUATION, 3),
        ("张\ue000", N.UNSUPPORTED_CHARACTER, 2),
        ("\u3164\u3164", N.UNSUPPORTED_CHARACTER, 1),
        ("张\ud800", N.UNSUPPORTED_CHARACTER, 2),
        ("Z" + "\u0335" * 9 + "algo", N.UNSUPPORTED_CHARACTER, 6),
        ("' . '", N.NO_LETTER, None),
    ],
)
def test_a_refused_name_says_why(raw: str, code: NameErrorCode, position: int | None) -> None:
    assert parse_name(raw) == NameProblem(code, position)


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("110105194912311234", "11****1949********"),
        ("11010519491231002X", "11****1949********"),
        ("USA110074010120", "USA************"),
        ("H12345678", "H1*****78"),
        ("H1234567801", "H1*******01"),
        ("12345678", "12****78"),
        ("E12345678", "E1*****78"),
        ("A1234", "A****"),
        ("军字第2001988号", "军字*******8号"),
        ("1234", "****"),
        ("", ""),
        ("9" * 500, "*" * 64),
    ],
)
def test_document_masks(number: str, masked: str) -> None:
    assert mask_document(number) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "138****8000"),
        ("+14155552671", "+141****2671"),
        ("+861062781234", "+8610****1234"),
        ("12345", "***45"),
        ("110", "***"),
        ("", ""),
        ("9" * 500, "*" * 64),
    ],
)
def test_phone_masks(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张小三", "张*三"),
        ("张三", "张*"),
        ("张", "*"),
        ("欧阳娜娜", "欧**娜"),
        ("阿卜杜·买买提", "阿*****提"),
        ("John Smith", "J*** S***"),
        ("Suharto", "S***"),
        ("", ""),
        ("   ", ""),
        ("a b c d e f", "a*** b*** c*** d***"),
        ("张" * 500, "*" * 64),
    ],
)
def test_name_masks(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(2012, 10, 2), date(2026, 10, 1), 13),
        (date(2012, 10, 2), date(2026, 10, 2), 14),
        (date(2026, 10, 2), date(2026, 10, 2), 0),
        (date(1949, 12, 31), date(2026, 11, 22), 76),
        (date(2008, 2, 29), date(2026, 2, 27), 17),
        (date(2008, 2, 29), date(2026, 2, 28), 18),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2000, 2, 29), date(2100, 2, 28), 100),
        (date(2026, 10, 2), date(2026, 10, 1), -1),
    ],
)
def test_age_on_the_day_of_the_visit(birth: date, day: date, age: int) -> None:
    assert age_on(birth, day) == age
    assert is_minor_under_14(birth, day) is (age < 14)
