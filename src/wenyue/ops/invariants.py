"""The standing invariants over stored rows, for every tool that looks at a whole database."""

from typing import Final, LiteralString

from psycopg import sql

from wenyue.platform.database.db import queries

# `standing` is a part of a WITH (see below); `pools`, `twice` and `entitlements` are statements that list what is broken.
INVARIANTS: Final = queries("wenyue.ops", "invariants.sql")


def upon_standing(statement: LiteralString) -> sql.Composed:
    """`statement` with the invariants' part of its WITH, named live, drawn, spent and broken, in the place of {standing}.

    Execute it with parameters, if only an empty mapping: it doubles its per cent signs.
    """
    return sql.SQL(statement).format(standing=sql.SQL(INVARIANTS["standing"]))
