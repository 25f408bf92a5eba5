"""A member of staff chooses their own password, with the one that they have."""

from wenyue.accounts import Caller, LoginEnded, Staff, check_staff, staffing
from wenyue.accounts.second import factors
from wenyue.accounts.second.sessions import EVERYBODY
from wenyue.application.operating import Operator
from wenyue.application.securing import NotSecured
from wenyue.services import Services


async def choose_password(
    services: Services, operator: Operator, staff: Staff, caller: Caller, *, present: str, wanted: str
) -> NotSecured | None:
    """None: done, and every other sign-in of theirs is over. `wanted` is one (`staffing.check_staff_words`).

    Whoever has a second factor proved it within ten minutes. Raises Throttled, LoginEnded, DatabaseDown.
    """
    now = services.clock()
    stored = await staffing.stored_password(services.vault, staff.login, wanted)
    async with services.guard.attempt("staff", staff.login, caller, now, acts_as=operator.login) as tried:
        if tried.acting is None:
            raise LoginEnded
        tried.who, tried.is_right, tried.is_kept = (
            operator.name,
            True,
            True,
        )  # what is refused forgives no guess
        if tried.acting.device_id is not None:
            return NotSecured.BY_PIN
        if tried.acting.is_factor_old(now):
            return NotSecured.FACTOR_OLD
        known = await check_staff(tried.tx, services.vault, staff.login, present)
        tried.is_right, tried.is_kept = isinstance(known, Staff), False
        if not tried.is_right:
            return NotSecured.NOT_THEIR_PASSWORD
        await factors.lock_factors(tried.tx, EVERYBODY)  # before logins end, as in `end_sessions`
        await staffing.choose_password(tried.tx, operator.login, stored, now)
    return None
