"""A second member of staff who confirms a colleague's act by their own password, without signing in."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from msgspec import Struct

from wenyue.accounts import Caller, LoginEnded, Staff, StaffRefusal, Throttled, check_staff
from wenyue.application.on_duty import OnDuty, on_duty
from wenyue.services import Services

T = TypeVar("T")


class Second(Struct, frozen=True):
    """Who says that they confirm it, without signing in; from where they say so."""

    caller: Caller
    login: str
    password: str

    def __repr__(self) -> str:
        return f"Second({self.login})"


async def confirmed(
    services: Services,
    login: str,
    second: Second | None,
    act: Callable[[OnDuty, Staff | None], Awaitable[T]],
) -> T | StaffRefusal:
    """What `act` does in one transaction, with who confirmed it, if anybody was to. `login`: the `Login.key` of who acts.

    With a second person it is the transaction that checked their password: nobody gives them another, or lets them go,
    meanwhile. Wrong ones are slowed like every other try. Raises LoginEnded, and what `act` raises.
    """
    if second is None:
        async with on_duty(services, login) as alone:
            return await act(alone, None)
    now = services.clock()
    try:
        async with services.guard.attempt("staff", second.login, second.caller, now, acts_as=login) as tried:
            if tried.acting is None or tried.acting.staff is None:
                raise LoginEnded
            found = await check_staff(tried.tx, services.vault, second.login, second.password)
            tried.is_right = isinstance(found, Staff)
            if isinstance(found, StaffRefusal):
                return found
            is_by_pin = tried.acting.device_id is not None
            return await act(OnDuty(tried.tx, now, tried.acting.staff, is_by_pin=is_by_pin), found)
    except Throttled:
        return StaffRefusal.LOCKED
