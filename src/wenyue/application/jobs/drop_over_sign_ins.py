"""What sign-ins left behind goes: half logins and unused codes of gate devices after a day, logins after thirty."""

from typing import Final

from wenyue.accounts.second.sessions import drop_over
from wenyue.application.operating import Works
from wenyue.platform.database.advisory_lock import try_lock

_AT_ONCE: Final = 2_000  # of each kind


async def drop_over_sign_ins(works: Works) -> bool:
    """Whether more may be there; a bounded part at a time."""
    async with works.db.transaction() as tx:
        return await try_lock(tx, "drop over sign-ins") and await drop_over(tx, _AT_ONCE) > 0
