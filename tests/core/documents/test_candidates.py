"""What a bare number can be, what a mask leaves, and names and kinds that used to be refused."""

import itertools
import unicodedata
from collections.abc import Iterator
from datetime import date

import pytest

from wenyue.core.documents import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    NameErrorCode,
    NameProblem,
    bare_number,
    document_candidates,
    mask_document,
    parse_document,
    parse_name,
)
from wenyue.core.documents.divisions import CURRENT_DIVISIONS

TODAY = date(2026, 11, 22)
EXPIRY = date(2031, 1, 1)
K = DocumentKind


def read(kind: DocumentKind | None, number: str, nationality: str | None = None) -> Document:
    document = parse_document(kind, number, today=TODAY, nationality=nationality, expires_on=EXPIRY)
    assert isinstance(document, Document), document
    return document


def keys(text: str) -> list[str]:
    return [document.key for document in document_candidates(text, today=TODAY)]


# ------------------------------------------------------------------------------------------------ rules_R2

EVERY_KIND = [
    (K.RESIDENT_ID, "11010519491231002X", None),
    (K.RESIDENCE_PERMIT, "810000199408230021", None),
    (K.FOREIGN_PR, "911124198108030024", None),
    (K.FOREIGN_PR, "USA110074010120", None),
    (K.HM_PERMIT, "H12345678", None),
    (K.HM_PERMIT, "H1234567802", None),
    (K.HM_PERMIT, "MA1234567", "USA"),
    (K.TW_PERMIT, "12345678", None),
    (K.PASSPORT, "E12345678", "CHN"),
    (K.PASSPORT, "EA1234567", None),
    (K.PASSPORT, "MA1234567", "CHN"),
    (K.PASSPORT, "DE1234567", "CHN"),
    (K.PASSPORT, "K12345678", "HKG"),
    (K.PASSPORT, "H12345678", "DEU"),
    (K.PASSPORT, "123456789", "USA"),
    (K.PASSPORT, "12345678", "KOR"),
    (K.PASSPORT, "C01X0006H", "D"),
    (K.TRAVEL_DOCUMENT, "L12345678", None),
    (K.SEAFARER_PASSPORT, "A12345678", None),
    (K.OFFICER_ID, "军字第2001988号", None),
    (K.SOLDIER_ID, "士字第P011816X号", None),
]


@pytest.mark.parametrize(("kind", "number", "nationality"), EVERY_KIND)
def test_rules_R2_what_can_be_booked_is_among_the_candidates_of_its_bare_number(
    kind: DocumentKind, number: str, nationality: str | None
) -> None:
    booked = read(kind, number, nationality)
    assert booked.key in keys(number)
    assert booked.key in keys(f" {number[:3]} {number[3:]} ".lower())


@pytest.mark.parametrize(
    "form", ["{number} {code}", "{number}/{code}", "{code} {number}", "{number} ({code})"]
)
@pytest.mark.parametrize(("number", "code"), [("MA1234567", "CHN"), ("123456789", "USA"), ("12345678", "KR")])
def test_rules_R2_a_nationality_beside_the_number_is_heard(form: str, number: str, code: str) -> None:
    assert keys(form.format(number=number, code=code))[0] == read(K.PASSPORT, number, code).key


def test_rules_R2_a_number_that_many_could_carry_has_one_candidate_for_each() -> None:
    found = document_candidates("123456789", today=TODAY)
    assert {document.nationality for document in found if document.kind is K.PASSPORT} >= {
        "USA",
        "GBR",
        "JPN",
    }
    assert len({document.key for document in found}) == len(found)
    assert {document.bare_number for document in found} == {"number:123456789"}


def test_rules_R2_a_card_that_says_itself_what_it_is_has_one_candidate() -> None:
    assert keys("11010519491231002X") == ["resident_id:11010519491231002X"]
    assert keys("11010519491231002１") == []  # a wrong check digit: nothing carries that number


def test_rules_R2_an_expired_machine_readable_passport_is_still_found() -> None:
    line = "L898902C36UTO7408122F1204159ZE184226B<<<<<10".replace("UTO", "USA")
    assert keys(line) == ["passport:USA:L898902C3"]


@pytest.mark.parametrize("text", ["", "   ", "\x00", "A" * 500, "<" * 44, "张三", "军", "-", "USA ", "<"])
def test_rules_R2_other_text_has_no_candidates(text: str) -> None:
    assert document_candidates(text, today=TODAY) == ()


# ------------------------------------------------------------------------------------------------ security_M4


def test_security_M4_one_number_has_one_bare_number_whatever_it_is_declared_as() -> None:
    assert read(K.PASSPORT, "E12345678", "CHN").key != read(K.PASSPORT, "E12345678", "USA").key
    assert (
        read(K.PASSPORT, "E12345678", "CHN").bare_number == read(K.PASSPORT, "E12345678", "USA").bare_number
    )
    assert read(K.HM_PERMIT, "H1234567802").bare_number == read(K.PASSPORT, "H12345678", "DEU").bare_number
    assert read(K.OFFICER_ID, "军2001988").bare_number == read(K.SOLDIER_ID, "军字第2001988号").bare_number
    assert read(None, "11010519491231002X").bare_number is None
    assert read(None, "USA110074010120").bare_number == "number:USA110074010120"
    assert bare_number("from an old system", "X1") == "number:X1"


@pytest.mark.parametrize(
    "spellings",
    [
        [  # 回乡证, with and without the digits that count its renewals, and the same text as a passport of anywhere
            (K.HM_PERMIT, "H12345678", None),
            (K.HM_PERMIT, "h1234567801", None),
            (K.HM_PERMIT, "Ｈ１２３４５６７８ ０２", None),
            (K.PASSPORT, "H12345678", "CHN"),
            (K.PASSPORT, "H1234567801", "USA"),
            (K.PASSPORT, "H12345678-99", "GBR"),
        ],
        [  # 台胞证
            (K.TW_PERMIT, "12345678", None),
            (K.TW_PERMIT, "1234 5678 01", None),
            (K.PASSPORT, "12345678", "USA"),
            (K.PASSPORT, "1234567801", "USA"),
            (K.PASSPORT, "1234567802", "ISR"),
        ],
        [(K.HM_PERMIT, "HA1234567", None), (K.PASSPORT, "ha-1234567", "IND")],
        [  # military cards, whatever stands before the number and however it is written
            (K.OFFICER_ID, "军字第2001988号", None),
            (K.OFFICER_ID, "軍字第2001988號", None),
            (K.OFFICER_ID, "軍字第 ２００１９８８ 号", None),
            (K.OFFICER_ID, "军字第№2001988号", None),
            (K.OFFICER_ID, "政字第2001988号", None),
            (K.OFFICER_ID, "军02001988", None),
            (K.SOLDIER_ID, "士字第2001988号", None),
            (None, "後字第2001988號", None),
        ],
    ],
)
def test_security_H3_one_document_has_one_bare_number_however_it_is_spelled(
    spellings: list[tuple[DocumentKind | None, str, str | None]],
) -> None:
    bare = {read(kind, raw, nationality).bare_number for kind, raw, nationality in spellings}
    assert len(bare) == 1, bare
    assert None not in bare


def test_security_H3_numbers_that_differ_stay_two() -> None:
    """Consecutive passports of a family and permits of two people are not taken for one."""
    for kind, one, two, nationality in (
        (K.PASSPORT, "123456780", "123456781", "USA"),
        (K.PASSPORT, "H12345678", "H12345679", "CHN"),
        (K.HM_PERMIT, "H1234567801", "H1234567901", None),
        (K.TW_PERMIT, "1234567801", "1234567901", None),
        (K.OFFICER_ID, "军字第2001988号", "军字第2001989号", None),
    ):
        assert read(kind, one, nationality).bare_number != read(kind, two, nationality).bare_number


@pytest.mark.parametrize(
    "raw", ["軍字第2001988號", "军字第 2001988 号", "軍２００１９８８", "軍字第№2001988號"]
)
def test_security_H3_a_military_cards_spelling_makes_no_second_person(raw: str) -> None:
    """Bans and accounts hang on the key: traditional and simplified, wide and narrow are one."""
    assert read(K.OFFICER_ID, raw).key == "officer_id:军字第2001988号"


# ------------------------------------------------------------------------------------------------ security_M2


def _eighteen_that_fit(mask: str, birth: date, divisions: list[str]) -> Iterator[str]:
    """Every valid number of somebody born on `birth` that the mask could stand for."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    for division, sequence in itertools.product(divisions, range(1000)):
        head = f"{division}{birth:%Y%m%d}{sequence:03}"
        check = "10X98765432"[sum(int(d) * w for d, w in zip(head, weights, strict=True)) % 11]
        if all(shown in ("*", real) for shown, real in zip(mask, head + check, strict=True)):
            yield head + check


@pytest.mark.parametrize("number", [number for _, number, _ in EVERY_KIND if len(number) == 18])
def test_security_M2_a_masked_card_leaves_a_thousand_numbers_to_whoever_knows_birth_and_home(
    number: str,
) -> None:
    document = read(None, number)
    assert document.birth is not None
    known_home = [number[:6]]
    assert len(list(_eighteen_that_fit(mask_document(number), document.birth, known_home))) == 1000
    same_province = [code for code in CURRENT_DIVISIONS if code.startswith(number[:2])] or known_home
    fitting = list(_eighteen_that_fit(mask_document(number), document.birth, same_province))
    assert len(fitting) == 1000 * len(same_province)


def test_security_M2_the_old_mask_left_a_handful() -> None:
    old = "110***********002X"
    beijing = [code for code in CURRENT_DIVISIONS if code.startswith("110")]
    assert 1 <= len(list(_eighteen_that_fit(old, date(1949, 12, 31), beijing))) <= 6


@pytest.mark.parametrize(
    "number", [number for _, number, _ in EVERY_KIND if len(number) != 18] + ["A1234", "AB12345"]
)
def test_security_M2_a_masked_permit_or_passport_leaves_a_thousand_numbers(number: str) -> None:
    """Counted by what is hidden: these numbers have no check digit but in the older permanent-resident card's last two."""
    hidden = [real for shown, real in zip(mask_document(number), number, strict=True) if shown == "*"]
    ways = 1
    for character in hidden:
        ways *= 10 if character.isdigit() else 26 if character.isascii() else 1
    if len(number) == 15:  # four digits of place, six of birth, two that follow or count
        assert all(shown == "*" for shown in mask_document(number)[3:])
        ways = 10**4 * 10
    assert ways >= 1000


# ------------------------------------------------------------------------------------------------ rules_R5


@pytest.mark.parametrize(
    "character",
    ["\U00030000", "\U00031350", "\U000323af", "\U0002ebf0", "\U0002ec00", "\U0002ee5d", "\U000323b0"],
)
def test_rules_R5_names_in_every_extension_are_accepted_by_block(character: str) -> None:
    assert parse_name(f"张{character}") == f"张{character}"
    assert parse_name(f"{character}{character}") == f"{character}{character}"
    assert parse_name(f"{character} . 买买提") == f"{character}·买买提"


def test_rules_R5_the_blocks_do_not_depend_on_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this Python knew no Chinese character at all."""
    known = unicodedata.category

    def older(character: str) -> str:
        return "Cn" if ord(character) > 0x2FFF else known(character)

    monkeypatch.setattr(unicodedata, "category", older)
    assert parse_name("欧阳\U00031350") == "欧阳\U00031350"


@pytest.mark.parametrize("character", ["\U0002fffe", "\U0003ffff", "\U0002ffff", "\U000e0fff", "\U0002a6e0"])
def test_rules_R5_what_is_no_character_is_refused(character: str) -> None:
    refused = parse_name(f"张{character}")
    assert isinstance(refused, NameProblem)
    assert refused.code is NameErrorCode.UNSUPPORTED_CHARACTER


@pytest.mark.parametrize("raw", ["阿卜杜˙买买提", "阿卜杜 ˙ 买买提", "˙阿卜杜˙买买提˙"])
def test_rules_R5_the_dot_above_is_the_name_dot(raw: str) -> None:
    assert parse_name(raw) == "阿卜杜·买买提"


# ------------------------------------------------------------------------------------------------ rules_R7


@pytest.mark.parametrize(
    ("kind", "raw", "number"),
    [
        (None, "军字第2001988号", "军字第2001988号"),
        (K.OFFICER_ID, "军２００１９８８", "军字第2001988号"),
        (K.OFFICER_ID, "武警字第 0123456 號", "武警字第0123456号"),
        (K.SOLDIER_ID, "士字第p011816x号", "士字第P011816X号"),
        (None, "兵字第20010203号", "兵字第20010203号"),
        (K.TRAVEL_DOCUMENT, "l-1234567", "L1234567"),
        (K.SEAFARER_PASSPORT, "a 1234 5678", "A12345678"),
    ],
)
def test_rules_R7_military_cards_travel_documents_and_seafarers_passports(
    kind: DocumentKind | None, raw: str, number: str
) -> None:
    document = read(kind, raw)
    assert document.number == number
    assert document.key == f"{document.kind.value}:{number}"
    assert document.kind is kind or kind is None
    assert read(document.kind, number) == document


def test_rules_R7_without_a_kind_the_first_word_says_which_military_card() -> None:
    assert read(None, "军字第2001988号").kind is K.OFFICER_ID
    assert read(None, "士字第2001988号").kind is K.SOLDIER_ID


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        (K.OFFICER_ID, "2001988", DocumentErrorCode.BAD_MILITARY_NUMBER),
        (K.SOLDIER_ID, "士字第号", DocumentErrorCode.BAD_MILITARY_NUMBER),
        (K.SOLDIER_ID, "士字第12345678901号", DocumentErrorCode.BAD_MILITARY_NUMBER),
        (K.OFFICER_ID, "字字第2001988号", DocumentErrorCode.BAD_MILITARY_NUMBER),
        (K.TRAVEL_DOCUMENT, "E12345678", DocumentErrorCode.KIND_MISMATCH),
        (K.TRAVEL_DOCUMENT, "L123456", DocumentErrorCode.BAD_TRAVEL_DOCUMENT_NUMBER),
        (K.SEAFARER_PASSPORT, "B12345678", DocumentErrorCode.BAD_SEAFARER_NUMBER),
        (K.PASSPORT, "军字第2001988号", DocumentErrorCode.BAD_CHARACTER),
        (None, "张三丰", DocumentErrorCode.BAD_CHARACTER),
    ],
)
def test_rules_R7_a_wrong_shape_says_what_the_right_one_is(
    kind: DocumentKind | None, raw: str, code: DocumentErrorCode
) -> None:
    refused = parse_document(kind, raw, today=TODAY)
    assert isinstance(refused, DocumentError)
    assert refused.code is code
