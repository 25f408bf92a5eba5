"""Personal data past its period is overwritten, in bounded steps."""

from collections.abc import Mapping

from wenyue import retention
from wenyue.application.operating import Works
from wenyue.platform.database.advisory_lock import try_lock
from wenyue.retention import Kind


async def erase_due(works: Works, *, takes_turns: bool = True) -> tuple[Mapping[Kind, int], bool]:
    """One step of each kind, each in a transaction of its own: how many values, and whether none is left.

    `takes_turns`: a kind that another process is at is left to it.
    """
    counts, is_all_done = dict.fromkeys(Kind, 0), True
    for kind in Kind:
        async with works.db.transaction() as tx:
            if takes_turns and not await try_lock(tx, f"erase {kind}"):
                continue
            counts[kind], is_done = await retention.erase_step(tx, kind)
        is_all_done = is_all_done and is_done
    return counts, is_all_done
