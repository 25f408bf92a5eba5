"""Modules and classes have the field's names: what they were called before is no name of anything any more."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = {
    *(
        "faces",
        "kernel",
        "infra",
        "emergency",
        "sight",
        "watch",
        "watching",
        "later",
        "hand_on",
        "notes",
        "errands",
    ),
    *("turns", "leash", "alone", "quiet", "tight", "oncard", "drawing", "returning", "redeeming", "opening"),
    *("together", "successor", "gun", "town", "world", "weather", "crew"),
}
CLASSES = {"Gatekeeper", "Asked", "Shift", "Glass", "Town", "World", "Weather", "Crew"}
# Under these a view or wrapper stands for the release before, until the next one (docs/adr/0042-two-packages.md).
SCHEMAS = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+(?:emergency|watch)\.", re.IGNORECASE)


def sources() -> list[Path]:
    folders = ("src", "lab/src", "tests", "scripts")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


def classes(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name.removeprefix("_") for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def test_no_module_or_class_has_an_old_name() -> None:
    found = {
        str(path.relative_to(ROOT)): classes(path) & CLASSES | {path.stem, *path.parts} & MODULES
        for path in sources()
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_no_statement_asks_a_schema_by_its_old_name() -> None:
    statements = [path for path in (ROOT / "src").rglob("*.sql") if "migrations" not in path.parts]
    assert statements
    assert [str(path) for path in statements if SCHEMAS.search(path.read_text(encoding="utf-8"))] == []
