"""A member of staff leaves."""

from wenyue.accounts import staffing
from wenyue.application.administering import NotStaffed, StaffWorks, administering, is_last
from wenyue.application.finding_staff import find_theirs
from wenyue.application.operating import Operator
from wenyue.core.duties import NOTHING


async def retire_staff(works: StaffWorks, operator: Operator, login: str) -> int | NotStaffed:
    """They leave: what they are signed in with ends. The last administrator stays."""
    async with administering(works, operator) as act:
        known = await find_theirs(act, login)
        if isinstance(known, NotStaffed):
            return known
        if await is_last(act.tx, known, NOTHING):
            return NotStaffed.LAST_ADMINISTRATOR
        await staffing.retire_staff(act.tx, known.staff.id, act.now, operator.name, login=operator.login)
        return known.staff.id
