"""Doing something in one process at a time, whichever node it runs on."""

from typing import Final

from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.platform.database", "advisory_lock.sql")


async def try_lock(tx: Tx, task: str) -> bool:
    """Take the turn named `task` until the transaction of `tx` ends; false when another process has it."""
    row = await (await tx.execute(_SQL["try_lock"], {"task": task})).fetchone()
    return row is not None and bool(row[0])
