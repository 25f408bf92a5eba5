"""Who owns which table: a slice writes only its own schema and reads others only through views and functions.

import-linter cannot see SQL, so this test reads every ``.sql`` file of the slices. It also refuses SQL that
hides what it touches: ``SELECT *``, unqualified tables, unnamed or unexplained statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "wenyue"
LAB = ROOT / "lab" / "src"
FILES = [*sorted(SOURCE.rglob("*.sql")), *sorted(LAB.rglob("*.sql"))]
# Tools make sites to measure and to simulate, migrations make the structure: they touch every schema as its owner would,
# and belong to no slice.
OWNED = [
    path
    for path in sorted(SOURCE.rglob("*.sql"))
    if path.relative_to(SOURCE).parts[0] not in {"ops", "migrations"}
]

NAME = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
TEXT = re.compile(r"'(?:[^']|'')*'")
WRITE = re.compile(
    r"\b(?:INSERT\s+INTO|(?<!FOR )(?<!NO KEY )UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?([\w.]+)",
    re.IGNORECASE,
)
READ = re.compile(r"\b(?:FROM|JOIN|USING)\s+(?:ONLY\s+|LATERAL\s+)*([\w.]+)(\s*\()?", re.IGNORECASE)
CTE = re.compile(
    r"(?:\bWITH(?:\s+RECURSIVE)?|,)\s*(\w+)\s*(?:\([^()]*\)\s*)?AS\s+(?:NOT\s+)?(?:MATERIALIZED\s*)?\(",
    re.IGNORECASE,
)
FUNCTION_FROM = re.compile(r"\b(?:extract|trim|substring|overlay)\s*\([^()]*?\bFROM\b", re.IGNORECASE)
DISTINCT_FROM = re.compile(r"\bIS\s+(?:NOT\s+)?DISTINCT\s+FROM\b", re.IGNORECASE)
STAR = re.compile(r"\bSELECT\s+(?:DISTINCT\s+)?(?:\w+\.)?\*|,\s*\w+\.\*|RETURNING\s+\*", re.IGNORECASE)
AFTER_CONFLICT = re.compile(r"\bDO\s+UPDATE\s+SET\b", re.IGNORECASE)
LOCKING = re.compile(
    r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE(?:\s+OF\s+[\w, ]+?(?=\s*(?:\)|;|$|SKIP|NOWAIT)))?", re.IGNORECASE
)
SCHEMAS_OF_ALL = {"pg_catalog", "information_schema"}


def plain(sql: str) -> str:
    """The statement without comments, texts and the harmless uses of FROM and UPDATE."""
    sql = TEXT.sub("''", COMMENT.sub(" ", sql))
    for pattern in (FUNCTION_FROM, DISTINCT_FROM, AFTER_CONFLICT, LOCKING):
        sql = pattern.sub(" ", sql)
    return sql


def statements(text: str) -> Iterator[tuple[str, str]]:
    parts = NAME.split(text)
    yield from zip(parts[1::2], parts[2::2], strict=True)


def offences(sql: str, own: str) -> Iterator[str]:
    """What a statement of the slice ``own`` touches and may not."""
    body = plain(sql)
    local = {name.lower() for name in CTE.findall(body)}
    for target in WRITE.findall(body):
        if target.lower() in {"set", "of", "nowait", "skip"}:
            continue
        schema, _, _ = target.rpartition(".")
        if schema != own:
            yield f"writes {target}"
    for target, is_call in READ.findall(body):
        schema, _, table = target.rpartition(".")
        if is_call or target.lower() in local or target.lower() in {"select", "values"}:
            continue
        if not schema:
            yield f"reads {target} without its schema"
        elif schema != own and schema not in SCHEMAS_OF_ALL and not table.endswith("_v"):
            yield f"reads {target}, which is no published view"
    if STAR.search(body):
        yield "selects *"


def own_schema(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return "public" if first == "platform" else first  # the jobs' tables are made by a package of others


@pytest.mark.parametrize("path", OWNED, ids=lambda path: str(path.relative_to(SOURCE)))
def test_statements_touch_only_what_they_may(path: Path) -> None:
    named = list(statements(path.read_text(encoding="utf-8")))
    assert named, "no '-- name:' in this file"
    found = {name: bad for name, sql in named if (bad := list(offences(sql, own_schema(path))))}
    assert found == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_statements_are_named_once_and_explained(path: Path) -> None:
    named = list(statements(path.read_text(encoding="utf-8")))
    names = [name for name, _ in named]
    assert sorted(set(names)) == sorted(names)
    assert [name for name, sql in named if not sql.lstrip().startswith("--")] == []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO cards.card (id) VALUES (1)", ["writes cards.card"]),
        ("UPDATE cards.card SET state = 1", ["writes cards.card"]),
        ("DELETE FROM gate.scan", ["writes gate.scan", "reads gate.scan, which is no published view"]),
        ("SELECT id FROM cards.card", ["reads cards.card, which is no published view"]),
        ("SELECT id FROM pool", ["reads pool without its schema"]),
        ("SELECT * FROM booking.pool", ["selects *"]),
        ("SELECT id FROM cards.card_v JOIN booking.pool USING (id)", []),
        ("WITH x AS (SELECT 1 AS id) UPDATE booking.pool SET held = 0 FROM x WHERE pool.id = x.id", []),
        ("SELECT id FROM booking.pool WHERE a IS DISTINCT FROM b ORDER BY id FOR UPDATE", []),
        ("SELECT extract(epoch FROM at) FROM booking.line, unnest(%(ids)s::bigint[]) AS t(id)", []),
        (
            "INSERT INTO booking.pool (id) SELECT id FROM unnest(%(ids)s) ON CONFLICT (id) DO UPDATE SET id = 1",
            [],
        ),
    ],
)
def test_the_reader_of_sql_sees(sql: str, expected: list[str]) -> None:
    assert list(offences(sql, "booking")) == expected
