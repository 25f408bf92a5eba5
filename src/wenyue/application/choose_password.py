"""A member of staff chooses their own password, with the one that they have."""

from wenyue.accounts import Caller, Staff, check_staff, staffing
from wenyue.accounts.second import factors
from wenyue.accounts.second.sessions import EVERYBODY
from wenyue.application.operating import Operator
from wenyue.application.securing import NotSecured, is_by_pin, own_attempt
from wenyue.container import Services


async def choose_password(
    services: Services, operator: Operator, staff: Staff, caller: Caller, *, present: str, wanted: str
) -> NotSecured | None:
    """None: done, and every other sign-in of theirs is over. `wanted` is one (`staffing.check_staff_words`).

    Whoever has a second factor proved it within ten minutes. Raises Throttled, LoginEnded, DatabaseDown.
    """
    async with own_attempt(services, "staff", operator, staff, caller) as (tried, login):
        now = services.clock()
        if is_by_pin(login):
            return NotSecured.BY_PIN
        if login.is_factor_old(now):
            return NotSecured.FACTOR_OLD
        known = await check_staff(tried.tx, services.vault, staff.login, present)
        tried.is_right, tried.is_kept = isinstance(known, Staff), False
        if not tried.is_right:
            return NotSecured.NOT_THEIR_PASSWORD
        stored = await staffing.stored_password(services.vault, staff.login, wanted)
        await factors.lock_factors(tried.tx, EVERYBODY)  # before logins end, as in `end_sessions`
        await staffing.choose_password(tried.tx, operator.login, stored, now)
    return None
