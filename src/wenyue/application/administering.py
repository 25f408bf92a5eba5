"""What every act on members of staff shares: one at a time, by whom, on whom, and why nothing was changed.

Whoever does it holds `staff.manage` where the duty is, and gives nothing that they do not hold, unless they administer that
place. The same is asked about everything that the other person holds before their password is changed or they are retired. The
application itself may write no row of the staff: each act is a function of the database, which asks the login once more
(migration 0057). Commands run the same functions as the owner.
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Protocol

from wenyue.accounts import staffing
from wenyue.accounts.second import factors
from wenyue.accounts.second.sessions import EVERYBODY
from wenyue.accounts.staffing import By, StaffRecord
from wenyue.application.operating import Act, Operator, Works, acting
from wenyue.catalogue import venues_by_id
from wenyue.core.duties import DUTIES_MAX, Duties, Duty, is_administrator_of_all, may_give
from wenyue.core.personal import Vault
from wenyue.platform.database.db import Tx


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
    ONESELF = "oneself"  # it would end the login that acts
    ALREADY_DONE = "already_done"  # by this form, whose password was used, or is too old to be shown again
    LAST_ADMINISTRATOR = "last_administrator"  # somebody must administer the whole destination


@asynccontextmanager
async def administering(works: StaffWorks, operator: Operator) -> AsyncGenerator[Act]:
    """As `acting`, and one such act after the other: two administrators do not relieve each other in the same moment."""
    async with acting(works, operator) as act:
        await staffing.lock_administration(act.tx)
        await factors.lock_factors(
            act.tx, EVERYBODY
        )  # logins of others end: before that of whoever acts is locked
        yield act


def by(operator: Operator) -> By:
    """Who acts, for the functions of the database."""
    return By(operator.name, operator.login)


async def why_not_given(tx: Tx, operator: Operator, asked: Duties, becomes: Duties) -> NotStaffed | None:
    """Why they may not give or take what is `asked`, or nobody may hold all of what it `becomes`."""
    if not may_give_all(operator.duties, asked):
        return NotStaffed.NOT_YOURS
    if len(becomes) > DUTIES_MAX:
        return NotStaffed.TOO_MANY_DUTIES
    venues = {one.venue_id for one in asked if one.venue_id is not None}
    return None if venues <= (await venues_by_id(tx, sorted(venues))).keys() else NotStaffed.VENUE_UNKNOWN


def may_give_all(duties: Duties, asked: Iterable[Duty]) -> bool:
    """Whether somebody with these duties gives, and takes, all of those."""
    return all(may_give(duties, one) for one in asked)


def may_administer(duties: Duties, held: Duties) -> bool:
    """Whether a colleague who holds these is theirs: whoever changes one duty of somebody signs them out everywhere.

    A colleague who holds nothing (on leave, say) is the whole destination's: what they are given next is not known, and whoever
    had set their password would have it, too.
    """
    return may_give_all(duties, held) and (bool(held) or is_administrator_of_all(duties))


async def is_last(tx: Tx, known: StaffRecord, becomes: Duties) -> bool:
    """Whether nobody would be left who administers the whole destination, when this person holds these duties."""
    if not is_administrator_of_all(known.staff.duties) or is_administrator_of_all(becomes):
        return False
    return not await staffing.others_administer_all(tx, known.staff.id)
