"""What templates need to speak: `_("…")`, and `{% trans %}` with brace parameters."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import Environment, nodes
from jinja2.ext import InternationalizationExtension
from markupsafe import Markup, escape

from wenyue.locale.languages import Locale
from wenyue.locale.message import say, translations

FUNCTIONS: Final = ("_", "gettext", "ngettext", "pgettext", "npgettext")
TRANS: Final = "trans_"
EXTENSIONS: Final = ("jinja2.ext.do", "wenyue.locale.templates.BraceTrans")


class BraceTrans(InternationalizationExtension):
    """`{% trans name=… %}Dear {{ name }}{% endtrans %}` is `gettext("Dear {name}", name=…)`: parameters as everywhere else."""

    def _make_node(  # noqa: PLR0917 - Jinja's signature
        self,
        singular: str,
        plural: str | None,
        context: str | None,
        variables: dict[str, nodes.Expr],
        plural_expr: nodes.Expr | None,
        vars_referenced: bool,  # noqa: FBT001 - Jinja's signature
        num_called_num: bool,  # noqa: FBT001 - likewise
    ) -> nodes.Output:
        named = [f"%({name})s" for name in variables]
        texts = [singular, plural or ""]
        for mark in named:
            texts = [text.replace(mark, f"{{{mark[2:-2]}}}") for text in texts]
        texts = [text.replace("%%", "%") for text in texts]
        made = super()._make_node(
            texts[0],
            texts[1] if plural is not None else None,
            context,
            variables,
            plural_expr,
            vars_referenced,
            num_called_num,
        )
        for name in made.find_all(nodes.Name):
            if name.name in FUNCTIONS:
                name.name = f"{TRANS}{name.name}"  # what stands in the block is markup, what `_` gets is text
        return made


def speaking(locale: Locale) -> Mapping[str, Any]:
    """The globals of an environment whose templates speak this language; `say(message)` says a Message."""
    texts = translations(locale)

    def say_here(what: Any) -> str:  # noqa: ANN401 - whatever a view holds
        return say(what, locale)

    calls: dict[str, Callable[..., str]] = {
        "gettext": texts.gettext,
        "ngettext": texts.ngettext,
        "pgettext": texts.pgettext,
        "npgettext": texts.npgettext,
    }
    trusted = {f"{TRANS}{name}": _as_markup(call) for name, call in calls.items()}
    return calls | trusted | {"_": texts.gettext, "say": say_here}


def _as_markup(call: Callable[..., str]) -> Callable[..., Markup]:
    def said(*texts: Any, **params: Any) -> Markup:  # noqa: ANN401 - a template's values
        return Markup(call(*texts, **{name: str(escape(value)) for name, value in params.items()}))  # noqa: S704 - ours

    return said


def prepare(environment: Environment, locale: Locale) -> None:
    """Make an environment made with EXTENSIONS speak the language."""
    environment.newstyle_gettext = True  # type: ignore[attr-defined] - an extension's attribute
    environment.globals.update(speaking(locale))
