"""A member of staff who typed wrong passwords may try again."""

from wenyue.accounts import staffing
from wenyue.application.administering import NotStaffed, StaffWorks, administering
from wenyue.application.finding_staff import find_theirs
from wenyue.application.operating import Operator


async def unlock_staff(works: StaffWorks, operator: Operator, login: str) -> int | NotStaffed:
    """Wrong passwords so far make them wait no longer."""
    async with administering(works, operator) as act:
        known = await find_theirs(act, login, ends_logins=False)
        if isinstance(known, NotStaffed):
            return known
        await staffing.unlock_staff(act.tx, known.staff.id, act.now, operator.name, login=operator.login)
        return known.staff.id
