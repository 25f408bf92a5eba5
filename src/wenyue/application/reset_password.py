"""A member of staff gets a new password."""

from wenyue import accounts
from wenyue.accounts.second import factors
from wenyue.application.administering import NotStaffed, StaffWorks, administering, find_theirs
from wenyue.application.operating import Operator


async def reset_password(
    works: StaffWorks, operator: Operator, login: str, password: str
) -> int | NotStaffed:
    """A new password: they are signed out, unlocked, and set up a second factor anew. Raises ValueError naming the field."""
    async with administering(works, operator) as act:
        known = await find_theirs(act.tx, operator, login)
        if isinstance(known, NotStaffed):
            return known
        await factors.remove_factors(act.tx, known.staff.id, act.now, operator.name)
        return await accounts.save_staff(
            act.tx,
            works.vault,
            login=known.staff.login,
            password=password,
            duties=known.staff.duties,
            now=act.now,
            actor=operator.name,
            display_name=known.staff.display_name,
        )
