"""Somebody joins the staff: a login, a password, and what they are there for."""

from msgspec import Struct

from wenyue.accounts import Staff, staffing
from wenyue.accounts.staffing import DrawnBefore
from wenyue.application.administering import NotStaffed, StaffWorks, administering, by, why_not_given
from wenyue.application.finding_staff import find_staff
from wenyue.application.operating import Act, Operator
from wenyue.core.duties import Duties


class NewStaff(Struct, frozen=True):
    """`password` None: cannot sign in. `is_drawn`: a form drew it (`staffing.password_of_form`), so that it may come again."""

    login: str
    password: str | None
    duties: Duties
    display_name: str = ""
    is_drawn: bool = False

    def __repr__(self) -> str:
        return f"NewStaff({self.login})"


async def add_staff(works: StaffWorks, operator: Operator, request: NewStaff) -> int | NotStaffed:
    """Their id; also when a form that drew the password is sent again at once: then nothing changes, and that password is good.

    Raises ValueError naming the field: login, password, display_name; LoginEnded.
    """
    if not request.duties:
        return NotStaffed.DUTY_NEEDED
    new = Staff(0, request.login.strip().lower(), request.display_name, request.duties)
    staffing.check_staff_words(new.login, request.password, new.display_name)
    stored = await staffing.stored_password(works.vault, new.login, request.password)
    async with administering(works, operator) as act:
        known = await find_staff(act.tx, new.login)
        before = None
        if known is not None and known.is_active:
            before = await _hired_before(works, act, known.staff, request)
            if isinstance(before, NotStaffed):
                return before
        refused = await why_not_given(act.tx, operator, request.duties, request.duties)
        if refused is not None:
            return refused
        if act.is_factor_old:
            return NotStaffed.FACTOR_OLD
        if before is not None:
            return before
        # somebody who comes back, or another person under the same name: nothing of theirs is good any more
        return await staffing.hire(act.tx, by(operator), new, stored, act.now)


async def _hired_before(works: StaffWorks, act: Act, staff: Staff, request: NewStaff) -> int | NotStaffed:
    """Their id, when this same form hired them a moment ago; else why the login is not to be had."""
    if not request.is_drawn or request.password is None:
        return NotStaffed.LOGIN_TAKEN
    match await staffing.drawn_before(act.tx, works.vault, staff, request.password, act.now):
        case DrawnBefore.UNUSED:
            return staff.id
        case DrawnBefore.OVER:
            return NotStaffed.ALREADY_DONE
        case DrawnBefore.OTHER:
            return NotStaffed.LOGIN_TAKEN
