"""A member of staff who is signed in sets up one more factor."""

from wenyue.accounts import Caller, Staff
from wenyue.accounts.second import factors, sessions
from wenyue.accounts.second.rules import FACTORS_MAX
from wenyue.application.operating import Operator
from wenyue.application.second_step import add_factor
from wenyue.application.securing import NotSecured, is_by_pin, own_attempt
from wenyue.application.signing_in import Enrolment, NotSignedIn
from wenyue.container import Services


async def enrol_factor(
    services: Services, operator: Operator, staff: Staff, caller: Caller, made: Enrolment
) -> list[str] | NotSecured:
    """One more factor; with the first one come recovery codes, which are shown once. Raises as `step_up`."""
    async with own_attempt(services, "factor", operator, staff, caller) as (tried, login):
        now = services.clock()
        if is_by_pin(login):
            return NotSecured.BY_PIN
        await factors.lock_factors(tried.tx, staff.id)
        known = await factors.factors_of(tried.tx, staff.id)
        if known and not login.has_fresh_factor(now):
            return NotSecured.FACTOR_OLD
        if len(known) >= FACTORS_MAX:
            return NotSecured.TOO_MANY
        refused = await add_factor(tried, services, staff.id, made, now)
        if refused is not None:
            tried.is_right = False
            return NotSecured.KNOWN if refused is NotSignedIn.KNOWN else NotSecured.CODE_WRONG
        tried.is_kept = False
        await sessions.note_factor(tried.tx, operator.login, now)
        return [] if known else await factors.renew_codes(tried.tx, services.vault, staff.id, now)
