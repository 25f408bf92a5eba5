"""Somebody joins the staff: a login, a password, and what they are there for."""

from msgspec import Struct

from wenyue import accounts
from wenyue.accounts.second import factors
from wenyue.application.administering import NotStaffed, StaffWorks, administering, find_staff, why_not_given
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
    """Their id. Raises ValueError naming the field: login, password, display_name."""
    if not request.duties:
        return NotStaffed.DUTY_NEEDED
    async with administering(works, operator) as act:
        known = await find_staff(act.tx, request.login)
        if known is not None and known.is_active:
            return NotStaffed.LOGIN_TAKEN
        refused = await why_not_given(act.tx, operator, request.duties, request.duties)
        if refused is not None:
            return refused
        if act.is_factor_old:
            return NotStaffed.FACTOR_OLD
        if known is not None:  # somebody who comes back, or another person under the same name
            await factors.remove_factors(act.tx, known.staff.id, act.now, operator.name)
        return await accounts.save_staff(
            act.tx,
            works.vault,
            login=request.login,
            password=request.password,
            duties=request.duties,
            now=act.now,
            actor=operator.name,
            display_name=request.display_name,
        )
