"""Which language a page speaks: `?lang=`, then the cookie, then Accept-Language, then Chinese."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from wenyue.web.shared.i18n import locale_of
from wenyue.web.shared.pages import environment


def request(query: str, cookie: str, accepts: str) -> Request:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accepts.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


@pytest.mark.parametrize(
    ("query", "cookie", "accepts", "locale"),
    [
        ("", "", "", "zh-CN"),
        ("", "", "en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("", "", "de, zh-TW;q=0.3", "zh-CN"),
        ("", "wy_lang=zh-CN", "en", "zh-CN"),
        ("", "__Host-wy_lang=en", "zh-CN", "en"),
        ("lang=zh", "wy_lang=en", "en", "zh-CN"),
        ("lang=en-US", "wy_lang=zh-CN", "", "en"),
        ("lang=xx", "wy_lang=en", "", "en"),
    ],
)
def test_a_page_speaks(query: str, cookie: str, accepts: str, locale: str) -> None:
    assert locale_of(request(query, cookie, accepts)) == locale


def test_each_language_has_its_environment() -> None:
    source = '{{ _("Sign in") }} {{ money(12050, "CNY") }}'
    said = [environment(locale).from_string(source).render() for locale in ("zh-CN", "en")]
    assert said == ["登录 ¥120.50", "Sign in ¥120.50"]
