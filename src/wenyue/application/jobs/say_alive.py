"""The monitor is told who lives."""

from collections.abc import Sequence

from wenyue.application.operating import Works
from wenyue.monitoring import beat


async def say_alive(works: Works, names: Sequence[str], every_s: int) -> None:
    """Each of them lives, and says so again within `every_s` seconds."""
    async with works.db.connection() as tx:
        for name in names:
            await beat(tx, name, every_s)
