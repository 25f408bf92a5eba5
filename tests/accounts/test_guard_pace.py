"""Right secrets wait for nobody and are limited too: by login, by place and by known device."""

from datetime import timedelta

import anyio
import pytest

from tests.support.cards import NOW, VAULT
from tests.support.guessing import OWNER, STRANGER, guard, guess, urls
from wenyue.accounts import Caller, Guard
from wenyue.accounts.devices import device_token
from wenyue.accounts.pace import Pace
from wenyue.accounts.throttle import LOGIN
from wenyue.core.limits import SECRET_CHECKS_PER_LOGIN_MINUTE, SECRET_CHECKS_PER_PLACE_MINUTE

pytestmark = pytest.mark.anyio
__all__ = ["guard", "urls"]


async def test_live_M2_right_secrets_at_the_same_time_wait_for_nobody(guard: Guard) -> None:
    """Who waits for the lock of a counter took the time before whoever had it: that is no reason to be refused."""
    answers: list[bool] = []

    async def one(number: int) -> None:
        earlier = NOW - timedelta(seconds=number)  # asked earlier, and comes to its turn later
        answers.append(await guess(guard, f"card-{number}", STRANGER, earlier, is_right=True))

    async with anyio.create_task_group() as group:
        for number in range(24):
            group.start_soon(one, number)
    assert answers == [True] * 24
    assert [
        await guess(guard, "gate", OWNER, NOW - timedelta(seconds=n), is_right=True) for n in range(24)
    ] == [True] * 24


async def test_live_M3_right_secrets_are_limited_too(guard: Guard) -> None:
    tries = [
        await guess(guard, "card-1", STRANGER, is_right=True)
        for _ in range(SECRET_CHECKS_PER_LOGIN_MINUTE + 9)
    ]
    assert tries.count(False) in {8, 9}  # one comes back within two seconds
    assert all(tries[:SECRET_CHECKS_PER_LOGIN_MINUTE])
    known = Caller(STRANGER.address, device_token(VAULT, "card", "card-1", NOW))
    assert await guess(guard, "card-1", known, is_right=True)  # that device is nobody else's concern
    assert await guess(guard, "card-2", STRANGER, is_right=True)
    of_device = [
        await guess(guard, "card-1", known, is_right=True) for _ in range(SECRET_CHECKS_PER_LOGIN_MINUTE + 9)
    ]
    assert of_device.count(False) >= 8


def test_live_M3_a_place_is_limited_at_whatever_logins_and_no_known_device_with_it() -> None:
    pace = Pace()
    waits = [
        pace.wait_s("card", f"card-{n}", "192.0.2.1", "") for n in range(SECRET_CHECKS_PER_PLACE_MINUTE + 50)
    ]
    assert not any(waits[:SECRET_CHECKS_PER_PLACE_MINUTE])
    assert waits[-1] > 0
    assert pace.wait_s("card", "card-x", "192.0.2.1", "token") == 0
    assert pace.wait_s("card", "card-x", "192.0.2.2", "") == 0


async def test_live_M2_a_refused_try_leaves_its_other_counters_open(guard: Guard) -> None:
    while await guess(guard, "card-1", STRANGER):
        pass
    assert not await guess(guard, "card-1", STRANGER, NOW + timedelta(seconds=2))
    assert await guess(guard, "card-1", OWNER, NOW, is_right=True)
    for n in range(LOGIN.free):  # until everybody waits at this login
        await guess(guard, "card-2", Caller(f"192.0.2.{n}"))
    fresh = Caller("192.0.2.200")
    assert not await guess(guard, "card-2", fresh, NOW + timedelta(seconds=2))
    assert await guess(guard, "card-3", fresh, NOW, is_right=True)
