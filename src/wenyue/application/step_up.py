"""A member of staff proves their second factor again before what is risky."""

from wenyue.accounts import Caller, Staff
from wenyue.accounts.second import factors, sessions
from wenyue.accounts.second.factors import Signed
from wenyue.application.operating import Operator
from wenyue.container import Services


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
