"""Commands and the worker change nothing by themselves: what changes is a use case, what they show is a published read.

import-linter sees which module is imported, not whether the function that is used writes. This test does: it follows every
function of the slices to the statements that it executes, and knows those that change something; nothing of that may be named
in a command or in the worker. What only reads is published: it may.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.house.test_interfaces import SLICES
from tests.house.test_sql import WRITE, plain, statements

SOURCE = Path(__file__).parents[2] / "src" / "wenyue"
# Who may, and why. A folder's name stands for all in it.
EXCEPTED = {
    "ops/backup": "copies and brings back every schema as its owner",
    "ops/standby": "as backups, to a second machine",
    "ops/demo": "seeds an empty installation, in one transaction with its mark",
    "ops/probe.py": "looks at an installation as its owner, with rights and roles, and changes nothing",
    "ops/up.py": "has the demo seeded, asks whether anything is there",
    "ops/same_keys.py": "migrate: notes whose keys an installation has",
    "ops/key_mark.py": "likewise",
    "ops/resealing.py": "rewrites what is sealed in every schema as its owner, means the same; noted by a use case",
    "ops/doctor": "looks at the server itself, with rights and roles",
    "ops/as_owner.py": "begins the transaction that cannot write",
    "ops/monitoring.py": "the monitor's: silences and partners, told beside an application that may be down",
    "ops/accepting.py": "likewise: a record that was found broken is accepted by a person",
    "ops/fairness/command.py": "likewise, and frozen",
    "ops/acting_as.py": "proves who runs a command, before anything is done: tries and used codes are counted",
}
WORKER = ("worker.py", "worker_record.py", "worker_rooms.py", "subscribers.py")
LOCKS = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b|\bpg_advisory", re.IGNORECASE)
Key = tuple[str, str]  # module below wenyue, name at its top


def path_of(module: str) -> Path:
    """`booking.tasks` → its file."""
    path = SOURCE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def tree_of(module: str) -> ast.Module:
    """The module, parsed."""
    return ast.parse(path_of(module).read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> dict[str, Key | str]:
    """Local name → what it stands for: a name of another module, or (a text) a module."""
    return dict(imported(tree_of(module)))


def imported(tree: ast.AST) -> Iterator[tuple[str, Key | str]]:
    """The names that are imported from wenyue anywhere in the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "wenyue":
            base = ".".join(node.module.split(".")[1:])
            for one in node.names:
                inner = f"{base}.{one.name}".strip(".")
                if not path_of(inner).exists() and path_of(base).name == "__init__.py":
                    handed_on = imports_of(base).get(one.name)  # a module that the package hands on
                    inner = handed_on if isinstance(handed_on, str) else inner
                yield one.asname or one.name, inner if path_of(inner).exists() else (base, one.name)


@cache
def changing_statements(module: str) -> frozenset[str]:
    """Names of this module's statements that change or lock something, in all .sql files that it opens."""
    found: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "queries":
            words = [one.value for one in node.args if isinstance(one, ast.Constant)]
            folder = SOURCE.joinpath(*str(words[0]).split(".")[1:])
            text = (folder / str(words[1] if len(words) > 1 else "store.sql")).read_text(encoding="utf-8")
            for name, sql in statements(text):
                body = plain(sql)
                if WRITE.search(body) or LOCKS.search(sql) or re.search(r"retention\.erase|watch\.beat", sql):
                    found.add(name)
    return frozenset(found)


@cache
def nodes_of(module: str) -> dict[str, ast.AST]:
    """What stands at the top of the module, by name."""
    found: dict[str, ast.AST] = {}
    for node in tree_of(module).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found[target.id] = node
    return found


def named(module: str, node: ast.AST) -> Iterator[Key]:
    """What the node names: of its own module, of others, and attributes of modules."""
    known = imports_of(module)
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            of = known.get(one.value.id)
            if isinstance(of, str):
                yield of, one.attr
        elif isinstance(one, ast.Name):
            of = known.get(one.id)
            if isinstance(of, tuple):
                yield of
            elif of is None and one.id in nodes_of(module):
                yield module, one.id


def executes(module: str, node: ast.AST) -> bool:
    """Whether the node itself names a statement that changes something."""
    names = changing_statements(module)
    return any(
        isinstance(one, ast.Subscript)
        and isinstance(one.slice, ast.Constant)
        and one.slice.value in names
        and "SQL" in ast.unparse(one.value).upper()
        for one in ast.walk(node)
    )


def resolved(key: Key) -> Key:
    """Through packages that hand a name on."""
    for _ in range(5):
        module, name = key
        if not path_of(module).exists() or name in nodes_of(module):
            break
        of = imports_of(module).get(name)
        if not isinstance(of, tuple):
            break
        key = of
    return key


@cache
def changers() -> frozenset[Key]:
    """Every function and class of a slice that changes something, itself or through others."""
    modules = [
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        for name in SLICES
        for path in sorted((SOURCE / name).rglob("*.py"))
    ]
    uses: dict[Key, set[Key]] = {}
    found: set[Key] = set()
    for module in modules:
        for name, node in nodes_of(module).items():
            uses[module, name] = {resolved(one) for one in named(module, node)} - {(module, name)}
            if executes(module, node):
                found.add((module, name))
    while more := {key for key, used in uses.items() if key not in found and used & found}:
        found |= more
    return frozenset(found)


def faults(module: str, tree: ast.Module) -> Iterator[str]:
    """What a command or the worker does by itself."""
    known = dict(imported(tree))
    for one in ast.walk(tree):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            if one.func.attr in {"transaction", "secret_transaction"}:
                yield f"{module}:{one.lineno} opens a transaction"
            if one.func.attr in {"execute", "executemany", "copy"}:
                yield f"{module}:{one.lineno} asks the database itself"
        if isinstance(one, ast.Attribute) and one.attr == "engine":
            yield f"{module}:{one.lineno} reaches the engine"
    used: set[tuple[int, Key]] = set()
    for one in ast.walk(tree):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            of = known.get(one.value.id)
            if isinstance(of, str):
                used.add((one.lineno, (of, one.attr)))
        elif isinstance(one, ast.Name) and isinstance(of := known.get(one.id), tuple):
            used.add((one.lineno, of))
    for line, key in sorted(used):
        if resolved(key) in changers() and not key[0].startswith("application"):
            yield f"{module}:{line} names {'.'.join(resolved(key))}, which changes something"


def judged() -> list[Path]:
    """The commands and the worker, without those that are excepted."""
    paths = [SOURCE / name for name in WORKER]
    for path in sorted((SOURCE / "ops").rglob("*.py")):
        name = str(path.relative_to(SOURCE))
        if not any(name == one or name.startswith(f"{one}/") for one in EXCEPTED):
            paths.append(path)
    return paths


@pytest.mark.parametrize("path", judged(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_commands_and_the_worker_change_nothing_by_themselves(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert sorted(faults(str(path.relative_to(SOURCE)), tree)) == []


def test_what_is_excepted_is_there() -> None:
    assert [one for one in EXCEPTED if not (SOURCE / one).exists()] == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("from wenyue import abuse\nabuse.close", "abuse.store.close, which changes"),
        ("from wenyue.abuse import save_rule\nsave_rule()", "abuse.store.save_rule, which changes"),
        (
            "from wenyue.booking import tasks\ntasks.expire_holds()",
            "booking.tasks.expire_holds, which changes",
        ),
        (
            "from wenyue.booking import slot_planning\nslot_planning.set_capacity()",
            "booking.slots.slot_planning.set_capacity, which",
        ),
        ("from wenyue.booking import Engine\nEngine()", "booking.engine.engine.Engine, which changes"),
        ("from wenyue.audit import record\nrecord()", "audit.store.record, which changes"),
        (
            "from wenyue.retention import erase_step\nerase_step()",
            "retention.store.erase_step, which changes",
        ),
        ("async with db.transaction(): ...", "opens a transaction"),
        ("await tx.execute('DELETE FROM booking.pool')", "asks the database itself"),
        ("await services.engine.book(request)", "reaches the engine"),
    ],
)
def test_somebody_who_breaks_it_is_found(broken: str, said: str) -> None:
    tree = ast.parse("async def f():\n" + "\n".join(f"    {line}" for line in broken.splitlines()))
    assert any(said in one for one in faults("x.py", tree)), list(faults("x.py", tree))


@pytest.mark.parametrize(
    "read",
    [
        "from wenyue import abuse\nabuse.open_findings()",
        "from wenyue.catalogue import products\nproducts()",
        "from wenyue.booking import availability\navailability()",
        "from wenyue.retention import periods, count_due\nperiods(), count_due()",
    ],
)
def test_published_reads_are_free(read: str) -> None:
    assert list(faults("x.py", ast.parse(read))) == []
