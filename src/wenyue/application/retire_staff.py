"""A member of staff leaves."""

from wenyue import accounts
from wenyue.application.administering import NotStaffed, StaffWorks, administering, find_theirs, is_last
from wenyue.application.operating import Operator
from wenyue.kernel.duties import NOTHING


async def retire_staff(works: StaffWorks, operator: Operator, login: str) -> int | NotStaffed:
    """They leave: what they are signed in with ends. The last administrator stays."""
    async with administering(works, operator) as act:
        known = await find_theirs(act.tx, operator, login)
        if isinstance(known, NotStaffed):
            return known
        if await is_last(act.tx, known, NOTHING):
            return NotStaffed.LAST_ADMINISTRATOR
        await accounts.retire_staff(act.tx, known.staff.id, act.now, operator.name)
        return known.staff.id
