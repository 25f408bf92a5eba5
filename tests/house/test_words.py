"""What the repository never contains: this machine's paths, package registries, and words that are not ours."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The lock file names its registry by design; nothing else may.
EXEMPT = {"uv.lock"}
# Spelt in pieces, so that this file does not contain them.
FORBIDDEN = [
    r"/wor" + r"k/",
    r"/tm" + r"p/h/",
    r"/root/" + r"\.",
    r"/op" + r"t/(pypi|wheels)",
    r"\bpypi\." + r"org",
    r"\bregistry\." + r"npmjs",
    r"\bpythonhosted\." + r"org",
    r"\bhugging" + r"face\b",
    r"\bC" + r"EO\b",
    r"\bfar" + r"m\b",
    r"\bClau" + r"de\b",
    r"\bChat" + r"GPT\b",
    r"\bissues " + r"show\b",
    r"\bT" + r"ODO\b",
    r"\bFIX" + r"ME\b",
]
PATTERN = re.compile("|".join(FORBIDDEN))


def tracked_files() -> list[Path]:
    """Files that git knows or would add; without git (an unpacked archive), every file of the source folders."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60).stdout
    except (OSError, subprocess.CalledProcessError):
        return [
            path for folder in ("src", "tests", "docs", "migrations") for path in (ROOT / folder).rglob("*.*")
        ]
    return [ROOT / name.decode() for name in listed.split(b"\0") if name]


def offences(text: str) -> list[str]:
    return [match.group() for match in PATTERN.finditer(text)]


def test_no_forbidden_word() -> None:
    found: dict[str, list[str]] = {}
    checked = 0
    for path in tracked_files():
        if path.name in EXEMPT or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # an image or an archive
        checked += 1
        if bad := offences(text):
            found[str(path.relative_to(ROOT))] = bad[:5]
    assert checked > 20
    assert found == {}


@pytest.mark.parametrize("text", ["see /wor" + "k/main", "https://pypi." + "org/simple", "a data far" + "m"])
def test_the_pattern_finds(text: str) -> None:
    assert offences(text)
