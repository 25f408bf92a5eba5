"""Languages: catalogues of texts, texts by language, messages that wait for their reader, dates and numbers as one writes them.

Directly above core; imports nothing else of ours. Docs: docs/adr/0033-languages.md. Dates: `wenyue.locale.formats`;
templates: `wenyue.locale.templates`.
"""

from wenyue.locale.languages import (
    DEFAULT,
    LOCALES,
    PSEUDO,
    SOURCE,
    Language,
    Locale,
    command_locale,
    locale_named,
    negotiate,
)
from wenyue.locale.message import Message, Translations, say, translations
from wenyue.locale.texts import Texts, in_every_language, paired, short_tag, text_in, unpaired, written

__all__ = [
    "DEFAULT",
    "LOCALES",
    "PSEUDO",
    "SOURCE",
    "Language",
    "Locale",
    "Message",
    "Texts",
    "Translations",
    "command_locale",
    "in_every_language",
    "locale_named",
    "negotiate",
    "paired",
    "say",
    "short_tag",
    "text_in",
    "translations",
    "unpaired",
    "written",
]
