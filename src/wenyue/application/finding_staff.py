"""Whom of the staff an act is about: by login, and whether whoever acts may do it to them."""

from wenyue.accounts import staffing
from wenyue.accounts.staffing import StaffRecord
from wenyue.application.administering import NotStaffed, may_administer
from wenyue.application.operating import Act
from wenyue.platform.database.db import Tx


async def find_theirs(act: Act, login: str, *, ends_logins: bool = True) -> StaffRecord | NotStaffed:
    """Who is on the staff under this login, if they who act may give everything that is held, and proved who they are.

    `ends_logins`: what is done ends the other's logins, so that nobody does it to themselves in the console.
    """
    known = await find_active(act.tx, login)
    if isinstance(known, NotStaffed):
        return known
    if not may_administer(act.operator.duties, known.staff.duties):
        return NotStaffed.NOT_YOURS
    if ends_logins and is_oneself(act, known):
        return NotStaffed.ONESELF
    return NotStaffed.FACTOR_OLD if act.is_factor_old else known


def is_oneself(act: Act, known: StaffRecord) -> bool:
    """Whether it is the login that acts: an act that ended it would undo itself."""
    return act.login is not None and act.operator.name == f"staff:{known.staff.id}"


async def find_active(tx: Tx, login: str) -> StaffRecord | NotStaffed:
    """Who is on the staff under this login."""
    known = await find_staff(tx, login)
    if known is None:
        return NotStaffed.LOGIN_UNKNOWN
    return known if known.is_active else NotStaffed.RETIRED


async def find_staff(tx: Tx, login: str) -> StaffRecord | None:
    """Who has this login, also when they have left."""
    return await staffing.staff_known_as(tx, login.strip().lower())
