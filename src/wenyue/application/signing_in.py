"""A member of staff signs in: the password first, then the second factor, or setting one up. Each step is one transaction.

Between the steps there is no login, only a half one (`accounts.sessions`), which is good for the next step and nothing else.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from wenyue.accounts import Attempt, Caller, Staff, StaffRefusal, Terms, check_staff, end_login
from wenyue.accounts.second import factors, sessions
from wenyue.accounts.second.factors import Offer, Signed
from wenyue.accounts.second.passkeys import NewPasskey
from wenyue.accounts.second.rules import Mode, Step, step_after_password
from wenyue.accounts.second.sessions import HalfLogin
from wenyue.services import Services


class Knock(Struct, frozen=True):
    """From where somebody signs in: what the guard counts by, the browser as it is listed, minutes until an unused login ends."""

    caller: Caller
    client: str
    idle_min: int


class SignedIn(Struct, frozen=True):
    """Whose login it is, and its token, of which this is the only copy. `codes`: recovery codes, shown once."""

    staff: Staff
    token: str
    codes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"SignedIn({self.staff.id})"


class Halfway(Struct, frozen=True):
    """The password was right; its token is good for the next step."""

    token: str
    waits_for: Step

    def __repr__(self) -> str:
        return f"Halfway({self.waits_for})"


class NotSignedIn(StrEnum):
    """Why nobody was signed in."""

    WRONG = "wrong"  # login or password; it does not say which
    CODE_WRONG = "code_wrong"  # or used before
    OVER = "over"  # the step before is too long ago, or another was taken meanwhile: begin again
    CODE_NEEDED = "code_needed"  # where both steps come in one request
    ENROLMENT_NEEDED = "enrolment_needed"  # … a first factor is set up in a browser
    KNOWN = "known"  # this passkey is somebody's already


class Enrolment(Struct, frozen=True):
    """A factor that somebody sets up: an app that shows the code of what it was offered, or a passkey."""

    name: str
    offer: Offer | None = None
    code: str = ""
    passkey: NewPasskey | None = None

    def __repr__(self) -> str:
        return f"Enrolment({self.name})"


def mode_of(services: Services) -> Mode:
    """What the installation wants of staff."""
    return Mode(services.settings.staff.second_factor)


async def sign_in(
    services: Services, knock: Knock, login: str, password: str, *, had: str = ""
) -> SignedIn | Halfway | NotSignedIn:
    """Check the password. `had`: the token that the browser had, which ends. Raises Throttled, DatabaseDown."""
    now = services.clock()
    async with services.guard.attempt("staff", login, knock.caller, now) as tried:
        staff = await check_staff(tried.tx, services.vault, login, password)
        tried.is_right = isinstance(staff, Staff)
        if isinstance(staff, StaffRefusal):
            return NotSignedIn.WRONG
        has_factor = bool(await factors.factors_of(tried.tx, staff.id))
        step = step_after_password(mode_of(services), staff.duties, has_factor=has_factor)
        if step is Step.NOTHING:
            terms = Terms(idle_min=knock.idle_min, client=knock.client)
            token = await tried.start_login(now, staff_id=staff.id, instead_of=had, terms=terms)
            return SignedIn(staff, token)
        if had:
            await end_login(tried.tx, had, now)
        return Halfway(await sessions.start_half(tried.tx, staff.id, step, now), step)


async def half_login(services: Services, token: str, waits_for: Step) -> HalfLogin | None:
    """Who is halfway with this token, and takes this step next."""
    if not token:
        return None
    async with services.db.connection() as tx:
        half = await sessions.half_of(tx, token, services.clock())
    return half if half is not None and half.waits_for is waits_for else None


async def prove_factor(
    services: Services, knock: Knock, half: HalfLogin, given: str | Signed
) -> SignedIn | NotSignedIn:
    """The second step: a code, or what a passkey signed. Raises Throttled, DatabaseDown."""
    now = services.clock()
    async with services.guard.attempt("factor", half.login, knock.caller, now) as tried:
        staff = await _still_there(tried, half, Step.FACTOR)
        if staff is None:
            return NotSignedIn.OVER
        tried.is_right = await factors.prove(tried.tx, services.vault, staff.id, given, now) is not None
        if not tried.is_right:
            return NotSignedIn.CODE_WRONG
        if not await sessions.end_half(tried.tx, half.key, now):
            tried.is_right = False
            return NotSignedIn.OVER
        return SignedIn(staff, await _start(tried, knock, staff, now))


async def enrol_and_sign_in(
    services: Services, knock: Knock, half: HalfLogin, made: Enrolment
) -> SignedIn | NotSignedIn:
    """The second step of whoever has no factor yet: the first one, with recovery codes. Raises Throttled, DatabaseDown."""
    now = services.clock()
    async with services.guard.attempt("factor", half.login, knock.caller, now) as tried:
        staff = await _still_there(tried, half, Step.ENROLMENT)
        if staff is None or await factors.factors_of(tried.tx, staff.id):
            return NotSignedIn.OVER
        refused = await add_factor(tried, services, staff.id, made, now)
        tried.is_right = refused is None
        if refused is not None:
            return refused
        if not await sessions.end_half(tried.tx, half.key, now):
            raise LookupError("a half login ended although its member of staff was locked")
        codes = await factors.renew_codes(tried.tx, services.vault, staff.id, now)
        return SignedIn(staff, await _start(tried, knock, staff, now), tuple(codes))


async def sign_in_by_code(
    services: Services, knock: Knock, login: str, password: str, code: str, *, had: str = ""
) -> SignedIn | NotSignedIn:
    """Both steps for a program that sends everything at once. Raises Throttled, DatabaseDown."""
    begun = await sign_in(services, knock, login, password, had=had)
    if not isinstance(begun, Halfway):
        return begun
    half = await half_login(services, begun.token, begun.waits_for)
    if half is None:
        return NotSignedIn.OVER
    if begun.waits_for is Step.ENROLMENT:
        return NotSignedIn.ENROLMENT_NEEDED
    return await prove_factor(services, knock, half, code) if code else NotSignedIn.CODE_NEEDED


async def add_factor(
    tried: Attempt, services: Services, staff_id: int, made: Enrolment, now: datetime
) -> NotSignedIn | None:
    """Keep it, if it proves to be theirs."""
    if made.passkey is not None:
        is_new = await factors.add_passkey(tried.tx, staff_id, made.passkey, name=made.name, now=now)
        return None if is_new else NotSignedIn.KNOWN
    if made.offer is None:
        return NotSignedIn.CODE_WRONG
    is_right = await factors.add_app(
        tried.tx, services.vault, staff_id, made.offer, made.code, name=made.name, now=now
    )
    return None if is_right else NotSignedIn.CODE_WRONG


async def _still_there(tried: Attempt, half: HalfLogin, step: Step) -> Staff | None:
    """The member of staff of a half login, locked, and their factors."""
    staff = await sessions.lock_member(tried.tx, half.staff_id)
    if staff is None or half.waits_for is not step:
        return None
    tried.who = f"staff:{staff.id}"
    await factors.lock_factors(tried.tx, staff.id)
    return staff


async def _start(tried: Attempt, knock: Knock, staff: Staff, now: datetime) -> str:
    terms = Terms(factor_at=now, idle_min=knock.idle_min, client=knock.client)
    return await tried.start_login(now, staff_id=staff.id, terms=terms)
