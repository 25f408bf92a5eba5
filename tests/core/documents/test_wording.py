"""Every code a document, phone or name can be refused or doubted with says what is wrong in both languages."""

import re
from collections.abc import Mapping
from enum import StrEnum
from itertools import chain
from typing import Any

import pytest

from wenyue.core.documents import (
    DocumentErrorCode,
    DocumentKind,
    DocumentWarning,
    NameErrorCode,
    PhoneErrorCode,
)
from wenyue.core.limits import NAME_LENGTH_MAX
from wenyue.locale import LOCALES, Message
from wenyue.web.wording import documents as wording

Texts = dict[str, tuple[str, str]]


def by_value(texts: Mapping[Any, Message]) -> Texts:
    return {str(code): (sentence.say("zh-CN"), sentence.say("en")) for code, sentence in texts.items()}


CASES: list[tuple[type[StrEnum], Texts]] = [
    (DocumentErrorCode, by_value(wording.DOCUMENT_ERRORS)),
    (DocumentWarning, by_value(wording.DOCUMENT_WARNINGS)),
    (PhoneErrorCode, by_value(wording.PHONE_ERRORS)),
    (NameErrorCode, by_value(wording.NAME_ERRORS)),
    (DocumentKind, by_value(wording.DOCUMENT_KINDS)),
]
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(("codes", "texts"), CASES, ids=[codes.__name__ for codes, _ in CASES])
def test_every_code_has_both_languages(codes: type[StrEnum], texts: Texts) -> None:
    assert set(texts) == {code.value for code in codes}
    for code, (zh, en) in texts.items():
        assert HAN.search(zh), code
        assert en.strip(), code
        assert not HAN.search(en), code


@pytest.mark.parametrize(("codes", "texts"), CASES[:4], ids=[codes.__name__ for codes, _ in CASES[:4]])
def test_no_two_codes_say_the_same(codes: type[StrEnum], texts: Texts) -> None:
    assert len({zh for zh, _ in texts.values()}) == len(codes)
    assert len({en for _, en in texts.values()}) == len(codes)


@pytest.mark.parametrize("codes", [DocumentErrorCode, DocumentWarning, PhoneErrorCode, NameErrorCode])
def test_every_code_is_explained_in_its_docstring(codes: type[StrEnum]) -> None:
    explained = re.findall(r"^\s*([A-Z0-9_]+): \S", codes.__doc__ or "", re.MULTILINE)
    assert explained == [code.name for code in codes]


def test_code_values_are_unique_across_the_kinds_of_code() -> None:
    values = [code.value for code in chain(DocumentErrorCode, DocumentWarning, PhoneErrorCode, NameErrorCode)]
    assert len(values) == len(set(values))


def test_the_name_limit_in_the_sentence_is_the_real_one() -> None:
    for locale in LOCALES:
        assert str(NAME_LENGTH_MAX) in wording.NAME_ERRORS[NameErrorCode.TOO_LONG].say(locale)
