"""Who is spoken to."""

from typing import Protocol

from wenyue.locale import Locale


class Speaks(Protocol):
    """Somebody who reads in a language: a page's request, or the texts of a command's language (`translations`)."""

    @property
    def locale(self) -> Locale:
        """Which."""
        ...

    def gettext(self, message: str, /, **params: object) -> str:
        """The sentence in it."""
        ...

    def ngettext(self, singular: str, plural: str, n: int, /, **params: object) -> str:
        """The sentence about `n` things in it."""
        ...
