"""What commands say, in the language of the command line."""

from wenyue.locale.languages import command_locale
from wenyue.locale.message import translations


def gettext(message: str, /, **params: object) -> str:
    """The text, as `Translations.gettext` has it."""
    return translations(command_locale()).gettext(message, **params)


def pgettext(context: str, message: str, /, **params: object) -> str:
    """The text in a context."""
    return translations(command_locale()).pgettext(context, message, **params)


def ngettext(singular: str, plural: str, n: int, /, **params: object) -> str:
    """The form that `n` wants."""
    return translations(command_locale()).ngettext(singular, plural, n, **params)
