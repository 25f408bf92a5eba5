"""A member of staff takes one of their factors away."""

from wenyue.accounts import Staff
from wenyue.accounts.second import factors
from wenyue.application.operating import Operator, Works
from wenyue.application.securing import NotSecured, is_by_pin, securing


async def remove_factor(works: Works, operator: Operator, staff: Staff, factor_id: int) -> NotSecured | None:
    """Take one of one's own factors away; None: done. The last one stays until there is another."""
    async with securing(works, operator) as act:
        if is_by_pin(act.login):
            return NotSecured.BY_PIN
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
