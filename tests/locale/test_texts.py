"""Texts by language: what a reader reads, and the pairs that files and the release before know."""

from __future__ import annotations

import copy

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.locale import Texts, paired, text_in, unpaired, written

PALACE = {"zh-CN": "故宫", "en": "Palace Museum", "ja": "故宮"}
_texts = st.dictionaries(st.sampled_from(["zh-CN", "en"]), st.text(min_size=1, max_size=5))
_documents = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner)
        | st.fixed_dictionaries({"name": _texts, "rest": inner})
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("texts", "locale", "says"),
    [
        (PALACE, "ja", "故宮"),
        (PALACE, "en-XA", "Palace Museum"),
        ({"zh-CN": "故宫", "ja": "故宮"}, "en", "故宫"),
        ({"en": "Palace Museum"}, "zh-CN", "Palace Museum"),
        ({"ja": "故宮"}, "zh-CN", "故宮"),
        ({"en": "", "zh-CN": "故宫"}, "en", "故宫"),
        ({}, "en", ""),
    ],
)
def test_a_reader_reads_their_language_or_another(texts: Texts, locale: str, says: str) -> None:
    assert text_in(texts, locale) == says


def test_what_nobody_wrote_is_left_out() -> None:
    assert written({"zh-CN": "故宫", "en": ""}) == {"zh-CN": "故宫"}


def test_pairs_become_texts_wherever_they_stand() -> None:
    document = {
        "name_zh": "卡",
        "name_en": "Card",
        "label_zh": "早",
        "note_zh": "留",
        "pools": [{"name_zh": "次", "name_en": ""}, {"name": {"ja": "回"}}],
    }
    before = copy.deepcopy(document)
    assert unpaired(document, "name") == {
        "name": {"zh-CN": "卡", "en": "Card"},
        "label_zh": "早",
        "note_zh": "留",
        "pools": [{"name": {"zh-CN": "次"}}, {"name": {"ja": "回"}}],
    }
    assert document == before


def test_a_third_language_cannot_stand_in_a_pair() -> None:
    assert paired([{"name": PALACE}, {"name": {"en": "Card"}}], "name") == [
        {"name": PALACE},
        {"name_zh": "", "name_en": "Card"},
    ]


def test_a_pair_of_something_else_than_texts_is_left_to_the_reader() -> None:
    assert unpaired({"name_zh": 5}, "name") == {"name_zh": 5}


@given(_documents)
def test_what_is_written_in_pairs_is_read_as_it_was(document: object) -> None:
    assert unpaired(paired(document, "name"), "name") == document


@pytest.mark.parametrize("tag", ["zh_CN", "EN", "", "english-", "x" * 9])
def test_a_mistyped_language_is_an_error(tag: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({tag: "text"}, Texts)
