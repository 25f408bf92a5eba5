"""Staff end sign-ins: their own elsewhere, and those of colleagues whom they administer."""

from wenyue.accounts import Staff, staffing
from wenyue.accounts.second import factors, sessions
from wenyue.accounts.second.sessions import EVERYBODY
from wenyue.application.administering import may_administer
from wenyue.application.operating import Operator, Works
from wenyue.application.securing import NotSecured, is_by_pin, securing
from wenyue.core.duties import Right, may_anywhere


async def end_own_sessions(works: Works, operator: Operator, staff: Staff, key: str) -> NotSecured | None:
    """End one of one's own logins (`Session.key`), or every other one (''); None: done. It only restricts: no factor is asked."""
    async with securing(works, operator) as act:
        if is_by_pin(act.login):
            return NotSecured.BY_PIN
        await factors.lock_factors(act.tx, EVERYBODY)
        if not key:
            await sessions.end_sessions(act.tx, staff.id, act.now, actor=operator.name, kept=operator.login)
            return None
        is_ended = key != operator.login and await sessions.end_session(
            act.tx, staff.id, key, act.now, actor=operator.name
        )
    return None if is_ended else NotSecured.UNKNOWN


async def end_sessions_of(works: Works, operator: Operator, staff_id: int) -> int | NotSecured:
    """Sign a colleague out everywhere; in how many places. Whoever gives their duties may."""
    async with securing(works, operator) as act:
        if not may_anywhere(operator.duties, Right.STAFF_MANAGE):
            return NotSecured.NOT_YOURS
        await factors.lock_factors(act.tx, EVERYBODY)
        actor = f"staff:{staff_id}"
        other = (await staffing.staff_of_actors(act.tx, [actor])).get(actor)
        if other is None or not may_administer(operator.duties, other.staff.duties):
            return NotSecured.UNKNOWN
        if act.is_factor_old:
            return NotSecured.FACTOR_OLD
        return await sessions.end_sessions(
            act.tx, staff_id, act.now, actor=operator.name, kept=operator.login
        )
