"""Languages: catalogues of texts, messages that wait for their reader, dates and numbers as a language writes them.

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

__all__ = [
    "DEFAULT",
    "LOCALES",
    "PSEUDO",
    "SOURCE",
    "Language",
    "Locale",
    "Message",
    "Translations",
    "command_locale",
    "locale_named",
    "negotiate",
    "say",
    "translations",
]
