"""A member of staff signs in: the password, and what is asked after it."""

from wenyue.accounts import Terms, end_login
from wenyue.accounts.second import sessions
from wenyue.accounts.second.rules import Step
from wenyue.application.prove_factor import prove_factor
from wenyue.application.second_step import half_login
from wenyue.application.signing_in import Halfway, Knock, NotSignedIn, SignedIn, after_password
from wenyue.container import Services


async def sign_in_staff(
    services: Services, knock: Knock, login: str, password: str, *, had: str = ""
) -> SignedIn | Halfway | NotSignedIn:
    """Check the password. `had`: the token that the browser had, which ends. Raises Throttled, DatabaseDown."""
    now = services.clock()
    async with services.guard.attempt("staff", login, knock.caller, now) as tried:
        known = await after_password(services, tried, login, password)
        if known is None:
            return NotSignedIn.WRONG
        staff, step = known
        if step is Step.NOTHING:
            terms = Terms(idle_min=knock.idle_min, client=knock.client)
            token = await tried.start_login(now, staff_id=staff.id, instead_of=had, terms=terms)
            return SignedIn(staff, token)
        if had:
            await end_login(tried.tx, had, now)
        return Halfway(await sessions.start_half(tried.tx, staff.id, step, now), step)


async def sign_in_staff_by_code(
    services: Services, knock: Knock, login: str, password: str, code: str, *, had: str = ""
) -> SignedIn | NotSignedIn:
    """Both steps for a program that sends everything at once. Raises Throttled, DatabaseDown."""
    begun = await sign_in_staff(services, knock, login, password, had=had)
    if not isinstance(begun, Halfway):
        return begun
    half = await half_login(services, begun.token, begun.waits_for)
    if half is None:
        return NotSignedIn.OVER
    if begun.waits_for is Step.ENROLMENT:
        return NotSignedIn.ENROLMENT_NEEDED
    return await prove_factor(services, knock, half, code) if code else NotSignedIn.CODE_NEEDED
