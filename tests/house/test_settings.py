"""Every setting stands in docs/configuration.md, and nothing else does."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

from wenyue.platform import config
from wenyue.platform.misspelt import READ_ELSEWHERE

ROOT = Path(__file__).parents[2]
VARIABLE = re.compile(r"\bWENYUE_[A-Z_]+\b")


def leaf_fields(group: type) -> list[str]:
    """The names of all fields of a settings group and its subgroups."""
    hints = get_type_hints(group)
    names: list[str] = []
    for field in fields(group):
        kind = hints[field.name]
        names += leaf_fields(kind) if isinstance(kind, type) and is_dataclass(kind) else [field.name]
    return names


def test_every_setting_is_documented() -> None:
    source = Path(config.__file__).read_text(encoding="utf-8")
    documented = set(VARIABLE.findall((ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")))
    read = {name for name in VARIABLE.findall(source) if f'"{name}"' in source} - READ_ELSEWHERE
    assert read
    assert read - documented == set()
    assert documented - read - READ_ELSEWHERE == set()


def test_every_field_names_its_variable() -> None:
    """Beside each field stands the variable that sets it; so the table cannot miss one."""
    source = Path(config.__file__).read_text(encoding="utf-8")
    for name in leaf_fields(config.Settings):
        assert re.search(rf"^    {name}: [^#\n]+# WENYUE_[A-Z_]+", source, re.MULTILINE), name
