"""What a look-up compares: one spelling for each way to write a name, a phone or an old number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.gate import LookupKind
from wenyue.gate.terms import term_of

NAME, PHONE, REFERENCE = LookupKind.NAME, LookupKind.PHONE, LookupKind.REFERENCE


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        (NAME, ["王小明", "王 小明", " 王小明\t", "王\u3000小明"]),
        (NAME, ["买买提·艾力", "买买提•艾力", "买买提 艾力"]),
        (NAME, ["LI DAVID", "David Li", "li/david", "ＤＡＶＩＤ　ＬＩ"]),
        (PHONE, ["13800138000", "+86 138-0013-8000", "１３８００１３８０００", "138 0013 8000"]),
        (PHONE, ["+44 20 7946 0958", "+442079460958"]),
        (REFERENCE, ["RES-2026/0042", "res20260042", "RES 2026 0042"]),
    ],
)
def test_every_spelling_is_one_term(kind: LookupKind, spellings: list[str]) -> None:
    assert len({term_of(kind, spelling) for spelling in spellings}) == 1
    assert term_of(kind, spellings[0])


@pytest.mark.parametrize(("kind", "text"), [(NAME, " ·"), (PHONE, "12345"), (PHONE, "+"), (REFERENCE, "--")])
def test_nothing_to_look_for(kind: LookupKind, text: str) -> None:
    assert not term_of(kind, text)


@given(st.sampled_from(LookupKind), st.text(max_size=300))
def test_any_text_is_a_term_or_nothing(kind: LookupKind, text: str) -> None:
    assert term_of(kind, text) == term_of(kind, text)
