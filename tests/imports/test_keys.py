"""One number, many spellings: one key, or an ambiguous one, never two."""

import pytest

from wenyue.imports.keys import fold_key, is_ruined, loose_key, plain_text

SAME = (
    '="YD9005"',
    "YD9005",
    "'YD9005",
    " yd9005 ",
    "ＹＤ９００５",
    "YD 9005",
    "Yd9005\t",
    "\u3000YD9005",
    "‘YD9005",
)


@pytest.mark.parametrize("raw", SAME)
def test_imports_K1_K2_K3_spellings_of_one_key(raw: str) -> None:
    assert fold_key(raw) == "YD9005"
    assert not is_ruined(raw)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("00012345", "12345"),
        ("YD-77", "YD77"),
        ("YD—77", "YD-77"),
        ("12345", "１２３４５"),
        ("yd 77", "YD77"),
        ("12345.0", "12345"),
    ],
)
def test_what_a_person_could_take_for_the_same_is_so_loosely(one: str, other: str) -> None:
    assert loose_key(fold_key(one)) == loose_key(fold_key(other))


def test_dashes_of_every_kind_are_one() -> None:
    assert {fold_key(f"YD{dash}77") for dash in "-‐‑–—−－_"} == {"YD-77"}


@pytest.mark.parametrize(
    "raw",
    [
        "2.02703E+14",
        "6.00020E+15",
        "1.1E17",
        "2,02703E+14",
        "12345.0",
        "12345.00",
        "＇2.02703E+14",
        "２．０２７０３Ｅ＋１４",
    ],
)
def test_imports_S1_what_excel_ruined_is_no_key(raw: str) -> None:
    assert is_ruined(raw)


@pytest.mark.parametrize(
    "raw", ["202703000000001", "E12345678", "1E", "A.5", "1.5.2", "YD1.0", "11010519491231002X"]
)
def test_what_only_looks_like_it_is_one(raw: str) -> None:
    assert not is_ruined(raw)


def test_nothing_is_no_key() -> None:
    assert [fold_key(raw) for raw in ("", "  ", "\u3000", '=""', "\ufeff")] == [""] * 5
    assert plain_text('="a""b"') == 'a"b'
    assert loose_key("000") == "000"
