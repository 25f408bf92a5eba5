"""A member of staff gets a new password."""

from wenyue.accounts import staffing
from wenyue.application.administering import NotStaffed, StaffWorks, administering, by
from wenyue.application.finding_staff import find_theirs
from wenyue.application.operating import Operator


async def reset_password(
    works: StaffWorks, operator: Operator, login: str, password: str
) -> int | NotStaffed:
    """A new password: they are signed out, unlocked, and set up a second factor anew. Raises ValueError naming the field."""
    login = login.strip().lower()
    staffing.check_staff_words(login, password, "")
    stored = await staffing.stored_password(works.vault, login, password)
    async with administering(works, operator) as act:
        known = await find_theirs(act, login)
        if isinstance(known, NotStaffed):
            return known
        await staffing.reset_staff(act.tx, by(operator), known.staff, stored, act.now)
        return known.staff.id
