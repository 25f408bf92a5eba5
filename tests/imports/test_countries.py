"""Countries by code, by their Chinese and their English names, and what is none."""

import pytest

from wenyue.imports.countries import country_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("USA", "USA"),
        ("us", "USA"),
        ("美国", "USA"),
        ("法国籍", "FRA"),
        ("中国大陆", "CHN"),
        ("中国香港", "HKG"),
        ("中国香港特别行政区", "HKG"),
        ("韩国", "KOR"),
        ("Germany", "DEU"),
        ("United Kingdom", "GBR"),
        ("瀛洲", None),
        ("", None),
        ("籍", None),
        ("=HYPERLINK(1)", None),
        ("国" * 5_000, None),
    ],
)
def test_a_country_is_a_code_or_a_name(text: str, code: str | None) -> None:
    assert country_of(text) == code
