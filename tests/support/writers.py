"""Which functions write to the database: read from the source, statement by statement and call by call.

A function writes when it names a statement that does, or calls a function that writes; names are followed through imports and
the packages that hand them on. Objects' methods are not followed: what a process's own instances may be asked for is listed
where it matters.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[2] / "src" / "wenyue"
_COMMENT: Final = re.compile(r"--[^\n]*")
_NAMED: Final = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)
_WRITES: Final = re.compile(
    r"\b(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|MERGE INTO|FOR (NO KEY )?UPDATE|FOR (KEY )?SHARE|pg_advisory_\w+)\b"
)
_SQL_FUNCTION: Final = re.compile(
    r"CREATE (?:OR REPLACE )?FUNCTION ([a-z_]+\.[a-z_0-9]+)\s*\(.*?AS\s+(\$\w*\$)(.*?)\2", re.DOTALL
)
_CALLED: Final = re.compile(r"\b([a-z_]+\.[a-z_0-9]+)\s*\(")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Module:
    """One module: what its names stand for (`module` or `module:name`), its functions, and the statements that it reads."""

    name: str
    names: dict[str, str] = field(default_factory=dict[str, str])
    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    statements: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    constants: dict[str, str] = field(default_factory=dict[str, str])  # a statement under a name of its own


def name_of(path: Path) -> str:
    """The dotted name of a module of ours."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> Mapping[str, Module]:
    """Every module of ours by its name."""
    return {one.name: one for path in sorted(SOURCE.rglob("*.py")) if (one := read_module(path))}


def read_module(path: Path, source: str | None = None) -> Module:
    """One module; `source` instead of what the file says."""
    tree = ast.parse(source if source is not None else path.read_text(encoding="utf-8"))
    found = Module(name_of(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("wenyue"):
            for alias in node.names:
                found.names[alias.asname or alias.name] = f"{node.module}:{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    found.names[alias.asname] = alias.name
    for node in tree.body:
        if isinstance(node, Function):
            found.functions[node.name] = node
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                _read_constant(found, target.id, value)
    return found


def _read_constant(found: Module, name: str, value: ast.expr) -> None:
    if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "queries":
        package, *file = [ast.literal_eval(one) for one in value.args]
        path = SOURCE.parent.joinpath(*package.split(".")) / (file[0] if file else "store.sql")
        found.statements[name] = statements(path)
    elif isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name):
        of = found.statements.get(value.value.id, {})
        found.constants[name] = of.get(getattr(value.slice, "value", ""), "")


@cache
def statements(path: Path) -> dict[str, str]:
    """The named statements of a file."""
    pieces = _NAMED.split(path.read_text(encoding="utf-8"))
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


@cache
def writing_sql_functions() -> frozenset[str]:
    """Functions in the database that write, by their name with its schema."""
    bodies: dict[str, str] = {}
    for path in sorted((SOURCE / "migrations").glob("*.sql")):
        for name, _, body in _SQL_FUNCTION.findall(path.read_text(encoding="utf-8")):
            bodies[name] = bodies.get(name, "") + _COMMENT.sub("", body)
    found = {name for name, body in bodies.items() if _WRITES.search(body)}
    while more := {
        name for name, body in bodies.items() if name not in found and found & set(_CALLED.findall(body))
    }:
        found |= more
    return frozenset(found)


@cache
def writes(statement: str) -> bool:
    """Whether a statement writes, or locks what it reads."""
    plain = _COMMENT.sub("", statement)
    is_calling = not writing_sql_functions().isdisjoint(_CALLED.findall(plain))
    return is_calling or _WRITES.search(plain) is not None


def resolve(module: Module, node: ast.expr) -> str | None:
    """`module:name` of what an expression names: `f`, `module.f`, `package.module.f`; None: nothing of ours."""
    if isinstance(node, ast.Name):
        known = module.names.get(node.id)
        found = known or f"{module.name}:{node.id}"
        return _followed(found)
    if isinstance(node, ast.Attribute):
        of = resolve(module, node.value)
        of_module = None if of is None else of.replace(":", ".")
        return _followed(f"{of_module}:{node.attr}") if of_module in modules() else None
    return None


def _followed(full: str) -> str | None:
    """Where a name that a package hands on is made."""
    for _ in range(6):
        name, _, item = full.partition(":")
        module = modules().get(name)
        if module is None or item in module.functions or item in module.constants or not item:
            return full
        if f"{name}.{item}" in modules():
            return f"{name}.{item}"
        further = module.names.get(item)
        if further is None:
            return full
        full = further
    return None


def named(module: Module, within: ast.AST) -> Iterator[tuple[str, int]]:
    """Everything of ours that is named in it, called or handed on, with its line."""
    for node in ast.walk(within):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            found = resolve(module, node)
            if found is not None and ":" in found:
                yield found, node.lineno


def _of_statement(module: Module, node: ast.AST) -> tuple[dict[str, str], ast.expr] | None:
    """The statements, and the key, of an expression that takes one of them."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        of = module.statements.get(node.value.id)
        return None if of is None else (of, node.slice)
    return None


def _keys(node: ast.expr) -> list[str] | None:
    """The statements that a key can name; None: whoever calls says it."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.IfExp):
        either, other = _keys(node.body), _keys(node.orelse)
        return None if either is None or other is None else either + other
    return None


def _takes_any(module: Module, function: Function) -> bool:
    """Whether it asks the statement that its caller names."""
    taken = [one for node in ast.walk(function) if (one := _of_statement(module, node))]
    return any(_keys(key) is None for _, key in taken)


def _writes_itself(module: Module, function: Function) -> bool:
    for node in ast.walk(function):
        taken = _of_statement(module, node)
        if taken is not None and any(writes(taken[0][key]) for key in _keys(taken[1]) or ()):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = module.functions.get(node.func.id)
            if called is not None and _takes_any(module, called):
                given = [one.value for one in node.args if isinstance(one, ast.Constant)]
                known = [of[key] for of in module.statements.values() for key in of.keys() & set(given)]
                if any(map(writes, known)):
                    return True
    return any(
        writes(modules()[name].constants.get(item, ""))
        for name, _, item in (full.partition(":") for full, _ in named(module, function))
        if name in modules()
    )


@cache
def writers() -> frozenset[str]:
    """Every function of ours that writes, as `module:function`."""
    functions = {
        f"{module.name}:{name}": (module, function)
        for module in modules().values()
        for name, function in module.functions.items()
    }
    uses = {
        full: {one for one, _ in named(module, function) if one in functions and one != full}
        for full, (module, function) in functions.items()
    }
    found = {full for full, (module, function) in functions.items() if _writes_itself(module, function)}
    while more := {full for full, used in uses.items() if full not in found and used & found}:
        found |= more
    return frozenset(found)
