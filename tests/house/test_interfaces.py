"""Only a slice imports its own submodules; everybody else uses the names of its package, a dozen at most."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "wenyue"
SLICES = (
    "abuse",
    "accounts",
    "audit",
    "booking",
    "cards",
    "catalogue",
    "changes",
    "events",
    "gate",
    "insight",
    "marketing",
    "monitoring",
    "notifications",
    "partners",
    "payments",
    "policy",
    "retention",
    "waiting_room",
)
# The simulator's one module that plants bugs and crashes inside the engine: it must know the engine's parts.
MAY_REACH = {"lab/src/wenyue_lab/simulator/seams.py"}
NAMES_MAX = 40  # the aim is a dozen; models, outcomes and statements for the pipeline come on top


def intrusions(source: str, own: str) -> Iterator[str]:
    """Imports of another slice's submodule in a module of slice ``own`` ('' for modules of no slice)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            is_inner = len(parts) > 2 and parts[0] == "wenyue" and parts[1] in SLICES and parts[1] != own
            place = SOURCE.joinpath(*parts[1:3]) if is_inner else SOURCE
            is_room = is_inner and parts[1] == "booking" and place.is_dir() and len(parts) > 3
            if is_room and parts[3] in exported_names(parts[1]):
                continue
            is_module = is_room or (is_inner and place.with_suffix(".py").exists())
            if is_module and parts[2] not in exported_names(parts[1]):
                yield name


@cache
def exported_names(name: str) -> frozenset[str]:
    """What the package of the slice lists in ``__all__``, read without importing it."""
    path = SOURCE / name / "__init__.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body if path.exists() else []:
        if isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id == "__all__" for one in node.targets
        ):
            return frozenset(ast.literal_eval(node.value))
    return frozenset()


def slice_of(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first if first in SLICES else ""


def test_nobody_reaches_into_a_slice() -> None:
    found = {
        f"{path.relative_to(ROOT)}": sorted(bad)
        for path in sorted(SOURCE.rglob("*.py"))
        if str(path.relative_to(ROOT)) not in MAY_REACH
        and (bad := set(intrusions(path.read_text(encoding="utf-8"), slice_of(path))))
    }
    assert found == {}


def test_an_intrusion_is_found() -> None:
    assert list(intrusions("from wenyue.audit import store", "")) == ["wenyue.audit.store"]
    assert list(intrusions("import wenyue.audit.store", "audit")) == []


@pytest.mark.parametrize("name", [name for name in SLICES if (SOURCE / name / "__init__.py").exists()])
def test_a_slice_exports_few_names(name: str) -> None:
    package = importlib.import_module(f"wenyue.{name}")
    exported = list(getattr(package, "__all__", []))
    assert len(exported) <= NAMES_MAX
    assert [one for one in exported if not hasattr(package, one)] == []


def test_every_slice_is_under_the_contract_of_slices() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    listed = next(contract["containers"] for contract in contracts if contract["id"] == "slices")
    existing = [f"wenyue.{name}" for name in SLICES if (SOURCE / name / "__init__.py").exists()]
    assert sorted(listed) == existing


def test_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
