"""Erasing what is past its period, and the periods themselves."""

from datetime import datetime
from typing import Final

from wenyue.audit import Entry, record
from wenyue.core.limits import RETENTION_STEP_MAX
from wenyue.platform.database.db import Tx, queries
from wenyue.retention.model import DAYS_MAX, DAYS_MIN, Kind, Period

_SQL: Final = queries("wenyue.retention")
COUNTED_MAX: Final = 1_000_000


async def periods(tx: Tx) -> list[Period]:
    """The periods in force, by kind."""
    rows = await (await tx.execute(_SQL["periods"])).fetchall()
    return [Period(Kind(row[0]), *row[1:]) for row in rows]


async def erase_step(tx: Tx, kind: Kind, most: int = RETENTION_STEP_MAX) -> tuple[int, bool]:
    """Overwrite at most `most` (1 to 10,000) values of `kind` that are due by the database's clock.

    Returns (how many, whether none is left). Commit, and call again while some are: a step takes about a second at most.
    The database writes the count into the record itself.
    """
    row = await (await tx.execute(_SQL["erase"], {"kind": kind, "most": most})).fetchone()
    if row is None:
        raise LookupError(kind)
    return row[0], row[1]


async def count_due(tx: Tx) -> dict[Kind, int]:
    """How many values are due now, counted up to COUNTED_MAX of a kind. Reads whole tables; `tx` is the owner's."""
    rows = await (await tx.execute(_SQL["due"], {"most": COUNTED_MAX})).fetchall()
    return {Kind(kind): due for kind, due in rows}


async def set_period(tx: Tx, kind: Kind, days: int, *, now: datetime, actor: str, reason: str) -> int:
    """Keep `kind` for `days` from now on; returns the days before; recorded. `tx` is the owner's.

    Raises ValueError for fewer than DAYS_MIN or more than DAYS_MAX days.
    """
    if not DAYS_MIN <= days <= DAYS_MAX:
        raise ValueError(f"days: {DAYS_MIN} to {DAYS_MAX}")
    row = await (await tx.execute(_SQL["set_period"], {"kind": kind, "days": days})).fetchone()
    if row is None:
        raise LookupError(kind)
    detail: dict[str, object] = {"from": row[0], "to": days, "reason": reason}
    await record(tx, [Entry(now, actor, "retention.period_set", f"kind:{kind}", detail)])
    return row[0]
