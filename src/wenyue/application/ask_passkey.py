"""A second person is asked for their passkey: the password first, then what their browser is to ask it for."""

from wenyue.accounts import LoginEnded, Throttled
from wenyue.accounts.second import factors
from wenyue.accounts.second.passkeys import Passkey
from wenyue.accounts.second.rules import Step
from wenyue.application.second_proofs import NotConfirmed, Second, check_password
from wenyue.container import Services


async def ask_passkey(services: Services, login: str, second: Second) -> list[Passkey] | NotConfirmed:
    """The passkeys that the second person may sign with; empty: they have none. `login`: the `Login.key` of who acts.

    Confirms nothing. The password is counted as where it is tried with the act, so that asking adds no guess, and whoever does
    not know it learns of no passkey. Raises LoginEnded, DatabaseDown.
    """
    now = services.clock()
    try:
        async with services.guard.attempt("staff", second.login, second.caller, now, acts_as=login) as tried:
            if tried.acting is None or tried.acting.staff is None:
                raise LoginEnded
            checked = await check_password(services, tried, second)
            if isinstance(checked, NotConfirmed):
                return checked
            staff, step = checked
            return await factors.passkeys_of(tried.tx, staff.id) if step is Step.FACTOR else []
    except Throttled:
        return NotConfirmed.LOCKED
