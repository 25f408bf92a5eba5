"""Who is spoken to."""

from typing import Protocol

from wenyue.web.shared.i18n import Locale


class Speaks(Protocol):
    """Somebody who reads in a language: a page's request, or a command."""

    @property
    def locale(self) -> Locale:
        """Which."""
        ...

    def t(self, zh: str, en: str, **values: object) -> str:
        """The sentence in it."""
        ...
