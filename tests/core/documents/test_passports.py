"""Passports: Chinese series, foreign numbers with nationality and expiry, and machine-readable lines."""

from datetime import date

import pytest

from wenyue.core.documents import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    DocumentWarning,
    parse_document,
)

TODAY = date(2026, 11, 22)
LATER = date(2030, 1, 1)
PASSPORT = DocumentKind.PASSPORT
E = DocumentErrorCode
W = DocumentWarning
# The specimen of ICAO Doc 9303 part 4 (its state, UTO, does not exist), and itself with a real nationality.
SPECIMEN_1 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
SPECIMEN_2 = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
SWEDISH_2 = "L898902C36SWE7408122F1204159ZE184226B<<<<<10"
SPECIMEN_DAY = date(2012, 4, 15)
MRZ_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def check(field: str) -> str:
    values = [0 if character == "<" else MRZ_ALPHABET.index(character) for character in field]
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)


def line_2(
    number: str = "L898902C3", nationality: str = "SWE", birth: str = "740812", expiry: str = "300415"
) -> str:
    number = number.ljust(9, "<")
    parts = number + check(number), birth + check(birth), expiry + check(expiry) + "<" * 14 + "<"
    return parts[0] + nationality.ljust(3, "<") + parts[1] + "F" + parts[2] + check("".join(parts))


@pytest.mark.parametrize(
    ("raw", "warnings"),
    [
        ("E12345678", ()),
        ("e1234 5678", ()),
        ("EA1234567", ()),
        ("EH1234567", ()),
        ("G12345678", ()),
        ("DE1234567", (W.UNUSUAL_PASSPORT_NUMBER,)),
        ("SE1234567", (W.UNUSUAL_PASSPORT_NUMBER,)),
        ("PE1234567", (W.UNUSUAL_PASSPORT_NUMBER,)),
        ("KJ1234567", (W.UNUSUAL_PASSPORT_NUMBER,)),
        ("MA1234567", (W.UNUSUAL_PASSPORT_NUMBER,)),
    ],
)
@pytest.mark.parametrize("nationality", ["CHN", "cn"])
def test_chinese_passports(raw: str, warnings: tuple[DocumentWarning, ...], nationality: str) -> None:
    document = parse_document(PASSPORT, raw, today=TODAY, nationality=nationality)
    number = raw.upper().replace(" ", "")
    assert document == Document(
        PASSPORT, number, "passport:CHN:" + number, nationality="CHN", warnings=warnings
    )


@pytest.mark.parametrize("raw", ["E1234567", "EI1234567", "EO1234567", "G1234567", "Z12345678", "123456789"])
def test_a_mistyped_chinese_passport(raw: str) -> None:
    document = parse_document(PASSPORT, raw, today=TODAY, nationality="CHN")
    assert document == DocumentError(E.BAD_PASSPORT_NUMBER, PASSPORT)


def test_an_ordinary_chinese_number_needs_no_nationality() -> None:
    for kind in (None, PASSPORT):
        document = parse_document(kind, "E12345678", today=TODAY)
        assert isinstance(document, Document)
        assert document.key == "passport:CHN:E12345678"


@pytest.mark.parametrize(
    ("raw", "nationality", "key"),
    [
        ("C01X00T47", "DEU", "passport:DEU:C01X00T47"),
        ("c01x 00t47", "D", "passport:DEU:C01X00T47"),
        ("123456789", "GB", "passport:GBR:123456789"),
        ("123456789", "usa", "passport:USA:123456789"),
        ("12345678", "FR", "passport:FRA:12345678"),
        ("E12345678", "JPN", "passport:JPN:E12345678"),
        ("H12345678", "IND", "passport:IND:H12345678"),
        ("A1234", "SGP", "passport:SGP:A1234"),
        ("A1234567890123456", "SGP", "passport:SGP:A1234567890123456"),
        ("A12345678", "XXA", "passport:XXA:A12345678"),
    ],
)
@pytest.mark.parametrize("kind", [None, PASSPORT])
def test_foreign_passports(kind: DocumentKind | None, raw: str, nationality: str, key: str) -> None:
    document = parse_document(kind, raw, today=TODAY, nationality=nationality, expires_on=LATER)
    assert isinstance(document, Document)
    assert (document.kind, document.key, document.expires_on) == (PASSPORT, key, LATER)


@pytest.mark.parametrize(
    ("raw", "nationality", "expires_on", "code"),
    [
        ("C01X00T47", None, LATER, E.NATIONALITY_NEEDED),
        ("C01X00T47", " ", LATER, E.NATIONALITY_NEEDED),
        ("C01X00T47", "QQ", LATER, E.BAD_NATIONALITY),
        ("C01X00T47", "德国" * 99, LATER, E.BAD_NATIONALITY),
        ("C01X00T47", "DEU", None, E.EXPIRY_NEEDED),
        ("C01X00T47", "DEU", date(2026, 11, 21), E.EXPIRED),
        ("A123", "DEU", LATER, E.WRONG_LENGTH),
        ("A" * 18, "DEU", LATER, E.WRONG_LENGTH),
        ("A123", None, None, E.WRONG_LENGTH),
        ("C01X00T4é", "DEU", LATER, E.BAD_CHARACTER),
        ("E12345678", "CHN", date(2026, 11, 21), E.EXPIRED),
    ],
)
def test_a_refused_passport_says_why(
    raw: str, nationality: str | None, expires_on: date | None, code: DocumentErrorCode
) -> None:
    result = parse_document(PASSPORT, raw, today=TODAY, nationality=nationality, expires_on=expires_on)
    assert isinstance(result, DocumentError)
    assert (result.code, result.kind) == (code, PASSPORT)


@pytest.mark.parametrize(
    "raw",
    [
        SWEDISH_2,
        SPECIMEN_1 + SWEDISH_2,
        SPECIMEN_1 + "\n" + SWEDISH_2,
        (SPECIMEN_1 + "\r\n" + SWEDISH_2).lower(),
        " ".join(SPECIMEN_1 + SWEDISH_2),
        "Ｐ" + SPECIMEN_1[1:] + SWEDISH_2,
    ],
)
@pytest.mark.parametrize("kind", [None, PASSPORT])
def test_machine_readable_lines(kind: DocumentKind | None, raw: str) -> None:
    assert parse_document(kind, raw, today=SPECIMEN_DAY) == Document(
        PASSPORT, "L898902C3", "passport:SWE:L898902C3", date(1974, 8, 12), "F", "SWE", (), SPECIMEN_DAY
    )


def test_typed_and_scanned_passports_share_a_key() -> None:
    scanned = parse_document(None, line_2("C01X00T47", "D"), today=TODAY)
    typed = parse_document(PASSPORT, "c01x00t47", today=TODAY, nationality="DE", expires_on=LATER)
    assert isinstance(scanned, Document)
    assert isinstance(typed, Document)
    assert scanned.key == typed.key


def test_every_single_misread_of_a_checked_field_is_caught() -> None:
    line = line_2()
    for place in (*range(10), *range(13, 20), *range(21, 28), 43):
        for other in "0123456789":
            if line[place].isdigit() and line[place] != other:
                misread = line[:place] + other + line[place + 1 :]
                result = parse_document(PASSPORT, misread, today=TODAY)
                assert isinstance(result, DocumentError)
                assert result.code is E.BAD_MRZ_CHECK_DIGIT, misread


@pytest.mark.parametrize(
    ("raw", "code", "position"),
    [
        (SPECIMEN_1 + SPECIMEN_2, E.BAD_NATIONALITY, None),
        ("L898902C37SWE7408122F1204159ZE184226B<<<<<10", E.BAD_MRZ_CHECK_DIGIT, 10),
        ("L898902C36SWE7408123F1204159ZE184226B<<<<<10", E.BAD_MRZ_CHECK_DIGIT, 20),
        ("L898902C36SWE7408122F1204158ZE184226B<<<<<10", E.BAD_MRZ_CHECK_DIGIT, 28),
        ("L898902C36SWE7408122F1204159ZE184226B<<<<<20", E.BAD_MRZ_CHECK_DIGIT, 43),
        ("L898902C36SWE7408122F1204159ZE184226B<<<<<11", E.BAD_MRZ_CHECK_DIGIT, 44),
        (SWEDISH_2, E.EXPIRED, None),
        (SWEDISH_2[:-1], E.BAD_MRZ, None),
        (SPECIMEN_1, E.BAD_MRZ, None),
        (SPECIMEN_1 + SPECIMEN_1, E.BAD_MRZ, None),
        ("X" + SPECIMEN_1[1:] + SWEDISH_2, E.BAD_MRZ, None),
        ("<", E.BAD_MRZ, None),
        ("<" * 200, E.BAD_MRZ, None),
        (line_2(birth="741312"), E.BAD_BIRTH_DATE, 14),
        (line_2(expiry="301315"), E.BAD_EXPIRY_DATE, 22),
    ],
)
def test_refused_lines_say_why(raw: str, code: DocumentErrorCode, position: int | None) -> None:
    result = parse_document(PASSPORT, raw, today=TODAY)
    assert result == DocumentError(code, PASSPORT, position)


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        ("261122", date(2026, 11, 22)),
        ("261123", date(1926, 11, 23)),
        ("000229", date(2000, 2, 29)),
        ("740812", date(1974, 8, 12)),
        ("<<<<<<", None),
    ],
)
def test_the_century_of_birth_is_the_latest_possible(birth: str, expected: date | None) -> None:
    document = parse_document(PASSPORT, line_2(birth=birth), today=TODAY)
    assert isinstance(document, Document)
    assert document.birth == expected
