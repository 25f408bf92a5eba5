"""What members of staff do about their own second factor and sign-ins, and administrators about others' sign-ins.

What is risky wants a factor that was proved within ten minutes: FACTOR_OLD says that it has to be proved first.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from wenyue.accounts import Caller, LoginEnded, Staff, staffing
from wenyue.accounts.second import factors, sessions
from wenyue.accounts.second.factors import Factor, Signed
from wenyue.accounts.second.rules import FACTORS_MAX
from wenyue.accounts.second.sessions import EVERYBODY, Session
from wenyue.application.administering import may_give_all
from wenyue.application.operating import Act, Operator, Works, acting
from wenyue.application.signing_in import Enrolment, NotSignedIn, add_factor
from wenyue.infra.db import Tx
from wenyue.kernel.duties import Right, may_anywhere
from wenyue.services import Services


class NotSecured(StrEnum):
    """Why nothing was changed."""

    FACTOR_OLD = "factor_old"  # prove the factor once more, then ask again
    CODE_WRONG = "code_wrong"
    KNOWN = "known"  # this passkey is somebody's already
    TOO_MANY = "too_many"
    LAST = "last"  # the last factor stays until there is another
    UNKNOWN = "unknown"  # there is none, or it is not theirs
    NOT_YOURS = "not_yours"


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


async def step_up(
    services: Services, operator: Operator, staff: Staff, caller: Caller, given: str | Signed
) -> bool:
    """Prove the factor again with this login; False: it is not right. Raises Throttled, LoginEnded, DatabaseDown."""
    now = services.clock()
    async with services.guard.attempt("factor", staff.login, caller, now, acts_as=operator.login) as tried:
        tried.who = operator.name
        await factors.lock_factors(tried.tx, staff.id)
        tried.is_right = await factors.prove(tried.tx, services.vault, staff.id, given, now) is not None
        if tried.is_right:
            await sessions.note_factor(tried.tx, operator.login, now)
        return tried.is_right


async def enrol(
    services: Services, operator: Operator, staff: Staff, caller: Caller, made: Enrolment
) -> list[str] | NotSecured:
    """One more factor; with the first one come recovery codes, which are shown once. Raises as `step_up`."""
    now = services.clock()
    async with services.guard.attempt("factor", staff.login, caller, now, acts_as=operator.login) as tried:
        if tried.acting is None:
            raise LoginEnded
        tried.who, tried.is_right = operator.name, True
        await factors.lock_factors(tried.tx, staff.id)
        known = await factors.factors_of(tried.tx, staff.id)
        if known and not tried.acting.has_fresh_factor(now):
            return NotSecured.FACTOR_OLD
        if len(known) >= FACTORS_MAX:
            return NotSecured.TOO_MANY
        refused = await add_factor(tried, services, staff.id, made, now)
        if refused is not None:
            tried.is_right = False
            return NotSecured.KNOWN if refused is NotSignedIn.KNOWN else NotSecured.CODE_WRONG
        await sessions.note_factor(tried.tx, operator.login, now)
        return [] if known else await factors.renew_codes(tried.tx, services.vault, staff.id, now)


async def security_of(tx: Tx, staff_id: int, now: datetime) -> Security:
    """What somebody signs in with, and where they are signed in."""
    return Security(
        await factors.factors_of(tx, staff_id),
        await factors.codes_left(tx, staff_id),
        await sessions.sessions_of(tx, staff_id, now),
    )


async def remove_factor(works: Works, operator: Operator, staff: Staff, factor_id: int) -> NotSecured | None:
    """Take one of one's own factors away; None: done. The last one stays until there is another."""
    async with _securing(works, operator) as act:
        await factors.lock_factors(act.tx, staff.id)
        known = await factors.factors_of(act.tx, staff.id)
        if not act.has_fresh_factor:
            return NotSecured.FACTOR_OLD
        if factor_id not in {one.id for one in known}:
            return NotSecured.UNKNOWN
        if len(known) == 1:
            return NotSecured.LAST
        await factors.remove_factor(act.tx, staff.id, factor_id, act.now)
    return None


async def renew_codes(services: Services, operator: Operator, staff: Staff) -> list[str] | NotSecured:
    """New recovery codes in place of those that are left."""
    async with _securing(services, operator) as act:
        await factors.lock_factors(act.tx, staff.id)
        if not await factors.factors_of(act.tx, staff.id):
            return NotSecured.UNKNOWN
        if not act.has_fresh_factor:
            return NotSecured.FACTOR_OLD
        return await factors.renew_codes(act.tx, services.vault, staff.id, act.now)


async def end_own(works: Works, operator: Operator, staff: Staff, key: str) -> NotSecured | None:
    """End one of one's own logins (`Session.key`), or every other one (''); None: done. It only restricts: no factor is asked."""
    async with _securing(works, operator) as act:
        await factors.lock_factors(act.tx, EVERYBODY)
        if not key:
            await sessions.end_sessions(act.tx, staff.id, act.now, actor=operator.name, kept=operator.login)
            return None
        is_ended = key != operator.login and await sessions.end_session(
            act.tx, staff.id, key, act.now, actor=operator.name
        )
    return None if is_ended else NotSecured.UNKNOWN


async def present(works: Works, operator: Operator) -> list[Presence]:
    """Who of those that the operator administers is signed in."""
    async with works.db.connection() as tx:
        found = await sessions.signed_in(tx, works.clock())
        known = await staffing.staff_of_actors(tx, [f"staff:{one[0]}" for one in found])
    shown = [Presence(known[f"staff:{id_}"].staff, count, used) for id_, count, used in found]
    return [one for one in shown if may_give_all(operator.duties, one.staff.duties)]


async def end_of_other(works: Works, operator: Operator, staff_id: int) -> int | NotSecured:
    """Sign a colleague out everywhere; in how many places. Whoever gives their duties may."""
    async with _securing(works, operator) as act:
        if not may_anywhere(operator.duties, Right.STAFF_MANAGE):
            return NotSecured.NOT_YOURS
        await factors.lock_factors(act.tx, EVERYBODY)
        actor = f"staff:{staff_id}"
        other = (await staffing.staff_of_actors(act.tx, [actor])).get(actor)
        if other is None or not may_give_all(operator.duties, other.staff.duties):
            return NotSecured.UNKNOWN
        if act.is_factor_old:
            return NotSecured.FACTOR_OLD
        return await sessions.end_sessions(
            act.tx, staff_id, act.now, actor=operator.name, kept=operator.login
        )


@asynccontextmanager
async def _securing(works: Works, operator: Operator) -> AsyncGenerator[Act]:
    if not operator.login:
        raise LookupError("a command secures nobody's sign-in")
    async with acting(works, operator) as act:
        yield act
