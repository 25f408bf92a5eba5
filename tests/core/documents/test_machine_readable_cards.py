"""Machine-readable lines of cards: the specimens of ICAO Doc 9303, cards that China issues, and those nobody enters with."""

from datetime import date

import pytest

from wenyue.core.documents import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    document_candidates,
    parse_document,
)
from wenyue.core.documents.machine_readable import CardLines, check_digit, read_card
from wenyue.gate import GateKeys, Presented, Reason
from wenyue.gate.queries import read_presented

TODAY = date(2026, 11, 22)
KEYS = GateKeys.from_bytes(bytes(range(32)), bytes(range(1, 33)))
E = DocumentErrorCode
# Specimens of ICAO Doc 9303 part 5 (TD1, and one with a long number) and part 6 (TD2); their state, UTO, does not exist.
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<" + "7408122F1204159UTO<<<<<<<<<<<6" + "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
TD1_LONG = (
    "I<UTOD23145890<7349<<<<<<<<<<<" + "3407127M9507122UTO<<<<<<<<<<<2" + "STEVENSON<<PETER<JOHN<<<<<<<<<"
)
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<" + "D231458907UTO7408122F1204159<<<<<<<6"


def td1(
    number: str,
    *,
    code: str = "I<",
    issuer: str = "CHN",
    nationality: str = "USA",
    optional: str = "",
    birth: str = "800101",
    expiry: str = "330101",
) -> str:
    """Three good lines."""
    if len(number) > 9:
        optional = number[9:] + str(check_digit(number)) + "<" + optional
        head = number[:9] + "<"
    else:
        head = number.ljust(9, "<") + str(check_digit(number.ljust(9, "<")))
    head += optional.ljust(15, "<")
    dates = f"{birth}{check_digit(birth)}", f"{expiry}{check_digit(expiry)}"
    last = check_digit(head + dates[0] + dates[1] + "<" * 11)
    line_2 = f"{dates[0]}F{dates[1]}{nationality.ljust(3, '<')}{'<' * 11}{last}"
    return f"{code}{issuer.ljust(3, '<')}{head}{line_2}{'DOE<<JANE'.ljust(30, '<')}"


@pytest.mark.parametrize(
    ("text", "number", "birth", "expiry"),
    [
        (TD1, "D23145890", date(1974, 8, 12), date(2012, 4, 15)),
        (TD1_LONG, "D23145890734", date(1934, 7, 12), date(2095, 7, 12)),
        (TD2, "D23145890", date(1974, 8, 12), date(2012, 4, 15)),
    ],
)
def test_the_specimens_are_read(text: str, number: str, birth: date, expiry: date) -> None:
    card = read_card(text, TODAY)
    assert isinstance(card, CardLines)
    assert (card.code, card.issuer, card.nationality, card.number) == ("I", "UTO", "UTO", number)
    assert (card.birth, card.expires_on, card.is_passport) == (birth, expiry, False)
    assert parse_document(None, text, today=TODAY) == DocumentError(E.NOT_ACCEPTED)


@pytest.mark.parametrize("text", [TD1, TD1_LONG, TD2])
def test_every_single_misread_of_a_checked_field_of_a_card_is_caught(text: str) -> None:
    is_td1 = len(text) == 90
    numbers, second = (5, 30) if is_td1 else (36, 49)
    checked = (
        *range(numbers, numbers + 10),
        *range(second, second + 7),
        *range(second + 8, second + 15),
        59 if is_td1 else 71,
    )
    for place in checked:
        for other in "0123456789":
            if text[place].isdigit() and text[place] != other:
                misread = read_card(text[:place] + other + text[place + 1 :], TODAY)
                assert isinstance(misread, DocumentError)
                assert misread.code is E.BAD_MRZ_CHECK_DIGIT, place


@pytest.mark.parametrize(
    ("number", "more", "kind"),
    [
        ("H12345678", {"nationality": "CHN"}, DocumentKind.HM_PERMIT),
        ("HA1234567", {"nationality": "GBR"}, DocumentKind.HM_PERMIT),
        ("12345678", {"nationality": "TWN"}, DocumentKind.TW_PERMIT),
        ("USA110080010112", {}, DocumentKind.FOREIGN_PR),
    ],
)
def test_cards_of_china_are_read_like_their_number(
    number: str, more: dict[str, str], kind: DocumentKind
) -> None:
    lines = td1(number, **more)
    typed = parse_document(kind, number, today=TODAY)
    for chosen in (None, kind):
        scanned = parse_document(chosen, lines, today=TODAY)
        assert isinstance(scanned, Document)
        assert isinstance(typed, Document)
        assert (scanned.kind, scanned.key, scanned.expires_on) == (kind, typed.key, date(2033, 1, 1))
    assert parse_document(DocumentKind.PASSPORT, lines, today=TODAY) == DocumentError(E.KIND_MISMATCH, kind)
    expired = td1(number, **more, expiry="200101")
    assert parse_document(None, expired, today=TODAY) == DocumentError(E.EXPIRED, kind)
    [found] = document_candidates(
        expired, today=TODAY
    )  # the number finds the booking; the keeper sees the date
    assert found.key == typed.key


def test_a_number_of_eighteen_is_found_wherever_the_card_has_it() -> None:
    number = "911124198108030024"
    long, optional = td1(number), td1("123456789", optional=number[:15])
    scanned = parse_document(None, long, today=TODAY)
    typed = parse_document(DocumentKind.FOREIGN_PR, number, today=TODAY)
    assert isinstance(scanned, Document)
    assert isinstance(typed, Document)
    assert (scanned.key, scanned.nationality) == (typed.key, typed.nationality)
    assert parse_document(None, optional, today=TODAY) == DocumentError(E.NOT_ACCEPTED)


def test_a_passport_card_is_a_passport() -> None:
    scanned = parse_document(None, td1("C03005988", code="IP", issuer="USA"), today=TODAY)
    typed = parse_document(
        DocumentKind.PASSPORT, "C03005988", today=TODAY, nationality="USA", expires_on=date(2033, 1, 1)
    )
    assert isinstance(scanned, Document)
    assert isinstance(typed, Document)
    assert (scanned.key, scanned.birth, scanned.sex) == (typed.key, date(1980, 1, 1), "F")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (TD1[:-1], E.BAD_MRZ),
        (TD1 + "<", E.BAD_MRZ),
        ("X" + TD1[1:], E.BAD_MRZ),
        (TD1[:30] + TD1[60:] + TD1[30:60], E.BAD_MRZ),
        (td1("C03005988", code="IP", issuer="USA", nationality="UTO"), E.BAD_NATIONALITY),
        (td1("C03005988", expiry="331301"), E.BAD_EXPIRY_DATE),
        (td1("C03005988", birth="801301"), E.BAD_BIRTH_DATE),
        (td1("AB1234567", issuer="D", nationality="D"), E.NOT_ACCEPTED),
    ],
)
def test_refused_lines_of_a_card_say_why(text: str, code: DocumentErrorCode) -> None:
    read = parse_document(None, text, today=TODAY)
    assert isinstance(read, DocumentError)
    assert read.code is code
    assert document_candidates(text, today=TODAY) == ()


def test_the_gate_says_that_another_countrys_card_is_no_document_here() -> None:
    [reading] = read_presented(TD1, KEYS, TODAY)
    assert (reading.kind, reading.problem) == (Presented.DOCUMENT, Reason.DOCUMENT_INVALID)
    assert reading.why == "document_not_accepted"
    *_, permit = read_presented(td1("H12345678", nationality="CHN"), KEYS, TODAY)
    assert [one.key for one in permit.documents] == ["hm_permit:H12345678"]
