"""Faces map and show: whatever they change goes through a use case, and what they read is read where nothing can be written."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.writers import SOURCE, Module, modules, name_of, named, read_module, writers

FACES: Final = SOURCE / "web"
APPLICATION: Final = SOURCE / "application"
APPLICATION_LINES_MAX: Final = 100
# A process of its own, without the application and its database: its subscribers are a file.
WITHOUT_DATABASE: Final = FACES / "status"
# How a face would begin to change something, and what a process's own instances may not be asked for by it.
CHANGING: Final = frozenset(
    {
        *("transaction", "secret_transaction", "attempt", "acting_as", "acting", "on_duty", "on_server"),
        *("execute", "executemany", "cursor", "copy", "pipeline", "commit"),
        *("start_login", "give_pass", "exchange", "book", "change", "refuse_early", "drain"),
    }
)
# Reads of one statement each on the way of very many requests: they need no transaction.
SINGLE_STATEMENTS: Final = {"web/api/health.py", "web/api/hot_availability.py"}
FROM_DB: Final = {"Tx", "Database", "DatabaseDown"}
# Of the engine and the room, what looks like it and is a method of a face's own object.
NOT_CALLED_OF: Final = frozenset({"self", "cls"})


def face_files() -> list[Path]:
    return [path for path in sorted(FACES.rglob("*.py")) if WITHOUT_DATABASE not in path.parents]


def faults(path: Path, source: str | None = None) -> Iterator[str]:
    """What a face does that only a use case may."""
    text = source if source is not None else path.read_text(encoding="utf-8")
    tree, module = ast.parse(text), read_module(path, text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of, name = node.func.value, node.func.attr
            is_own = isinstance(of, ast.Name) and of.id in NOT_CALLED_OF
            is_single = name == "execute" and _is_single(path)
            if name in CHANGING and not (is_own or is_single or _is_of_application(module, of)):
                yield f"{node.lineno}: calls .{name}"
            if name == "connection" and not _is_single(path):
                yield f"{node.lineno}: reads outside of a reading"
        if isinstance(node, ast.ImportFrom) and node.module == "wenyue.platform.database.db":
            yield from (f"{node.lineno}: imports {one.name}" for one in node.names if one.name not in FROM_DB)
    for full, line in named(module, tree):
        if full in writers() and not full.startswith(("wenyue.application.", "wenyue.web.")):
            yield f"{line}: names {full}, which writes"


def _is_single(path: Path) -> bool:
    return str(path.relative_to(SOURCE)) in SINGLE_STATEMENTS


def _is_of_application(module: Module, node: ast.expr) -> bool:
    """Whether it is a module of the application under a name."""
    known = module.names.get(node.id, "") if isinstance(node, ast.Name) else ""
    return known.startswith("wenyue.application:")


def test_faces_open_no_transaction_and_call_nothing_that_writes() -> None:
    found = {str(path.relative_to(SOURCE)): bad for path in face_files() if (bad := list(faults(path)))}
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "async def f(services):\n    async with services.db.transaction() as tx:\n        pass",
        "from wenyue.accounts import end_login\nasync def f(tx):\n    await end_login(tx, '', None)",
        "from wenyue.cards import recovery\nasync def f(tx):\n    await recovery.freeze_all(tx, 1, None, '')",
        "from wenyue import catalogue\nasync def f(tx):\n    return catalogue.set_prices",
        "from wenyue.accounts import acting_as, add_visitor as keep\nprint(keep)",
        "async def f(services):\n    await services.engine.change(None)",
        "from wenyue.platform.database.db import connect",
        "async def f(db):\n    async with db.connection() as tx:\n        pass",
    ],
)
def test_a_face_that_changes_something_is_found(source: str) -> None:
    assert list(faults(FACES / "api" / "probe.py", source))


def test_writers_are_told_from_readers() -> None:
    known = writers()
    for writer in (
        "wenyue.cards.activation:activate",
        "wenyue.accounts.logins:end_logins",
        "wenyue.accounts.names:note_seen",
        "wenyue.accounts.second.factors:prove",
        "wenyue.audit.store:record",
        "wenyue.booking.slots.replanning:enter_holidays",
        "wenyue.catalogue.store:set_prices",
        "wenyue.gate.store:scan",
        "wenyue.gate.lookup:look_up",
    ):
        assert writer in known, writer
    for reader in (
        "wenyue.accounts.store:visitors",
        "wenyue.booking.slots.availability:availability",
        "wenyue.booking.slots.replanning:preview_holidays",
        "wenyue.cards.views:cards_of",
        "wenyue.catalogue.store:venue",
        "wenyue.policy.store:load_calendar",
    ):
        module, _, name = reader.partition(":")
        assert module in modules(), reader
        assert name in modules()[module].functions, reader
        assert reader not in known, reader


def test_a_use_case_fits_on_a_page() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in APPLICATION.rglob("*.py")
    }
    assert {name: lines for name, lines in lengths.items() if lines > APPLICATION_LINES_MAX} == {}
