"""Somebody joins the staff: a login, a password, and what they are there for."""

from msgspec import Struct

from wenyue.accounts import Staff, staffing
from wenyue.application.administering import NotStaffed, StaffWorks, administering, by, why_not_given
from wenyue.application.finding_staff import find_staff
from wenyue.application.operating import Operator
from wenyue.kernel.duties import Duties


class NewStaff(Struct, frozen=True):
    """`password` None: cannot sign in."""

    login: str
    password: str | None
    duties: Duties
    display_name: str = ""

    def __repr__(self) -> str:
        return f"NewStaff({self.login})"


async def add_staff(works: StaffWorks, operator: Operator, request: NewStaff) -> int | NotStaffed:
    """Their id. Raises ValueError naming the field: login, password, display_name; LoginEnded."""
    if not request.duties:
        return NotStaffed.DUTY_NEEDED
    new = Staff(0, request.login.strip().lower(), request.display_name, request.duties)
    staffing.check_staff_words(new.login, request.password, new.display_name)
    stored = await staffing.stored_password(works.vault, new.login, request.password)
    async with administering(works, operator) as act:
        known = await find_staff(act.tx, new.login)
        if known is not None and known.is_active:
            return NotStaffed.LOGIN_TAKEN
        refused = await why_not_given(act.tx, operator, request.duties, request.duties)
        if refused is not None:
            return refused
        if act.is_factor_old:
            return NotStaffed.FACTOR_OLD
        # somebody who comes back, or another person under the same name: nothing of theirs is good any more
        return await staffing.hire(act.tx, by(operator), new, stored, act.now)
