"""CONTRIBUTING names files that are there, in lines and a length that are read to the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "CONTRIBUTING.md"
FROM_ROOT = ("tests/", "docs/", "scripts/")
LINES_MAX = 170
COLUMNS_MAX = 120
CHOSEN = re.compile(r"(^|/)X[^/]*$")  # a file that the reader makes: its folder is there
PATH = re.compile(r"[\w./-]+/|[\w./-]+\.(?:py|sql|po|html|md|toml)")


def paths(text: str) -> Iterator[str]:
    """Code spans that are a path, or a script with its argument; and what links lead to."""
    for span in re.findall(r"`([^`\n]+)`", text):
        name = span.split()[0]
        is_whole = name == span or name.startswith("scripts/")
        if is_whole and not name.startswith(("/", ".")) and PATH.fullmatch(name):
            yield name
    yield from re.findall(r"\]\(([^)#:]+)\)", text)


def is_there(name: str) -> bool:
    """Whether it is where the page says that such a path begins."""
    place = CHOSEN.sub("", name)
    if name.startswith(FROM_ROOT):
        return (ROOT / place).exists()
    below = ROOT / "src" / "wenyue"
    # What stands outside, and a template, are named by what is used everywhere: pyproject.toml, traveller/frame.html.
    return any((root / place).exists() for root in (below, ROOT)) or any(
        below.glob(f"web/*/templates/{place.rpartition('/')[2]}") if place.endswith(".html") else ()
    )


def test_every_path_is_there() -> None:
    named = set(paths(PAGE.read_text(encoding="utf-8")))
    assert len(named) > 40
    assert sorted(name for name in named if not is_there(name)) == []


def test_the_page_is_short() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LINES_MAX
    assert [number for number, line in enumerate(lines, 1) if len(line) > COLUMNS_MAX] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`cards/gone.py` and [this](docs/gone.md)", ["cards/gone.py", "docs/gone.md"]),
        ("`scripts/gone.py update`", ["scripts/gone.py"]),
        ("`web/gone/X_pages.py`", ["web/gone/X_pages.py"]),
    ],
)
def test_what_is_gone_is_seen(text: str, found: list[str]) -> None:
    assert list(paths(text)) == found
    assert not any(is_there(name) for name in found)
