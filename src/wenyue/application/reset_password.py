"""A member of staff gets a new password."""

from wenyue.accounts import staffing
from wenyue.accounts.staffing import DrawnBefore
from wenyue.application.administering import NotStaffed, StaffWorks, administering, by
from wenyue.application.finding_staff import find_theirs
from wenyue.application.operating import Operator


async def reset_password(
    works: StaffWorks, operator: Operator, login: str, password: str, *, is_drawn: bool = False
) -> int | NotStaffed:
    """A new password: they are signed out, unlocked, and set up a second factor anew. Raises ValueError naming the field.

    `is_drawn`: a form drew it (`staffing.password_of_form`). Sent again at once, it changes nothing, and the password is good.
    """
    login = login.strip().lower()
    staffing.check_staff_words(login, password, "")
    stored = await staffing.stored_password(works.vault, login, password)
    async with administering(works, operator) as act:
        known = await find_theirs(act, login)
        if isinstance(known, NotStaffed):
            return known
        if is_drawn:
            before = await staffing.drawn_before(act.tx, works.vault, known.staff, password, act.now)
            if before is not DrawnBefore.OTHER:
                return known.staff.id if before is DrawnBefore.UNUSED else NotStaffed.ALREADY_DONE
        await staffing.reset_staff(act.tx, by(operator), known.staff, stored, act.now)
        return known.staff.id
