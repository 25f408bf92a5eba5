"""Documentation can be read in a terminal and in a review: prose has lines of at most 120 columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
COLUMNS = 120
# Tables cannot be broken; code stands as it is typed; the changelog is a list of single lines.
EXEMPT = ("|", "![", "    ", "`{")
PAGES = [
    ROOT / "README.md",
    ROOT / "README.zh-CN.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / "docs").rglob("*.md"),
]


def long_lines(text: str) -> Iterator[int]:
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif len(line) > COLUMNS and not is_code and not line.startswith(EXEMPT):
            yield number


def test_lines_of_prose_are_short() -> None:
    found = {
        str(path.relative_to(ROOT)): bad
        for path in PAGES
        if path.exists() and (bad := list(long_lines(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_a_long_line_is_found() -> None:
    long = "word " * 30
    assert list(long_lines(f"# Head\n\n{long}\n| {long} |\n```\n{long}\n```\n")) == [3]
