"""The venue's rows of the past, brought from the restored copy into temporary tables beside the living ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from wenyue.locale import Message
from wenyue.ops.backup.venue.model import Wish
from wenyue.ops.backup.venue.tables import TABLES, Table
from wenyue.platform.database.db import queries
from wenyue.platform.fault import SetupError

SQL: Final = queries("wenyue.ops.backup.venue", "venue.sql")
_RENUMBERING: Final = ("renumber_lines", "renumber_places", "renumber_slots", "renumber_pools")


@dataclass(frozen=True)
class Past:
    """The rows of one venue at a moment; `living` is the connection that holds them beside the present."""

    wish: Wish
    venue_id: int
    name: str
    living: psycopg.Connection = field(repr=False)
    columns: Mapping[str, tuple[str, ...]]  # by the table's full name

    def listed(self, table: Table, *, of: str | None = None) -> sql.Composable:
        """The table's columns as a list, with `of.` before each."""
        names = (
            sql.Identifier(of, name) if of else sql.Identifier(name) for name in self.columns[table.full]
        )
        return sql.SQL(", ").join(names)

    def pools_that_differ(self) -> list[tuple[int, bool]]:
        """Pools of the venue whose counters are not those of their bookings, in id order; and whether their bookings fit."""
        rows = self.living.execute(_upon_drawn(SQL["pools_that_differ"]), {"venue": self.venue_id})
        return [(int(row[0]), bool(row[1])) for row in rows.fetchall()]

    def set_pools(self, ids: list[int], *, is_exact: bool) -> int:
        """Count the bookings of these locked pools anew; without `is_exact` they only rise. How many changed."""
        facts = {"venue": self.venue_id, "ids": ids, "exact": is_exact}
        return self.living.execute(_upon_drawn(SQL["set_pools"]), facts).rowcount


def _upon_drawn(statement: LiteralString) -> sql.Composed:
    return sql.SQL(statement).format(drawn=sql.SQL(SQL["drawn"]))


def fetch(copy: psycopg.Connection, living: psycopg.Connection, wish: Wish) -> Past:
    """Copy the venue's rows over. `living` is the owner's, in autocommit. Raises SetupError when numbers clash."""
    row = copy.execute(SQL["venue_then"], {"code": wish.code}).fetchone()
    if row is None:
        raise SetupError(
            Message(
                "venue {code} didn't exist at that time: give its code as in the catalogue, or a later --to",
                code=repr(wish.code),
            )
        )
    venue_id, name = int(row[0]), str(row[1])
    others = living.execute(SQL["venue_now"], {"venue": venue_id, "code": wish.code}).fetchall()
    if wrong := [one for one in others if one != (venue_id, wish.code)]:
        raise SetupError(
            Message(
                "venue {code} was re-created: it had id {venue_id}, and now {other} has id "
                "{number}; rename or remove that one first",
                other=repr(wrong[0][1]),
                number=wrong[0][0],
                code=repr(wish.code),
                venue_id=venue_id,
            )
        )
    columns = {table.full: _columns(copy, living, table) for table in TABLES}
    past = Past(wish, venue_id, name, living, columns)
    for table in TABLES:
        _bring(copy, past, table)
    living.execute(SQL["make_elsewhere"])
    _pipe(copy, living, sql.SQL(SQL["copy_elsewhere"]), sql.SQL("COPY past_elsewhere FROM STDIN"), venue_id)
    _renumber(living)
    return past


def _columns(copy: psycopg.Connection, living: psycopg.Connection, table: Table) -> tuple[str, ...]:
    there, here = (
        tuple(str(row[0]) for row in one.execute(SQL["columns"], {"table": table.full}).fetchall())
        for one in (copy, living)
    )
    if set(there) != set(here):
        raise SetupError(
            Message(
                "{full} has different columns in this database: run `wenyue migrate` first",
                full=table.full,
            ),
        )
    return here


def _bring(copy: psycopg.Connection, past: Past, table: Table) -> None:
    target, origin = sql.Identifier(table.past), sql.Identifier(table.schema, table.name)
    make = sql.SQL("CREATE TEMP TABLE {} ON COMMIT PRESERVE ROWS AS SELECT {} FROM {} WITH NO DATA")
    past.living.execute(make.format(target, past.listed(table), origin))
    out = sql.SQL("COPY (SELECT {} FROM {} t WHERE {}) TO STDOUT").format(
        past.listed(table, of="t"), origin, sql.SQL(table.scope)
    )
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(target, past.listed(table))
    _pipe(copy, past.living, out, into, past.venue_id)
    keys = sql.SQL(", ").join(sql.Identifier(name) for name in table.key)
    past.living.execute(sql.SQL("CREATE UNIQUE INDEX ON {} ({})").format(target, keys))
    past.living.execute(sql.SQL("ANALYZE {}").format(target))


def _pipe(
    copy: psycopg.Connection,
    living: psycopg.Connection,
    out: sql.SQL | sql.Composed,
    into: sql.SQL | sql.Composed,
    venue_id: int,
) -> None:
    with (
        copy.cursor() as here,
        living.cursor() as there,
        here.copy(out, {"venue": venue_id}) as reading,
        there.copy(into) as writing,
    ):
        for chunk in reading:
            writing.write(chunk)


def _renumber(living: psycopg.Connection) -> None:
    """Sessions that a daily job opened again since have other numbers: what stood on the old ones stands on these."""
    living.execute(SQL["remade_pools"])
    living.execute(SQL["remade_slots"])
    clashes = [str(row[0]) for row in living.execute(SQL["clashes"]).fetchall()]
    if clashes:
        raise SetupError(
            Message(
                "ids from that time now mean something else ({clashes}), so nothing was "
                "written: restore everything into a new home with `wenyue restore --into`, "
                "and copy by hand",
                clashes=", ".join(clashes),
            ),
        )
    for name in _RENUMBERING:
        living.execute(SQL[name])
