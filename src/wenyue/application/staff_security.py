"""Read, never changed here: what a member of staff signs in with, and who of their colleagues is signed in."""

from datetime import datetime

from msgspec import Struct

from wenyue.accounts import Staff, staffing
from wenyue.accounts.second import factors, sessions
from wenyue.accounts.second.factors import Factor
from wenyue.accounts.second.sessions import Session
from wenyue.accounts.staffing import StaffRecord
from wenyue.application.administering import may_administer
from wenyue.application.operating import Operator, Works
from wenyue.platform.database.db import Tx


class Security(Struct, frozen=True):
    """What somebody signs in with, and where they are signed in."""

    factors: list[Factor]
    codes_left: int
    sessions: list[Session]


class Presence(Struct, frozen=True):
    """A colleague who is signed in."""

    staff: Staff
    count: int
    used_at: datetime


class Member(Struct, frozen=True):
    """Somebody of the staff, also who has left."""

    record: StaffRecord
    security: Security


async def member_of(tx: Tx, staff_id: int, now: datetime) -> Member | None:
    """Somebody of the staff by id, with what they sign in with."""
    actor = f"staff:{staff_id}"
    known = (await staffing.staff_of_actors(tx, [actor])).get(actor)
    return None if known is None else Member(known, await security_of(tx, staff_id, now))


async def security_of(tx: Tx, staff_id: int, now: datetime) -> Security:
    """What somebody signs in with, and where they are signed in."""
    return Security(
        await factors.factors_of(tx, staff_id),
        await factors.codes_left(tx, staff_id),
        await sessions.sessions_of(tx, staff_id, now),
    )


async def present(works: Works, operator: Operator) -> list[Presence]:
    """Who of those that the operator administers is signed in."""
    async with works.db.connection() as tx:
        found = await sessions.signed_in(tx, works.clock())
        known = await staffing.staff_of_actors(tx, [f"staff:{one[0]}" for one in found])
    shown = [Presence(known[f"staff:{id_}"].staff, count, used) for id_, count, used in found]
    return [one for one in shown if may_administer(operator.duties, one.staff.duties)]
