"""One text in several languages at once: as somebody wrote it in each, or as the catalogues say it.

What operators write is data, kept by the tag of its language (docs/adr/0044-texts.md).
"""

from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias, cast

from msgspec import Meta

from wenyue.locale.languages import DEFAULT, LOCALES, SOURCE, Locale
from wenyue.locale.message import Message

_Tag = Annotated[
    Locale, Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
]  # the database's CHECKs say the same
Texts: TypeAlias = Mapping[_Tag, str]  # {"zh-CN": "故宫", "en": "Palace Museum"}; a language may lack

_ENDINGS: Final = {"_zh": DEFAULT, "_en": SOURCE}


def in_every_language(message: Message) -> Texts:
    """The message as every language says it."""
    return {locale: message.say(locale) for locale in LOCALES}


def text_in(texts: Texts, locale: Locale) -> str:
    """The text in the language; what lacks there is said in English, else in Chinese, else as it was written; '' of nothing."""
    for wanted in (locale, SOURCE, DEFAULT, *texts):
        if text := texts.get(wanted):
            return text
    return ""


def short_tag(locale: Locale) -> str:
    """How programs call the language: `zh` of `zh-CN`; the whole tag where the short one is another language's."""
    short = locale.partition("-")[0]
    return locale if short in LOCALES else short


def written(texts: Texts) -> dict[str, str]:
    """Only the languages in which something is written."""
    return {tag: text for tag, text in texts.items() if text}


def unpaired(document: object, *names: str) -> object:
    """A JSON document in which the texts `names` may stand as pairs (`name_zh`, `name_en`), with each as texts by language.

    Files of operators may say either; what was stored by the releases before says pairs. The document is not changed.
    """
    if isinstance(document, list):
        return [unpaired(one, *names) for one in cast(list[object], document)]
    if not isinstance(document, dict):
        return document
    pairs = {f"{name}{ending}": (name, tag) for name in names for ending, tag in _ENDINGS.items()}
    found: dict[str, object] = {}
    for key, value in cast(dict[str, object], document).items():
        if key in pairs and isinstance(value, str):
            name, tag = pairs[key]
            texts = found.setdefault(name, {})
            if value and isinstance(texts, dict):
                texts[tag] = value
        else:
            found[key] = unpaired(value, *names)
    return found


def paired(document: object, *names: str) -> object:
    """The reverse, for what processes of the release before still read; texts in a third language stay as they are."""
    if isinstance(document, list):
        return [paired(one, *names) for one in cast(list[object], document)]
    if not isinstance(document, dict):
        return document
    found: dict[str, object] = {}
    for key, value in cast(dict[str, object], document).items():
        texts = _of_two(value) if key in names else None
        if texts is not None:
            found |= {f"{key}{ending}": texts.get(tag, "") for ending, tag in _ENDINGS.items()}
        else:
            found[key] = paired(value, *names)
    return found


def _of_two(value: object) -> dict[str, object] | None:
    """The value as texts, when there are no further languages than a pair has room for."""
    if not isinstance(value, dict):
        return None
    texts = cast(dict[str, object], value)
    return texts if texts.keys() <= set(_ENDINGS.values()) else None
