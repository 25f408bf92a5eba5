"""Every answer of the API is in the language of `?lang=`, else of Accept-Language, else Chinese."""

from typing import Any

import pytest
from starlette.requests import Request

from wenyue.web.api.hot_answers import hot_refusals
from wenyue.web.middleware.language import asked_locale, header_locale, locale_of, scope_locale
from wenyue.web.wording.api import API_WORDS, say_problem

CHINESE, ENGLISH = "zh-CN", "en"


def scope(query: bytes = b"", accept: bytes | None = None) -> dict[str, Any]:
    headers = [(b"host", b"localhost")] + ([] if accept is None else [(b"accept-language", accept)])
    return {"type": "http", "query_string": query, "headers": headers}


@pytest.mark.parametrize(
    ("query", "accept", "locale"),
    [
        (b"", None, None),
        (b"", b"en-GB,en;q=0.9", ENGLISH),
        (b"", b"fr,en;q=0.3,zh;q=0.8", CHINESE),  # not the first two letters decide: what is wanted most
        (b"", b"zh;q=0.2, en", ENGLISH),
        (b"", b"fr", None),
        (b"", b"\xff\x00", None),
        (b"lang=en", b"zh-CN", ENGLISH),
        (b"from=1&lang=zh", b"en", CHINESE),
        (b"lang=fr", b"en", ENGLISH),
        (b"slang=en", None, None),
        (b"lang=zh&lang=en", None, ENGLISH),
    ],
)
def test_what_the_caller_asks_for(query: bytes, accept: bytes | None, locale: str | None) -> None:
    asked = scope(query, accept)
    assert asked_locale(asked) == locale
    assert scope_locale(asked) == locale_of(Request(asked)) == (locale or CHINESE)
    if not query:
        assert header_locale(accept or b"") == (locale or CHINESE)


def test_a_full_lane_says_so_in_every_language() -> None:
    told = hot_refusals()
    assert set(told) == {CHINESE, ENGLISH}
    for locale, answers in told.items():
        assert say_problem("overloaded", locale).encode() in answers[1]


def test_every_problem_has_a_title_of_its_own_language() -> None:
    for code in API_WORDS:
        assert len({f"problem.{code}", say_problem(code, CHINESE), say_problem(code, ENGLISH)}) == 3
