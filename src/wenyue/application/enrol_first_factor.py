"""A member of staff who has no factor yet sets one up, and is signed in by it."""

from wenyue.accounts.second import factors, sessions
from wenyue.accounts.second.rules import Step
from wenyue.accounts.second.sessions import HalfLogin
from wenyue.application.second_step import add_factor, begin_login, find_halfway
from wenyue.application.signing_in import Enrolment, Knock, NotSignedIn, SignedIn
from wenyue.container import Services


async def enrol_first_factor(
    services: Services, knock: Knock, half: HalfLogin, made: Enrolment
) -> SignedIn | NotSignedIn:
    """The second step of whoever has no factor yet: the first one, with recovery codes. Raises Throttled, DatabaseDown."""
    now = services.clock()
    async with services.guard.attempt("factor", half.login, knock.caller, now) as tried:
        staff = await find_halfway(tried, half, Step.ENROLMENT)
        if staff is None or await factors.factors_of(tried.tx, staff.id):
            return NotSignedIn.OVER
        refused = await add_factor(tried, services, staff.id, made, now)
        tried.is_right = refused is None
        if refused is not None:
            return refused
        if not await sessions.end_half(tried.tx, half.key, now):
            raise LookupError("a half login ended although its member of staff was locked")
        codes = await factors.renew_codes(tried.tx, services.vault, staff.id, now)
        return SignedIn(staff, await begin_login(tried, knock, staff, now), tuple(codes))
