"""How the texts of modules and templates are found for the catalogues: the two methods that `babel.cfg` names."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from inspect import cleandoc
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

# What takes a text for `--help` by `help=`, and the decorators that make one of a function's docstring: a context of their own.
HELP: Final = "help"
HELPED: Final = frozenset({"Option", "Argument", "Program", "Tool", "add_typer", "command", "callback"})
_MAKES_COMMANDS: Final = frozenset({"command", "callback"})

Found = tuple[int, str, Any, list[str]]


def modules(
    fileobj: IO[bytes], keywords: Iterable[str], comment_tags: Iterable[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """Babel's extraction method for Python: calls of CALLS whose texts are literal, and what `--help` shows."""
    del keywords, comment_tags, options
    for node in ast.walk(ast.parse(fileobj.read())):
        for text in _helps(node):
            yield getattr(node, "lineno", 0), "pgettext", (HELP, cleandoc(text)), []
        if isinstance(node, ast.Call):
            name = _name_of(node)
            texts = [one.value for one in node.args[: CALLS.get(name, 0)] if isinstance(one, ast.Constant)]
            if texts and len(texts) == CALLS[name] and all(isinstance(text, str) for text in texts):
                found = cast("list[str]", texts)
                yield node.lineno, _GETTEXT.get(name, name), found[0] if len(found) == 1 else tuple(found), []


def _helps(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _name_of(node) in HELPED:
        for keyword in node.keywords:
            if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                yield str(keyword.value.value)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        made_by = [one for one in node.decorator_list if isinstance(one, ast.Call)]
        is_shown = any(
            _name_of(one) in _MAKES_COMMANDS and all(keyword.arg != "help" for keyword in one.keywords)
            for one in made_by
        )
        if is_shown and (docstring := ast.get_docstring(node)):
            yield docstring


def _name_of(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


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
