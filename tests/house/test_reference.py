"""The page of what slices hand on is what the source says."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_reference_is_what_the_slices_export() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "write_reference.py"))
    kept = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert made["reference"]() == kept, "run scripts/write_reference.py"


def test_every_export_says_what_it_is() -> None:
    """A function, a class or a module that is handed on has a docstring."""
    made = runpy.run_path(str(ROOT / "scripts" / "write_reference.py"))
    lines = made["reference"]().splitlines()
    assert len([one for one in lines if one.startswith("- ")]) > 200
    assert [one for one in lines if one.startswith("- ") and one.endswith(": ")] == []
