"""The standing invariants over stored rows, for every tool that looks at a whole database."""

from typing import Final, LiteralString

from psycopg import sql

from wenyue.infra.db import queries

_SQL: Final = queries("wenyue.tools", "standing.sql")


def upon_standing(statement: LiteralString) -> sql.Composed:
    """`statement` with the invariants' part of its WITH, named live, drawn, spent and broken, in the place of {standing}.

    Execute it with parameters, if only an empty mapping: it doubles its per cent signs.
    """
    return sql.SQL(statement).format(standing=sql.SQL(_SQL["standing"]))
