"""The languages that there are, and which of them somebody reads: by a tag, by Accept-Language, by a terminal's environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

Locale: TypeAlias = str  # a key of LOCALES: `zh-CN`, `en`

_HEADER_MAX: Final = 400  # characters of Accept-Language that are read
_PSEUDO_SWITCH: Final = "WENYUE_PSEUDO"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: `folder` of its catalogues, also its name for Babel; `name` as its readers write it."""

    tag: Locale
    folder: str
    name: str
    is_offered: bool = True


DEFAULT: Final[Locale] = "zh-CN"
SOURCE: Final[Locale] = "en"  # what message ids are written in
PSEUDO: Final[Locale] = (
    "en-XA"  # every string marked and lengthened: for finding what is not translated or does not fit
)
LOCALES: Final[Mapping[Locale, Language]] = {
    "zh-CN": Language("zh-CN", "zh_CN", "中文"),
    "en": Language("en", "en", "English"),
} | (
    {PSEUDO: Language(PSEUDO, "en", "Pseudo", is_offered=False)}
    if os.environ.get(_PSEUDO_SWITCH) == "1"
    else {}
)


@lru_cache(maxsize=256)
def locale_named(tag: str) -> Locale | None:
    """The language of a tag of any spelling (`en-GB`, `zh_Hans_CN`, `EN`); None when we do not speak it."""
    wanted = tag[:35].strip().replace("_", "-").lower()
    for known in LOCALES:
        if known.lower() == wanted:
            return known
    language = wanted.partition("-")[0]
    for known in LOCALES:
        if known.partition("-")[0].lower() == language:
            return known
    return None


@lru_cache(maxsize=512)
def negotiate(accept_language: str) -> Locale | None:
    """The language of ours that this header prefers (RFC 9110, 12.5.4); None when it names none of them."""
    best, best_weight = None, 0.0
    for entry in accept_language[:_HEADER_MAX].split(","):
        tag, *parameters = (part.strip() for part in entry.split(";"))
        weight = _weight_of(parameters)
        if weight > best_weight and (locale := locale_named(tag)) is not None:
            best, best_weight = locale, weight
    return best


def _weight_of(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0.0 <= weight <= 1.0 else 0.0
    return 1.0


def command_locale(environ: Mapping[str, str] | None = None) -> Locale:
    """The language of the command line: WENYUE_LANG, else the first of LC_ALL, LC_MESSAGES and LANG that names one of ours."""
    env = os.environ if environ is None else environ
    for name in ("WENYUE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = env.get(name, "").partition(".")[0]
        if value and (locale := locale_named(value)) is not None:
            return locale
    return DEFAULT
