"""What a member of staff is there for: duties are given and taken."""

from collections.abc import Callable

from wenyue.accounts import staffing
from wenyue.application.administering import (
    NotStaffed,
    StaffWorks,
    administering,
    is_last,
    may_administer,
    why_not_given,
)
from wenyue.application.finding_staff import find_active, is_oneself
from wenyue.application.operating import Operator
from wenyue.core.duties import Duties


async def give_duties(
    works: StaffWorks, operator: Operator, login: str, duties: Duties
) -> Duties | NotStaffed:
    """Everything that they hold afterwards. Given again, nothing changes."""
    return await _change(works, operator, login, lambda held: (duties, held | duties))


async def take_duties(
    works: StaffWorks, operator: Operator, login: str, duties: Duties
) -> Duties | NotStaffed:
    """Everything that they still hold; they are signed out. What they do not hold is no error."""
    return await _change(works, operator, login, lambda held: (duties & held, held - duties))


async def _change(
    works: StaffWorks, operator: Operator, login: str, change: Callable[[Duties], tuple[Duties, Duties]]
) -> Duties | NotStaffed:
    """`change`: of the duties that they hold, those that are given or taken, and all that they hold afterwards."""
    async with administering(works, operator) as act:
        known = await find_active(act.tx, login)
        if isinstance(known, NotStaffed):
            return known
        held = known.staff.duties
        asked, becomes = change(held)
        refused = await why_not_given(act.tx, operator, asked, becomes)
        if not may_administer(operator.duties, held):
            refused = NotStaffed.NOT_YOURS
        if refused is not None:
            return refused
        if await is_last(act.tx, known, becomes):
            return NotStaffed.LAST_ADMINISTRATOR
        if not held <= becomes and is_oneself(act, known):
            return NotStaffed.ONESELF
        if act.is_factor_old:
            return NotStaffed.FACTOR_OLD
        if becomes != held:
            await staffing.set_duties(
                act.tx, known.staff, becomes, act.now, operator.name, login=operator.login
            )
    return becomes
