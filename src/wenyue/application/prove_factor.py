"""A member of staff takes the second step of a sign-in: a code, or what a passkey signed."""

from wenyue.accounts.second import factors, sessions
from wenyue.accounts.second.factors import Signed
from wenyue.accounts.second.rules import Step
from wenyue.accounts.second.sessions import HalfLogin
from wenyue.application.second_step import begin_login, find_halfway
from wenyue.application.signing_in import Knock, NotSignedIn, SignedIn
from wenyue.container import Services


async def prove_factor(
    services: Services, knock: Knock, half: HalfLogin, given: str | Signed
) -> SignedIn | NotSignedIn:
    """The second step: a code, or what a passkey signed. Raises Throttled, DatabaseDown."""
    now = services.clock()
    async with services.guard.attempt("factor", half.login, knock.caller, now) as tried:
        staff = await find_halfway(tried, half, Step.FACTOR)
        if staff is None:
            return NotSignedIn.OVER
        tried.is_right = await factors.prove(tried.tx, services.vault, staff.id, given, now) is not None
        if not tried.is_right:
            return NotSignedIn.CODE_WRONG
        if not await sessions.end_half(tried.tx, half.key, now):
            tried.is_right = False
            return NotSignedIn.OVER
        return SignedIn(staff, await begin_login(tried, knock, staff, now))
