"""What the second step of a sign-in shares, whichever it is."""

from datetime import datetime
from typing import Final

from wenyue.accounts import Attempt, Staff, Terms
from wenyue.accounts.second import factors, sessions
from wenyue.accounts.second.rules import Step
from wenyue.accounts.second.sessions import HalfLogin
from wenyue.application.signing_in import Enrolment, Knock, NotSignedIn
from wenyue.container import Services

_REFUSED: Final = {
    factors.Added.NEW: None,
    factors.Added.KNOWN: NotSignedIn.KNOWN,
    factors.Added.WRONG: NotSignedIn.CODE_WRONG,
}


async def half_login(services: Services, token: str, waits_for: Step) -> HalfLogin | None:
    """Who is halfway with this token, and takes this step next."""
    if not token:
        return None
    async with services.db.connection() as tx:
        half = await sessions.half_of(tx, token, services.clock())
    return half if half is not None and half.waits_for is waits_for else None


async def add_factor(
    tried: Attempt, services: Services, staff_id: int, made: Enrolment, now: datetime
) -> NotSignedIn | None:
    """Keep it, if it proves to be theirs."""
    if made.passkey is not None:
        is_new = await factors.add_passkey(tried.tx, staff_id, made.passkey, name=made.name, now=now)
        return None if is_new else NotSignedIn.KNOWN
    if made.offer is None:
        return NotSignedIn.CODE_WRONG
    added = await factors.add_app(
        tried.tx, services.vault, staff_id, made.offer, made.code, name=made.name, now=now
    )
    return _REFUSED[added]


async def find_halfway(tried: Attempt, half: HalfLogin, step: Step) -> Staff | None:
    """The member of staff of a half login, locked, and their factors."""
    staff = await sessions.lock_member(tried.tx, half.staff_id)
    if staff is None or half.waits_for is not step:
        return None
    tried.who = f"staff:{staff.id}"
    await factors.lock_factors(tried.tx, staff.id)
    return staff


async def begin_login(tried: Attempt, knock: Knock, staff: Staff, now: datetime) -> str:
    """The login of whoever took both steps; its token."""
    terms = Terms(factor_at=now, idle_min=knock.idle_min, client=knock.client)
    return await tried.start_login(now, staff_id=staff.id, terms=terms)
