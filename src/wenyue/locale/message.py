"""Texts in one language, by gettext's four calls, and messages that wait until it is known who reads them.

Parameters stand in braces: `{name}`. An id is the English sentence itself, or a stable name whose English stands in `en`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from markupsafe import Markup, escape

from wenyue.locale.catalogues import Catalogue, key_of, read_catalogue
from wenyue.locale.languages import LOCALES, PSEUDO, SOURCE, Locale
from wenyue.locale.pseudo import mark

PATTERNS: Final = "format."  # how the ids of patterns for dates and names begin
_Params: TypeAlias = Mapping[str, object]


class Translations:
    """All texts of one language. What it lacks is said in English: the id is English, or the English catalogue has it."""

    def __init__(self, locale: Locale, catalogue: Catalogue, fallback: "Translations | None" = None) -> None:
        self.locale = locale
        self._texts = (fallback._texts if fallback else dict[str, str]()) | catalogue.texts  # noqa: SLF001 - its own kind
        self._plurals = catalogue.plurals
        self._form_of = catalogue.form_of
        self._fallback = fallback

    def gettext(self, message: str, /, **params: object) -> str:
        """`gettext("{n} places left", n=3)`. Markup among the parameters makes the sentence markup, all else in it escaped."""
        text = self._texts.get(message, message)
        return self.fill(text, params) if params else text

    def pgettext(self, context: str, message: str, /, **params: object) -> str:
        """`gettext` of an English text that means several things: `pgettext("verb", "Open")`."""
        text = self._texts.get(key_of(context, message), message)
        return self.fill(text, params) if params else text

    def ngettext(self, singular: str, plural: str, n: int, /, **params: object) -> str:
        """`ngettext("{n} place", "{n} places", 3)`: the form that `n` wants; `{n}` is filled."""
        return self.fill(self._form(singular, singular, plural, n), {"n": n} | params)

    def npgettext(self, context: str, singular: str, plural: str, n: int, /, **params: object) -> str:
        """`ngettext` in a context."""
        return self.fill(self._form(key_of(context, singular), singular, plural, n), {"n": n} | params)

    def fill(self, text: str, params: _Params) -> str:
        """The text with its parameters; messages among them are said in the same language."""
        is_markup = False
        for value in params.values():
            if isinstance(value, Message):
                return self.fill(
                    text,
                    {
                        name: one.say(self.locale) if isinstance(one, Message) else one
                        for name, one in params.items()
                    },
                )
            is_markup = is_markup or isinstance(value, Markup)
        return escape(text).format(**params) if is_markup else text.format(**params)

    def _form(self, key: str, singular: str, plural: str, n: int) -> str:
        forms = self._plurals.get(key)
        if forms is not None:
            return forms[self._form_of(n)]
        if self._fallback is not None:
            return self._fallback._form(key, singular, plural, n)  # noqa: SLF001 - its own kind
        return singular if n == 1 else plural


class _Pseudo(Translations):
    """English in brackets, accented and lengthened."""

    def gettext(self, message: str, /, **params: object) -> str:
        """The marked text; without any parameters its braces stay, as in every language."""
        text = super().gettext(message)
        if not message.startswith(PATTERNS):  # CLDR's letters are no words
            text = mark(text)
        return self.fill(text, params) if params else text

    def pgettext(self, context: str, message: str, /, **params: object) -> str:
        """The marked text; likewise."""
        text = mark(super().pgettext(context, message))
        return self.fill(text, params) if params else text

    def _form(self, key: str, singular: str, plural: str, n: int) -> str:
        return mark(super()._form(key, singular, plural, n))


@cache
def translations(locale: Locale) -> Translations:
    """The texts of a language of LOCALES, read once per process and when first wanted. Raises KeyError for any other."""
    if locale == PSEUDO in LOCALES:
        return _Pseudo(locale, Catalogue(), translations(SOURCE))
    return Translations(locale, read_catalogue(locale), None if locale == SOURCE else translations(SOURCE))


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Message:
    """A text before it is known who reads it: of a constant, an enum's member, a fault. Equal when it says the same.

    `Message("The card was lost")`, `Message("{n} are open", n=3)`, `Message.plural("{n} place", "{n} places", 3)`,
    `Message.in_context("verb", "Open")`. Only literal texts: the catalogues are made from them. `params` may hold messages.
    """

    id: str
    params: tuple[tuple[str, object], ...]
    context: str
    other: str
    n: int

    def __init__(self, message: str, /, **params: object) -> None:
        _set(self, message, params)

    @classmethod
    def plural(cls, singular: str, plural: str, n: int, /, **params: object) -> "Message":
        """One sentence about one, another about several; `{n}` is filled."""
        made = cls.__new__(cls)
        _set(made, singular, params, other=plural, n=n)
        return made

    @classmethod
    def in_context(cls, context: str, message: str, /, **params: object) -> "Message":
        """An English text that means several things; the context says which."""
        made = cls.__new__(cls)
        _set(made, message, params, context=context)
        return made

    def filled(self, **params: object) -> "Message":
        """The same message with more parameters."""
        made = Message.__new__(Message)
        _set(made, self.id, dict(self.params) | params, context=self.context, other=self.other, n=self.n)
        return made

    def about(self, n: int, /) -> "Message":
        """The same plural message about another number."""
        made = Message.__new__(Message)
        _set(made, self.id, dict(self.params), context=self.context, other=self.other, n=n)
        return made

    def say(self, locale: Locale, /, **params: object) -> str:
        """The sentence in a language of LOCALES. Without any parameters its braces stay, for a later `format`."""
        texts = translations(locale)
        values = dict(self.params) | params
        if self.other:
            return texts.npgettext(self.context, self.id, self.other, self.n, **values)
        return (
            texts.pgettext(self.context, self.id, **values)
            if self.context
            else texts.gettext(self.id, **values)
        )

    def __str__(self) -> str:
        raise TypeError(f"{self!r} has no language: use .say(locale)")

    def __repr__(self) -> str:
        return f"Message({self.id!r}{''.join(f', {name}={value!r}' for name, value in self.params)})"


def _set(made: Message, id_: str, params: _Params, *, context: str = "", other: str = "", n: int = 0) -> None:
    """Fill a message, which is frozen from then on."""
    values = {"id": id_, "params": tuple(params.items()), "context": context, "other": other, "n": n}
    for name, value in values.items():
        object.__setattr__(made, name, value)


def say(what: "Message | str", locale: Locale) -> str:
    """A message in the language; a text as it is."""
    return what.say(locale) if isinstance(what, Message) else what
