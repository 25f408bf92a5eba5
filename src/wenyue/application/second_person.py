"""A second member of staff who confirms a colleague's act where they stand: without signing in, proving as much as to sign in."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from wenyue.accounts import Attempt, LoginEnded, Staff, Throttled
from wenyue.accounts.second.rules import Step
from wenyue.application.on_duty import OnDuty, on_duty
from wenyue.application.second_proofs import NotConfirmed, Second, check_password, check_proof, counted_as
from wenyue.container import Services

T = TypeVar("T")


async def confirmed(
    services: Services,
    login: str,
    second: Second | None,
    act: Callable[[OnDuty, Staff | None], Awaitable[T]],
) -> T | NotConfirmed:
    """What `act` does in one transaction, with who confirmed it, if anybody was to. `login`: the `Login.key` of who acts.

    A second person proves their password, then what signing in would want besides, each slowed by itself. The act's
    transaction is the one that checked the last of them, and the password again: nobody gives them another, or lets them go,
    meanwhile. Raises LoginEnded, and what `act` raises.
    """
    if second is None:
        async with on_duty(services, login) as alone:
            return await act(alone, None)
    try:
        return await _with_second(services, login, second, act)
    except Throttled:
        return NotConfirmed.LOCKED


async def _with_second(
    services: Services,
    login: str,
    second: Second,
    act: Callable[[OnDuty, Staff | None], Awaitable[T]],
) -> T | NotConfirmed:
    now = services.clock()
    async with services.guard.attempt("staff", second.login, second.caller, now, acts_as=login) as tried:
        checked = await check_password(services, tried, second)
        if isinstance(checked, NotConfirmed):
            return checked
        staff, step = checked
        if step is Step.NOTHING:
            return await act(_on_duty(tried, now), staff)
        if not second.proof:
            return NotConfirmed.CODE_NEEDED
    kind, name = counted_as(staff, second)
    async with services.guard.attempt(kind, name, second.caller, now, acts_as=login) as tried:
        proved = await check_proof(services, tried, staff, second)
        return proved if isinstance(proved, NotConfirmed) else await act(_on_duty(tried, now), proved)


def _on_duty(tried: Attempt, now: datetime) -> OnDuty:
    if tried.acting is None or tried.acting.staff is None:
        raise LoginEnded
    return OnDuty(tried.tx, now, tried.acting.staff, is_by_pin=tried.acting.device_id is not None)
