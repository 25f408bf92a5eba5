"""Modules stay readable: at most 400 lines; functions at most 70."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
FOLDERS = ("src", "lab/src", "tests", "scripts")


def python_files() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Name and length of every function; a nested one counts for its parent too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_modules_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert lengths
    assert {str(path): n for path, n in lengths.items() if n > MODULE_LINES_MAX} == {}


def test_functions_are_short() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{name}": length
        for path in python_files()
        for name, length in functions(path.read_text(encoding="utf-8"))
        if length > FUNCTION_LINES_MAX
    }
    assert long == {}


@pytest.mark.parametrize("body", ["    pass\n" * 70])
def test_a_function_of_71_lines_is_found(body: str) -> None:
    assert list(functions(f"async def f():\n{body}")) == [("f", 71)]
