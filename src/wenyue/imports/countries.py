"""Countries as offices write them: codes, and names in Chinese or English. CLDR by Babel, and the usual words beside it."""

from collections.abc import Mapping
from functools import cache
from typing import Final, cast

from babel import Locale as BabelLocale

from wenyue.core.documents import nationality_of
from wenyue.imports.reading.heading import fold_name

_USUAL: Final = {
    "CHN": "中国大陆 大陆 内地 中国籍 中华人民共和国",
    "HKG": "香港 中国香港 港",
    "MAC": "澳门 中国澳门 澳",
    "TWN": "台湾 中国台湾 台",
    "KOR": "南韩 大韩民国",
    "PRK": "北韩",
    "USA": "美利坚合众国 america u.s.a. u.s.",
    "GBR": "大不列颠 england britain greatbritain",
    "RUS": "俄国 俄联邦",
    "ARE": "阿联酋",
    "CZE": "捷克共和国",
    "BIH": "波黑",
    "SAU": "沙特",
}


def country_of(text: str) -> str | None:
    """The alpha-3 code of a country's code or name, `美国`, `法国籍`, `Germany`; None when it is none."""
    if (found := nationality_of(text)) is not None:
        return found
    folded = fold_name(text)
    return _names().get(folded) or _names().get(folded.removesuffix("籍"))


@cache
def nations(language: str) -> tuple[str, ...]:
    """What countries are called in a language of CLDR, sorted: what people choose a nationality from."""
    territories = cast("Mapping[str, str]", BabelLocale.parse(language).territories)
    codes = (code for code in territories if len(code) == len("US") and code.isalpha())
    return tuple(sorted({territories[code] for code in codes if nationality_of(code) is not None}))


@cache
def _names() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for language in ("en", "zh"):
        territories = cast("Mapping[str, str]", BabelLocale(language).territories)
        for code, name in territories.items():
            if len(code) == len("US") and code.isalpha() and (country := nationality_of(code)) is not None:
                found.setdefault(fold_name(name), country)
    return found | {fold_name(word): country for country, words in _USUAL.items() for word in words.split()}
