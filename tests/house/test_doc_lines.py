"""Documentation can be read in a terminal and in a review: short lines of prose, one for each entry of the changelog."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHANGELOG = ROOT / "CHANGELOG.md"
COLUMNS = 120
# Tables cannot be broken; code stands as it is typed.
EXEMPT = ("|", "![", "    ", "`{")
PAGES = [
    ROOT / "README.md",
    ROOT / "README.zh-CN.md",
    ROOT / "CONTRIBUTING.md",
    CHANGELOG,
    *(ROOT / "docs").rglob("*.md"),
]


def long_lines(text: str) -> Iterator[int]:
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif len(line) > COLUMNS and not is_code and not line.startswith(EXEMPT):
            yield number


def broken_entries(text: str) -> Iterator[int]:
    """Lines that continue an entry of a list, or are indented below one."""
    previous = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(" ") or (previous.startswith("- ") and line and not line.startswith(("- ", "#"))):
            yield number
        previous = line


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


def test_an_entry_of_the_changelog_is_one_line() -> None:
    assert list(broken_entries(CHANGELOG.read_text(encoding="utf-8"))) == []


def test_a_broken_entry_is_found() -> None:
    assert list(broken_entries("# Head\n\nIntro\ntext\n\n- one\n- two\n  goes on\n- three\ngoes on\n")) == [
        8,
        10,
    ]


def test_what_the_changelog_links_to_is_there() -> None:
    text = CHANGELOG.read_text(encoding="utf-8")
    targets = dict(re.findall(r"^\[([^\]]+)\]: (\S+)$", text, re.MULTILINE))
    assert set(re.findall(r"\[([^\]]+)\](?![:(])", text)) == set(targets)
    linked = [*targets.values(), *re.findall(r"\]\(([^)#:]+)", text)]
    assert [one for one in linked if not (ROOT / one).exists()] == []
