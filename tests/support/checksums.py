"""A checksum of every table, also of those that only functions write: what a request changed, whatever it said."""

from typing import LiteralString

import psycopg
from psycopg import sql

# Written by each process about itself, whoever asks what.
OF_PROCESSES = {"waiting_room.load_signal", "waiting_room.crowd", "accounts.tries", "abuse.tally"}
_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema$)' ORDER BY 1, 2
"""
_VERSIONS = "SELECT {name}, count(*) || '/' || coalesce(sum(t.xmin::text::bigint), 0) FROM {table} AS t"
_SUM = (
    "SELECT {name}, coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM {table} AS t"
)


class Checksums:
    """The checksums of all tables, on a connection of the owner's; only of what was written to since is a new one made.

    Nothing was written to while no WAL was; else a table was whose rows are other versions (`xmin`), or more, or fewer.
    """

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        found = self._connection.execute(_TABLES).fetchall()
        self.tables = [
            f"{schema}.{table}" for schema, table in found if f"{schema}.{table}" not in OF_PROCESSES
        ]
        self._statement_of_versions = self._each(_VERSIONS, self.tables)
        self._written_to, self._versions, self._sums = "", dict[str, str](), dict[str, str]()

    def take(self) -> dict[str, str]:
        """Table → checksum of its rows."""
        [(written_to,)] = self._connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchall()
        if written_to != self._written_to:
            versions = dict(self._connection.execute(self._statement_of_versions).fetchall())
            stale = [name for name in self.tables if versions[name] != self._versions.get(name)]
            if stale:
                self._sums |= dict(self._connection.execute(self._each(_SUM, stale)).fetchall())
            self._written_to, self._versions = written_to, versions
        return dict(self._sums)

    def changed(self, before: dict[str, str]) -> set[str]:
        """The tables that differ by now."""
        return {name for name, value in self.take().items() if value != before[name]}

    def close(self) -> None:
        """The connection is given back."""
        self._connection.close()

    def _each(self, statement: LiteralString, tables: list[str]) -> bytes:
        one = sql.SQL(statement)
        parts = [
            one.format(name=sql.Literal(name), table=sql.Identifier(*name.split("."))) for name in tables
        ]
        return sql.SQL(" UNION ALL ").join(parts).as_bytes(self._connection)
