"""One text in several languages at once: as somebody wrote it in each, or as the catalogues say it."""

from collections.abc import Mapping
from typing import TypeAlias

from wenyue.locale.languages import DEFAULT, LOCALES, SOURCE, Locale
from wenyue.locale.message import Message

Texts: TypeAlias = Mapping[Locale, str]  # a language may lack


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
