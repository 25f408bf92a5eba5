"""A checksum of every table, also of those that only functions write: what a request changed, whatever it said."""

import psycopg
from psycopg import sql

# Written by each process about itself, whoever asks what.
OF_PROCESSES = {"emergency.signal", "emergency.crowd", "accounts.tries", "abuse.tally"}
_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema$)' ORDER BY 1, 2
"""


class Checksums:
    """One statement for all tables, on a connection of the owner's."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        found = self._connection.execute(_TABLES).fetchall()
        self.tables = [
            f"{schema}.{table}" for schema, table in found if f"{schema}.{table}" not in OF_PROCESSES
        ]
        each = sql.SQL(
            "SELECT {name}, coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM {table} AS t"
        )
        self._statement = sql.SQL(" UNION ALL ").join(
            each.format(name=sql.Literal(name), table=sql.Identifier(*name.split(".")))
            for name in self.tables
        )

    def take(self) -> dict[str, str]:
        """Table → checksum of its rows."""
        return dict(self._connection.execute(self._statement).fetchall())

    def changed(self, before: dict[str, str]) -> set[str]:
        """The tables that differ by now."""
        return {name for name, value in self.take().items() if value != before[name]}

    def close(self) -> None:
        """The connection is given back."""
        self._connection.close()
