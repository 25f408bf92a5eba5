"""What the application's role needs, read from its statements by PostgreSQL itself.

Every named statement of the slices is prepared by the owner with `debug_print_parse` on: the parse tree lists, for each table,
the privileges and columns that the server would check (RTEPermissionInfo). `scripts/write_grants.py` writes the result down;
`tests/house/test_grants.py` compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import procrastinate
import psycopg
from psycopg.errors import Diagnostic

from wenyue.platform.database.grants import APP_ROLE, Grants, Rights

SOURCE: Final = Path(__file__).parents[2] / "src" / "wenyue"
# Tools are run by operators, as the schema's owner; what they share with the application is in the slices' files.
NOT_THE_APPLICATION: Final = {"ops", "migrations"}
# A statement with this line in its comment is run by operators' commands as the owner: the application gets no grant for it.
OWNER_ONLY: Final = re.compile(r"^-- run by: owner[ \t]*$", re.MULTILINE)
# What the job queue's package asks of its tables; the rest goes through its functions, which run with their owner's rights.
JOB_STATEMENTS: Final = {
    "select_stalled_jobs_by_heartbeat",
    "get_job_status",
    "list_jobs_to_abort",
}
# Read by statements that stand in no .sql file: whose keys the database has (`platform.database.migrate.decided`).
READ_BESIDES: Final = ("public.schema_migration", "public.procrastinate_events")
# FOR UPDATE wants the right to change some column: the one to grant where no statement changes any. Choose a harmless one.
COLUMN_TO_LOCK_BY: Final = {"gate.scan": "visitor_no"}
# Schemas whose old names the release before still speaks (migration 0069): its views there need what their tables need.
FORMER_SCHEMAS: Final = {"waiting_room": "emergency", "monitoring": "watch"}
# Texts that the release before writes as pairs of columns (migration 0070): whoever may write one may write its pair.
PAIRED_TEXTS: Final = {"booking.slot": ("label", "closed_reason"), "waiting_room.room": ("title", "message")}
_SELECT, _INSERT, _UPDATE, _DELETE = 2, 1, 4, 8
_NAME: Final = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)
_JOB_NAME: Final = re.compile(r"^-- (\w+) --$", re.MULTILINE)
_PARAMETER: Final = re.compile(r"%\((\w+)\)s")
_INFO: Final = re.compile(
    r"\{RTEPERMISSIONINFO :relid (\d+) :inh \w+ :requiredPerms (\d+) :checkAsUser \d+ :selectedCols \(b([\d ]*)\)"
    r" :insertedCols \(b([\d ]*)\) :updatedCols \(b([\d ]*)\)\}"
)
_LOWEST: Final = 7  # the number of column 1 is 8 in these sets: system columns come first


def application_statements() -> Iterator[tuple[str, str]]:
    """(where, statement) of everything that the application's processes run."""
    for path in sorted(SOURCE.rglob("*.sql")):
        place = path.relative_to(SOURCE)
        if place.parts[0] not in NOT_THE_APPLICATION:
            parts = _NAME.split(path.read_text(encoding="utf-8"))
            for name, text in zip(parts[1::2], parts[2::2], strict=True):
                if not OWNER_ONLY.search(text):
                    yield f"{place}:{name}", text
    queries = Path(procrastinate.__file__).parent / "sql" / "queries.sql"
    parts = _JOB_NAME.split(queries.read_text(encoding="utf-8"))
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        if name in JOB_STATEMENTS:
            yield f"procrastinate:{name}", text


class Reader:
    """Asks a server what a statement needs; `connection` is the schema's owner's, in autocommit mode."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._trees: list[str] = []
        connection.add_notice_handler(self._hear)
        connection.execute("SET client_min_messages = log")
        connection.execute("SET debug_pretty_print = off")
        connection.execute("SET debug_print_parse = on")
        self._columns: dict[str, tuple[str, dict[int, str]]] = {}

    def _hear(self, said: Diagnostic) -> None:
        if said.message_primary == "parse tree:":
            self._trees.append(re.sub(r"\s+", " ", said.message_detail or ""))

    def needs(self, statement: str) -> Iterator[tuple[str, str, set[str]]]:
        """(table, privilege, columns; none: the table as a whole). Raises AssertionError with the server's complaint."""
        self._trees.clear()
        numbers: dict[str, int] = {}
        text = _PARAMETER.sub(lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", statement)
        text = text.replace("%%", "%").strip().rstrip(";")
        result = self._connection.pgconn.prepare(b"", text.encode())
        assert result.status == psycopg.pq.ExecStatus.COMMAND_OK, result.error_message.decode()
        assert self._trees, f"the server showed no parse tree of {text[:80]!r}"
        for tree in list(self._trees):
            found = _INFO.findall(tree)
            assert len(found) == tree.count("{RTEPERMISSIONINFO"), "the parse tree has another form"
            for relation, mask, _, inserted, updated in found:
                yield from self._of_relation(relation, int(mask), inserted, updated)

    def _of_relation(
        self, relation: str, mask: int, inserted: str, updated: str
    ) -> Iterator[tuple[str, str, set[str]]]:
        table, columns = self._table(relation)
        if mask & _SELECT:
            yield table, "SELECT", set()
        if mask & _INSERT:
            yield table, "INSERT", {columns[int(one) - _LOWEST] for one in inserted.split()}
        if mask & _UPDATE:  # without columns: it locks
            yield (
                table,
                "UPDATE" if updated.split() else "LOCK",
                {columns[int(one) - _LOWEST] for one in updated.split()},
            )
        if mask & _DELETE:
            yield table, "DELETE", set()

    def _table(self, relation: str) -> tuple[str, dict[int, str]]:
        if relation not in self._columns:
            with psycopg.connect(
                self._connection.info.dsn, password=self._connection.info.password
            ) as asking:
                [(name,)] = asking.execute(
                    "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                    " WHERE c.oid = %s::oid",
                    [relation],
                ).fetchall()
                rows = asking.execute(
                    "SELECT attnum, attname FROM pg_attribute WHERE attrelid = %s::oid AND attnum > 0",
                    [relation],
                ).fetchall()
            self._columns[relation] = name, dict(rows)
        return self._columns[relation]


def needed(owner_url: str) -> Grants:
    """What the statements need, by table. Raises AssertionError that names a statement which the server refuses."""
    found: Grants = {}
    with psycopg.connect(owner_url, autocommit=True) as connection:
        reader = Reader(connection)
        for where, statement in application_statements():
            try:
                for table, privilege, columns in reader.needs(statement):
                    if not table.startswith(("pg_catalog.", "information_schema.")):
                        found.setdefault(table, Rights()).add(privilege, columns)
            except AssertionError as error:
                raise AssertionError(f"{where}: {error}") from None
    for table, rights in found.items():
        is_locked = "LOCK" in rights.whole
        rights.whole.discard("LOCK")
        if is_locked and "UPDATE" not in rights.columns:
            assert table in COLUMN_TO_LOCK_BY, (
                f"{table} is locked and never changed: choose its COLUMN_TO_LOCK_BY"
            )
            rights.add("UPDATE", [COLUMN_TO_LOCK_BY[table]])
    for table, texts in PAIRED_TEXTS.items():
        for columns in found[table].columns.values():
            columns.update(
                f"{text}{ending}" for text in texts if text in columns for ending in ("_zh", "_en")
            )
    for table in READ_BESIDES:
        found.setdefault(table, Rights()).add("SELECT")
    return found | _under_former_names(found)


def _under_former_names(grants: Grants) -> Grants:
    """The same rights for the release before."""
    split = ((*table.split("."), rights) for table, rights in grants.items())
    return {
        f"{FORMER_SCHEMAS[schema]}.{name}": rights
        for schema, name, rights in split
        if schema in FORMER_SCHEMAS
    }


def grants_text(grants: Grants) -> str:
    """The file's content for these grants."""
    lines = [
        "-- What the application may do, table by table and column by column: what its named statements do, and no more.",
        "-- Written by scripts/write_grants.py; applied by `wenyue migrate` at the end. tests/house/test_grants.py compares.",
    ]
    for table, rights in sorted(grants.items()):
        said = [one for one in ("SELECT", "DELETE") if one in rights.whole]
        said += [f"{one} ({', '.join(sorted(rights.columns[one]))})" for one in sorted(rights.columns)]
        lines += ["GRANT " + ",\n      ".join(said), f"   ON {table} TO {APP_ROLE};"]
    return "\n".join(lines) + "\n"
