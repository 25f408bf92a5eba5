"""A member of staff gets new recovery codes."""

from wenyue.accounts import Staff
from wenyue.accounts.second import factors
from wenyue.application.operating import Operator
from wenyue.application.securing import NotSecured, is_by_pin, securing
from wenyue.container import Services


async def renew_codes(services: Services, operator: Operator, staff: Staff) -> list[str] | NotSecured:
    """New recovery codes in place of those that are left."""
    async with securing(services, operator) as act:
        if is_by_pin(act.login):
            return NotSecured.BY_PIN
        await factors.lock_factors(act.tx, staff.id)
        if not await factors.factors_of(act.tx, staff.id):
            return NotSecured.UNKNOWN
        if not act.has_fresh_factor:
            return NotSecured.FACTOR_OLD
        return await factors.renew_codes(act.tx, services.vault, staff.id, act.now)
