"""A member of staff signs in: the password first, then the second factor, or setting one up. Each step is one transaction.

Between the steps there is no login, only a half one (`accounts.sessions`), which is good for the next step and nothing else.
"""

from enum import StrEnum

from msgspec import Struct

from wenyue.accounts import Attempt, Caller, Staff, StaffRefusal, check_staff
from wenyue.accounts.second import factors
from wenyue.accounts.second.factors import Offer
from wenyue.accounts.second.passkeys import NewPasskey
from wenyue.accounts.second.rules import Mode, Step, step_after_password
from wenyue.container import Services


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


async def after_password(
    services: Services, tried: Attempt, login: str, password: str
) -> tuple[Staff, Step] | None:
    """Who it is, and what they have to prove besides; NOTHING: the installation asks no more of them. None: wrong."""
    staff = await check_staff(tried.tx, services.vault, login, password)
    tried.is_right = isinstance(staff, Staff)
    if isinstance(staff, StaffRefusal):
        return None
    has_factor = bool(await factors.factors_of(tried.tx, staff.id))
    return staff, step_after_password(mode_of(services), staff.duties, has_factor=has_factor)
