"""Numbers of eighteen characters and the older residence card: one row per case, accepted or refused with its reason."""

from datetime import date

import pytest

from tests.support.documents import ID, PERMIT, PR, TODAY, VALID, E, W, accepted, refused, with_check
from wenyue.core.documents import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    DocumentWarning,
    parse_document,
    province_of,
)
from wenyue.core.documents.divisions import CURRENT_DIVISIONS, PROVINCES


@pytest.mark.parametrize(
    "raw",
    [
        VALID,
        "11010519491231002x",
        " 11010519491231002X ",
        "110105 19491231 002X",
        "110105-19491231-002X",
        "110105–19491231—002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "11010519491231002Ⅹ",
        "1\u200b10105\u200c1949\ufeff1231\u2060002X\u200d",
        "\u202d11010519491231002X\u202c",
        "110105\u3000 19491231\u00a0\t002X\r\n",
        "1101051949123100\u00ad2X",
    ],
)
@pytest.mark.parametrize("kind", [None, ID])
def test_decorations_fall_away(kind: DocumentKind | None, raw: str) -> None:
    assert accepted(kind, raw) == Document(
        ID, VALID, "resident_id:" + VALID, date(1949, 12, 31), "F", "CHN", (), None
    )


@pytest.mark.parametrize(
    ("raw", "code", "position"),
    [
        ("", E.EMPTY, None),
        (" \u200b-\t", E.EMPTY, None),
        ("1" * 257, E.TOO_LONG, None),
        ("1101" * 10, E.WRONG_LENGTH, None),
        ("110105491231002", E.FIFTEEN_DIGITS, None),
        ("１１０１０５４９１２３１００２", E.FIFTEEN_DIGITS, None),
        ("11010519491231002", E.WRONG_LENGTH, None),
        ("11010519491231002XX", E.WRONG_LENGTH, None),
        ("110105194912310021X", E.WRONG_LENGTH, None),
        ("110105194912310021", E.BAD_CHECK_DIGIT, 18),
        ("110105194912310020", E.BAD_CHECK_DIGIT, 18),
        ("11010519491231002Y", E.BAD_CHARACTER, 18),
        ("1101O519491231002X", E.BAD_CHARACTER, 5),
        ("1101051949123100X2", E.BAD_CHARACTER, 17),
        ("11010519491231002😀", E.BAD_CHARACTER, 18),
        ("11010519491231002×", E.BAD_CHARACTER, 18),
        ("11010519491231002Х", E.BAD_CHARACTER, 18),  # Cyrillic
        ("1️⃣1010519491231002X", E.BAD_CHARACTER, 2),
        ("身份证", E.BAD_CHARACTER, 1),
        ("1101051949\x001231002X", E.BAD_CHARACTER, 11),
        ("11010519491231002\ud800", E.BAD_CHARACTER, 18),
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", E.BAD_CHARACTER, 1),
        (with_check("11010520990101001"), E.FUTURE_BIRTH_DATE, 7),
        (with_check("11010520261123001"), E.FUTURE_BIRTH_DATE, 7),
        (with_check("11010520230229001"), E.BAD_BIRTH_DATE, 7),
        (with_check("11010519491301001"), E.BAD_BIRTH_DATE, 7),
        (with_check("11010519490001001"), E.BAD_BIRTH_DATE, 7),
        (with_check("11010500000101001"), E.BAD_BIRTH_DATE, 7),
        (with_check("11010500010101001"), E.BIRTH_TOO_LONG_AGO, 7),
        (with_check("11010518000101001"), E.BIRTH_TOO_LONG_AGO, 7),
        (with_check("11010518961121001"), E.BIRTH_TOO_LONG_AGO, 7),
        (with_check("00010519491231002"), E.BAD_PROVINCE, 1),
        (with_check("16010519491231002"), E.BAD_PROVINCE, 1),
        (with_check("84000019491231002"), E.BAD_PROVINCE, 1),
        ("000000000000000000", E.BAD_PROVINCE, 1),
        ("H12345678", E.KIND_MISMATCH, None),
    ],
)
def test_a_refused_resident_id_says_why(raw: str, code: DocumentErrorCode, position: int | None) -> None:
    problem = refused(ID, raw)
    assert (problem.code, problem.position) == (code, position)


def test_a_child_born_today_has_a_number() -> None:
    assert accepted(ID, with_check("11010520261122001")).birth == TODAY


@pytest.mark.parametrize("place", ["110105", "810000", "911156"])
def test_suite_M7_a_birth_of_more_than_130_years_ago_is_a_mistyped_year_in_every_kind_that_has_one(
    place: str,
) -> None:
    assert accepted(None, with_check(place + "18961122" + "001")).birth == TODAY.replace(year=1896)
    for birth in ("18961121", "18000101", "00010101"):
        problem = parse_document(None, with_check(place + birth + "001"), today=TODAY)
        assert isinstance(problem, DocumentError)
        assert (problem.code, problem.position) == (E.BIRTH_TOO_LONG_AGO, 7)


def test_the_division_list_was_copied_whole() -> None:
    """2,845 county-level divisions at the end of 2025 and the four prefecture-level cities that have none."""
    assert len(CURRENT_DIVISIONS) == 2_849
    assert {code[:2] for code in CURRENT_DIVISIONS} == set(PROVINCES) - {"71", "81", "82", "83"}


@pytest.mark.parametrize(
    ("number", "province", "warnings"),
    [
        (VALID, "北京市", ()),
        (with_check("11010319491231002"), "北京市", (W.DIVISION_NOT_CURRENT,)),  # 崇文区, abolished 2010
        (with_check("51021219700101001"), "四川省", (W.DIVISION_NOT_CURRENT,)),  # Chongqing before 1997
        (with_check("35030119700101001"), "福建省", (W.DIVISION_NOT_CURRENT,)),  # never a county of its own
        (with_check("44190019900101001"), "广东省", ()),  # 东莞 has no counties
        (with_check("44200019900101001"), "广东省", ()),
        (with_check("46040019900101001"), "海南省", ()),
        (with_check("65901219900101001"), "新疆维吾尔自治区", ()),
        (with_check("71000019900101001"), "台湾省", (W.DIVISION_NOT_CURRENT,)),
        (with_check("11010519000101001"), "北京市", (W.AGE_OVER_120,)),
    ],
)
def test_a_place_is_doubted_never_refused(
    number: str, province: str, warnings: tuple[DocumentWarning, ...]
) -> None:
    document = accepted(None, number)
    place = province_of(document)
    assert place is not None
    assert (document.kind, place.name["zh-CN"], document.warnings) == (ID, province, warnings)


@pytest.mark.parametrize(
    ("first_six", "province", "warnings"),
    [
        ("810000", "香港特别行政区", ()),
        ("820000", "澳门特别行政区", ()),
        ("830000", "台湾省", ()),
        ("810101", "香港特别行政区", (W.DIVISION_NOT_CURRENT,)),
        ("830101", "台湾省", (W.DIVISION_NOT_CURRENT,)),
    ],
)
def test_residence_permits(first_six: str, province: str, warnings: tuple[DocumentWarning, ...]) -> None:
    number = with_check(first_six + "19901231001")
    document = accepted(None, number)
    place = province_of(document)
    assert place is not None
    assert (document.kind, document.key) == (PERMIT, "residence_permit:" + number)
    assert (document.birth, document.sex) == (date(1990, 12, 31), "M")
    assert (place.name["zh-CN"], document.warnings) == (province, warnings)
    assert accepted(PERMIT, number) == document


def test_the_2023_permanent_resident_card() -> None:
    document = accepted(None, "911124198108030024")
    assert document == Document(
        PR, "911124198108030024", "foreign_pr:911124198108030024", date(1981, 8, 3), "F", "CAN", (), None
    )
    place = province_of(document)
    assert place is not None
    assert place.name["en"] == "Beijing"
    assert accepted(PR, "９１１１２４１９８１０８０３００２４") == document


@pytest.mark.parametrize(
    ("number", "warnings"),
    [
        (with_check("91199919810803002"), (W.UNKNOWN_NATIONALITY,)),
        (with_check("90012419810803002"), (W.PROVINCE_UNKNOWN,)),
    ],
)
def test_what_is_not_published_of_the_permanent_resident_card_only_warns(
    number: str, warnings: tuple[DocumentWarning, ...]
) -> None:
    assert accepted(PR, number).warnings == warnings


def test_the_older_permanent_resident_card() -> None:
    document = accepted(None, "usa 110074-010120")
    assert (document.kind, document.number, document.nationality) == (PR, "USA110074010120", "USA")
    assert (document.key, document.birth, document.sex) == ("foreign_pr:USA110074010120", None, None)
    assert province_of(document) is None
    assert accepted(PR, "QQQ110074010120").warnings == (W.UNKNOWN_NATIONALITY,)
