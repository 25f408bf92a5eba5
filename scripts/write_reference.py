"""Write docs/reference.md: what each slice hands on to the others, read from the source. A house test keeps both equal.

Run it after a change of a slice's `__init__.py`, of a signature that it exports, or of the first line of a docstring.
"""

from __future__ import annotations

import ast
import re
import textwrap
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = ROOT / "src"
PAGE: Final = ROOT / "docs" / "reference.md"
COLUMNS: Final = 120
PARAMETERS_MAX: Final = 100  # columns; a longer list is cut
HEAD: Final = """# Reference: what the slices hand on

Written by `scripts/write_reference.py` from the source; a test keeps them equal. A slice is used through these names
only. Slices stand from the top layer down; each may use those below it ([architecture](ARCHITECTURE.md)). Types and
errors stand in the docstrings.
"""
_SENTENCE: Final = re.compile(r".+?[.;](?= [A-Z`]|$)")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def reference() -> str:
    """The whole page."""
    parts = [HEAD]
    for package in packages():
        tree = tree_of(package)
        names = exported(tree)
        parts.append(f"\n## {package.removeprefix('wenyue.')}\n\n{wrapped(first_line(tree), indent='')}\n")
        parts += [wrapped(f"- {described(package, name)}") for name in names]
    return "\n".join(parts) + "\n"


def wrapped(text: str, indent: str = "  ") -> str:
    """The paragraph in lines of the documentation's width."""
    return textwrap.fill(
        text, COLUMNS, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def packages() -> list[str]:
    """The packages under the contract of slices, those of the top layer first."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    slices = next(one["containers"] for one in contracts if one["id"] == "slices")
    layers = " ".join(next(one["layers"] for one in contracts if one["id"] == "layers"))
    return sorted(slices, key=lambda name: layers.index(f"({name.removeprefix('wenyue.')})"))


def path_of(module: str) -> Path:
    """The file of a module or package of ours."""
    path = SOURCE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def tree_of(module: str) -> ast.Module:
    """The module, parsed."""
    return ast.parse(path_of(module).read_text(encoding="utf-8"))


def exported(tree: ast.Module) -> list[str]:
    """What `__all__` lists."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == "__all__" for one in node.targets):
            return list(ast.literal_eval(node.value))
    return []


def described(package: str, name: str) -> str:
    """A name with its parameters, and the first line of its docstring or the comment beside its value."""
    module, node = found(package, name)
    if node is None:
        return f"`{name}` (module): {first_line(tree_of(module))}" if module != package else f"`{name}`"
    if isinstance(node, ast.ClassDef):
        return f"`{name}`: {first_line(node)}"
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        is_async = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
        return f"`{is_async}{name}({', '.join(parameters(node))})`: {first_line(node)}"
    return f"`{name}`"


def found(module: str, name: str) -> tuple[str, ast.stmt | None]:
    """Where the name is defined: followed through packages that hand it on. A module has no node."""
    for node in tree_of(module).body:
        if isinstance(node, Definition) and node.name == name:
            return module, node
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(getattr(one, "id", "") == name for one in targets):
            return module, node
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("wenyue"):
            for one in node.names:
                if (one.asname or one.name) == name:
                    inner = f"{node.module}.{one.name}"
                    return (inner, None) if path_of(inner).exists() else found(node.module, one.name)
    return module, None


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """The names of the parameters, with the bare star before those that are given by name."""
    given = node.args
    names = [one.arg for one in (*given.posonlyargs, *given.args)]
    if given.vararg:
        names.append(f"*{given.vararg.arg}")
    elif given.kwonlyargs:
        names.append("*")
    names += [one.arg for one in given.kwonlyargs]
    room = PARAMETERS_MAX
    for name in names:
        room -= len(name) + 2
        if room < 0:
            yield "…"
            return
        yield name


def first_line(node: ast.Module | ast.stmt) -> str:
    """The first sentence of a docstring."""
    text = ast.get_docstring(node) if isinstance(node, ast.Module | Definition) else None
    paragraph = " ".join((text or "").partition("\n\n")[0].split())
    sentence = _SENTENCE.match(paragraph)
    return sentence[0] if sentence else paragraph


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
    print(f"wrote {PAGE.name}")
