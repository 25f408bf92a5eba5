"""What the application may do in the database: no more than `migrations/grants/wenyue_app.sql` says.

The file is written by `scripts/write_grants.py` from the named statements; a house test holds both together. `wenyue migrate`
applies it after the migrations whenever the database says something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, LiteralString, cast

import psycopg

APP_ROLE: Final = "wenyue_app"
# Inside the package, so that an installed wheel has it too.
GRANTS_FILE: Final = Path(__file__).resolve().parents[2] / "migrations" / "grants" / f"{APP_ROLE}.sql"
COLUMN_PRIVILEGES: Final = ("INSERT", "UPDATE")
_GRANT: Final = re.compile(rf"GRANT\s+(.+?)\s+ON\s+([a-z_]+\.[a-z0-9_]+)\s+TO\s+{APP_ROLE};", re.DOTALL)
_PRIVILEGE: Final = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE)\s*(?:\(([^)]*)\))?\s*(?:,|$)")
_SYSTEM: Final = r"^(pg_|information_schema$)"

_OF_TABLES: LiteralString = """
SELECT n.nspname || '.' || c.relname, a.privilege_type, ''
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS a
 WHERE a.grantee = %(role)s::regrole AND n.nspname !~ %(system)s AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
UNION ALL
SELECT n.nspname || '.' || c.relname, a.privilege_type, t.attname
  FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
       aclexplode(t.attacl) AS a
 WHERE a.grantee = %(role)s::regrole AND n.nspname !~ %(system)s AND NOT t.attisdropped
"""
_REVOKE_ALL: LiteralString = """
DO $$
DECLARE s text;
BEGIN
    FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)' AND
        EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = pg_namespace.oid AND c.relowner = current_user::regrole)
    LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM wenyue_app', s);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM wenyue_app', s);
    END LOOP;
END $$
"""


@dataclass
class Rights:
    """What may be done with one table: whole-table privileges, and the columns of the others."""

    whole: set[str] = field(default_factory=set[str])
    columns: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def add(self, privilege: str, columns: Iterable[str] = ()) -> None:
        """Allow `privilege`, on these columns where it is one of COLUMN_PRIVILEGES."""
        named = set(columns)
        if named:
            self.columns.setdefault(privilege, set()).update(named)
        else:
            self.whole.add(privilege)


Grants = dict[str, Rights]  # by schema.table


def declared(text: str | None = None) -> Grants:
    """What the file says. Raises ValueError where it says something that this reader does not know."""
    text = GRANTS_FILE.read_text(encoding="utf-8") if text is None else text
    found: Grants = {}
    for said, table in _GRANT.findall(text):
        rights, at = found.setdefault(table, Rights()), 0
        while at < len(said):
            part = _PRIVILEGE.match(said, at)
            if part is None:
                raise ValueError(f"grants of {table}: {said[at:]!r} is not understood")
            rights.add(part[1], re.findall(r"\w+", part[2] or ""))
            at = part.end()
    return found


def existing(connection: psycopg.Connection) -> Grants:
    """What the database says."""
    found: Grants = {}
    rows = connection.execute(_OF_TABLES, {"role": APP_ROLE, "system": _SYSTEM}).fetchall()
    for table, privilege, column in rows:
        found.setdefault(table, Rights()).add(privilege, [column] if column else [])
    return found


def differences(connection: psycopg.Connection) -> list[str]:
    """One line for each table whose grants are not the file's, as `table: what`; empty when all are."""
    wanted, real = declared(), existing(connection)
    return [
        f"{table}: {'too much' if table not in wanted else 'missing' if table not in real else 'other'}"
        for table in sorted(wanted.keys() | real.keys())
        if wanted.get(table) != real.get(table)
    ]


def apply(connection: psycopg.Connection) -> bool:
    """Make the database say what the file says, in one transaction; False when it does already."""
    if not differences(connection):
        return False
    with connection.transaction():
        connection.execute(_REVOKE_ALL)
        connection.execute(cast(LiteralString, GRANTS_FILE.read_text(encoding="utf-8")))  # our own file
    return True
