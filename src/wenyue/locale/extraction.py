"""How the texts of modules and templates are found for the catalogues: the two methods that `babel.cfg` names."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, Final, cast

from jinja2 import Environment
from jinja2.ext import extract_from_ast

from wenyue.locale.templates import EXTENSIONS, FUNCTIONS, TRANS

# What says a message, and how many of its first arguments are literal texts.
CALLS: Final[Mapping[str, int]] = {
    "gettext": 1,
    "pgettext": 2,
    "ngettext": 2,
    "npgettext": 3,
    "Message": 1,
    "plural": 2,
    "in_context": 2,
}
_GETTEXT: Final = {"Message": "gettext", "plural": "ngettext", "in_context": "pgettext", "_": "gettext"}

Found = tuple[int, str, Any, list[str]]


def modules(
    fileobj: IO[bytes], keywords: Iterable[str], comment_tags: Iterable[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """Babel's extraction method for Python: calls of CALLS whose texts are literal."""
    del keywords, comment_tags, options
    for node in ast.walk(ast.parse(fileobj.read())):
        if isinstance(node, ast.Call):
            name = str(getattr(node.func, "attr", getattr(node.func, "id", "")))
            texts = [one.value for one in node.args[: CALLS.get(name, 0)] if isinstance(one, ast.Constant)]
            if texts and len(texts) == CALLS[name] and all(isinstance(text, str) for text in texts):
                found = cast("list[str]", texts)
                yield node.lineno, _GETTEXT.get(name, name), found[0] if len(found) == 1 else tuple(found), []


def templates(
    fileobj: IO[bytes], keywords: Iterable[str], comment_tags: Iterable[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """Babel's extraction method for our templates."""
    del keywords, comment_tags, options
    environment = Environment(extensions=EXTENSIONS, trim_blocks=True, lstrip_blocks=True, autoescape=True)
    environment.newstyle_gettext = True  # type: ignore[attr-defined] - an extension's attribute
    tree = environment.parse(fileobj.read().decode("utf-8"))
    every = (*FUNCTIONS, *(f"{TRANS}{name}" for name in FUNCTIONS))
    for line, function, texts in extract_from_ast(tree, every, babel_style=True):
        name = function.removeprefix(TRANS)
        yield line, _GETTEXT.get(name, name), texts, []
