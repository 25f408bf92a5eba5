"""How many jobs wait. Every process says it; only workers load the queue itself."""

from datetime import datetime
from typing import Final

from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.platform.jobs", "queue.sql")
_STATES: Final = ("todo", "doing", "failed")


async def waiting_jobs(tx: Tx, now: datetime) -> tuple[dict[str, int], float]:
    """(jobs by state, seconds for which the oldest one that could be done has waited)."""
    found = dict(await (await tx.execute(_SQL["jobs_by_state"])).fetchall())
    [(oldest_s,)] = await (await tx.execute(_SQL["oldest_due"], {"now": now})).fetchall()
    return {state: found.get(state, 0) for state in _STATES}, oldest_s
