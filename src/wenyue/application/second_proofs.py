"""What a second person gives to confirm a colleague's act, and whether it is right."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from wenyue.accounts import Attempt, Caller, Staff, StaffRefusal, check_staff, gate_devices
from wenyue.accounts.second import factors
from wenyue.accounts.second.factors import Signed
from wenyue.accounts.second.rules import Step
from wenyue.application.signing_in import after_password
from wenyue.container import Services


class AtDevice(Struct, frozen=True):
    """The enrolled device where somebody types a PIN, by its secret, and the venue where it has to be."""

    secret: str
    venue_id: int

    def __repr__(self) -> str:
        return f"AtDevice({self.venue_id})"


class Second(Struct, frozen=True):
    """Who says that they confirm it, without signing in; from where they say so.

    `proof`: a code of their app, a recovery code, or what their passkey signed for this act; with a `device` their PIN there.
    """

    caller: Caller
    login: str
    password: str
    proof: str | Signed = ""
    device: AtDevice | None = None

    def __repr__(self) -> str:
        return f"Second({self.login})"


class NotConfirmed(StrEnum):
    """Why the second person did not prove who they are."""

    WRONG = "wrong"  # login or password; it does not say which
    LOCKED = "locked"  # too many wrong tries lately: nothing was checked
    CODE_NEEDED = "code_needed"
    CODE_WRONG = "code_wrong"  # or used before; or what the passkey signed is not for this act
    PIN_WRONG = "pin_wrong"  # or this is no device of the venue where they have a PIN
    ENROLMENT_NEEDED = "enrolment_needed"  # they set a second factor up in the console first


async def check_password(
    services: Services, tried: Attempt, second: Second
) -> tuple[Staff, Step] | NotConfirmed:
    """Who it is, and whether they have to prove a FACTOR besides; NOTHING: the installation asks no more of them."""
    known = await after_password(services, tried, second.login, second.password)
    if known is None:
        return NotConfirmed.WRONG
    return NotConfirmed.ENROLMENT_NEEDED if known[1] is Step.ENROLMENT else known


def counted_as(staff: Staff, second: Second) -> tuple[Literal["pin", "factor"], str]:
    """The guard's kind and name of a try of the proof: the same as where it is tried to sign in, so that neither adds guesses."""
    if second.device is None:
        return "factor", staff.login
    return "pin", gate_devices.name_of_pin(second.device.venue_id, staff.id)


async def check_proof(
    services: Services, tried: Attempt, staff: Staff, second: Second
) -> Staff | NotConfirmed:
    """Who it is by now, when the proof is right and the password still is. They are locked from here on.

    After `check_password`, in another transaction: whoever was given another password between confirms nothing.
    """
    tx, device = tried.tx, second.device
    tried.who = f"staff:{staff.id}"
    if device is not None:
        pin = second.proof if isinstance(second.proof, str) else ""
        found = await gate_devices.check_pin(tx, services.vault, device.secret, staff.id, pin)
        if found is None or found[0].venue_id != device.venue_id:
            return NotConfirmed.PIN_WRONG
    fresh = await check_staff(tx, services.vault, second.login, second.password)
    if isinstance(fresh, StaffRefusal) or fresh.id != staff.id:
        return NotConfirmed.WRONG
    if device is None:
        await factors.lock_factors(tx, staff.id)
        if await factors.prove(tx, services.vault, staff.id, second.proof, services.clock()) is None:
            return NotConfirmed.CODE_WRONG
    tried.is_right = True
    return fresh
