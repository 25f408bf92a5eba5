"""Who is on the staff and what they are there for: added, given duties, relieved of them, given a new password, retired.

Whoever does it holds `staff.manage` where the duty is, and gives nothing that they do not hold, unless they administer that
place. The same is asked about everything that the other person holds before their password is changed or they are retired. Runs
as the owner of the database: the application itself may change no member of staff.
"""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from wenyue import accounts
from wenyue.accounts import StaffRecord, staffing
from wenyue.accounts.second import factors
from wenyue.application.operating import Act, Operator, Works, acting
from wenyue.catalogue import venues_by_id
from wenyue.infra.db import Tx
from wenyue.kernel.duties import DUTIES_MAX, NOTHING, Duties, Duty, is_administrator_of_all, may_give
from wenyue.kernel.personal import Vault


class StaffWorks(Works, Protocol):
    """What these acts need: beside the database, the keys that passwords are hashed with."""

    @property
    def vault(self) -> Vault:
        """The installation's keys."""
        ...


class NotStaffed(StrEnum):
    """Why nothing was changed."""

    LOGIN_TAKEN = "login_taken"
    LOGIN_UNKNOWN = "login_unknown"
    RETIRED = "retired"
    DUTY_NEEDED = "duty_needed"  # nobody is added who may do nothing
    TOO_MANY_DUTIES = "too_many_duties"
    VENUE_UNKNOWN = "venue_unknown"
    NOT_YOURS = "not_yours"  # they may not give or take such a duty there
    FACTOR_OLD = "factor_old"  # whoever gives duties proves their second factor first
    LAST_ADMINISTRATOR = "last_administrator"  # somebody must administer the whole destination


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
    async with _changing(works, operator) as act:
        known = await _find(act.tx, request.login)
        if known is not None and known.is_active:
            return NotStaffed.LOGIN_TAKEN
        refused = await _refusal(act.tx, operator, request.duties, request.duties)
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


async def reset_password(
    works: StaffWorks, operator: Operator, login: str, password: str
) -> int | NotStaffed:
    """A new password: they are signed out, unlocked, and set up a second factor anew. Raises ValueError naming the field."""
    async with _changing(works, operator) as act:
        known = await _theirs(act.tx, operator, login)
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


async def unlock(works: StaffWorks, operator: Operator, login: str) -> int | NotStaffed:
    """Wrong passwords so far make them wait no longer."""
    async with _changing(works, operator) as act:
        known = await _theirs(act.tx, operator, login)
        if isinstance(known, NotStaffed):
            return known
        await staffing.unlock_staff(act.tx, known.staff.id, act.now, operator.name)
        return known.staff.id


async def retire(works: StaffWorks, operator: Operator, login: str) -> int | NotStaffed:
    """They leave: what they are signed in with ends. The last administrator stays."""
    async with _changing(works, operator) as act:
        known = await _theirs(act.tx, operator, login)
        if isinstance(known, NotStaffed):
            return known
        if await _is_last(act.tx, known, NOTHING):
            return NotStaffed.LAST_ADMINISTRATOR
        await accounts.retire_staff(act.tx, known.staff.id, act.now, operator.name)
        return known.staff.id


@asynccontextmanager
async def _changing(works: StaffWorks, operator: Operator) -> AsyncGenerator[Act]:
    """As `acting`, and one such act after the other: two administrators do not relieve each other in the same moment."""
    async with acting(works, operator) as act:
        await staffing.lock_administration(act.tx)
        yield act


async def _change(
    works: StaffWorks, operator: Operator, login: str, change: Callable[[Duties], tuple[Duties, Duties]]
) -> Duties | NotStaffed:
    """`change`: of the duties that they hold, those that are given or taken, and all that they hold afterwards."""
    async with _changing(works, operator) as act:
        known = await _need(act.tx, login)
        if isinstance(known, NotStaffed):
            return known
        asked, becomes = change(known.staff.duties)
        refused = await _refusal(act.tx, operator, asked, becomes)
        if refused is not None:
            return refused
        if await _is_last(act.tx, known, becomes):
            return NotStaffed.LAST_ADMINISTRATOR
        if act.is_factor_old and not becomes <= known.staff.duties:
            return NotStaffed.FACTOR_OLD
        if becomes != known.staff.duties:
            await staffing.set_duties(act.tx, known.staff, becomes, act.now, operator.name)
    return becomes


async def _refusal(tx: Tx, operator: Operator, asked: Duties, becomes: Duties) -> NotStaffed | None:
    if not may_give_all(operator.duties, asked):
        return NotStaffed.NOT_YOURS
    if len(becomes) > DUTIES_MAX:
        return NotStaffed.TOO_MANY_DUTIES
    venues = {one.venue_id for one in asked if one.venue_id is not None}
    return None if venues <= (await venues_by_id(tx, sorted(venues))).keys() else NotStaffed.VENUE_UNKNOWN


def may_give_all(duties: Duties, asked: Iterable[Duty]) -> bool:
    """Whether somebody with these duties gives, and takes, all of those."""
    return all(may_give(duties, one) for one in asked)


async def _is_last(tx: Tx, known: StaffRecord, becomes: Duties) -> bool:
    """Whether nobody would be left who administers the whole destination, when this person holds these duties."""
    if not is_administrator_of_all(known.staff.duties) or is_administrator_of_all(becomes):
        return False
    others = [one for one in await staffing.staff_list(tx) if one.staff.id != known.staff.id]
    return not any(
        one.is_active and one.has_password and is_administrator_of_all(one.staff.duties) for one in others
    )


async def _theirs(tx: Tx, operator: Operator, login: str) -> StaffRecord | NotStaffed:
    known = await _need(tx, login)
    if isinstance(known, StaffRecord) and not may_give_all(operator.duties, known.staff.duties):
        return NotStaffed.NOT_YOURS
    return known


async def _need(tx: Tx, login: str) -> StaffRecord | NotStaffed:
    known = await _find(tx, login)
    if known is None:
        return NotStaffed.LOGIN_UNKNOWN
    return known if known.is_active else NotStaffed.RETIRED


async def _find(tx: Tx, login: str) -> StaffRecord | None:
    wanted = login.strip().lower()
    return next((one for one in await staffing.staff_list(tx) if one.staff.login == wanted), None)
