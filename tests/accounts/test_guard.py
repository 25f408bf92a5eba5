"""Guessing is slowed by address and login, the owner's device is not locked out, and failures stand in the record."""

from datetime import datetime, timedelta

import anyio
import pytest

from tests.support.cards import NOW, VAULT, activated
from tests.support.guessing import OWNER, STRANGER, guard, guess, owner, record, urls
from wenyue import accounts, cards
from wenyue.accounts import Caller, Guard, Throttled
from wenyue.accounts.devices import device_token
from wenyue.accounts.throttle import ADDRESS, EVERYBODY, LOGIN
from wenyue.core.duties import duties_of_role
from wenyue.core.limits import PIN_FAILURES_MAX
from wenyue.platform.database.db import Database

pytestmark = pytest.mark.anyio
__all__ = ["guard", "owner", "urls"]


async def test_security_M1_a_strangers_wrong_pins_do_not_lock_the_owner_out(guard: Guard) -> None:
    tries = [await guess(guard, "card-1", STRANGER) for _ in range(PIN_FAILURES_MAX + 3)]
    assert tries == [True] * PIN_FAILURES_MAX + [False] * 3
    assert await guess(guard, "card-1", OWNER, is_right=True)
    token = device_token(VAULT, "card", "card-1", NOW)
    at_strangers = Caller(STRANGER.address, token)
    assert await guess(guard, "card-1", at_strangers, is_right=True)
    assert not await guess(guard, "card-1", STRANGER)


async def test_security_M1_a_known_device_is_let_in_while_many_addresses_guess(guard: Guard) -> None:
    tries = [await guess(guard, "card-1", Caller(f"192.0.2.{n}")) for n in range(LOGIN.free + 5)]
    assert tries.count(False) >= 4
    assert not await guess(guard, "card-1", Caller("192.0.2.200"), is_right=True)
    assert await guess(
        guard, "card-1", Caller("192.0.2.200", device_token(VAULT, "card", "card-1", NOW)), is_right=True
    )
    for forged in ("x", "1.2.3", device_token(VAULT, "card", "card-2", NOW)):
        assert not await guess(guard, "card-1", Caller("192.0.2.200", forged), is_right=True), forged


async def test_security_M1_a_stolen_device_token_guesses_no_faster(guard: Guard) -> None:
    thief = Caller(STRANGER.address, device_token(VAULT, "card", "card-1", NOW))
    tries = [await guess(guard, "card-1", thief) for _ in range(PIN_FAILURES_MAX + 2)]
    assert tries == [True] * PIN_FAILURES_MAX + [False] * 2


async def test_security_M1_a_stolen_device_token_in_other_clothes_is_the_same_token(guard: Guard) -> None:
    token = device_token(VAULT, "card", "card-1", NOW)
    tries = [
        await guess(guard, "card-1", Caller(STRANGER.address, f"x{n}~{token}"))
        for n in range(PIN_FAILURES_MAX + 2)
    ]
    assert tries == [True] * PIN_FAILURES_MAX + [False] * 2


async def test_security_M1_a_blocked_address_stops_strangers_and_not_the_devices_that_share_it(
    guard: Guard,
) -> None:
    blocked = replace_blocks(guard)
    assert not await guess(blocked, "card-1", STRANGER, is_right=True)
    token = device_token(VAULT, "card", "card-1", NOW)
    assert await guess(blocked, "card-1", Caller(STRANGER.address, token), is_right=True)
    async with blocked.attempt("code", "card-1", STRANGER, NOW) as tried:  # nor the way in by phone
        tried.is_right = True


def replace_blocks(guard: Guard) -> Guard:
    """The same guard, with every address blocked for an hour."""
    until = NOW + timedelta(hours=1)
    return Guard(guard._db, VAULT, guard._limiter, blocked=lambda _address, _now: until)  # pyright: ignore[reportPrivateUsage]


async def test_security_M1_one_pin_sprayed_over_many_cards_is_slowed(guard: Guard) -> None:
    tries = [await guess(guard, f"card-{n}", STRANGER) for n in range(ADDRESS.free + 10)]
    assert tries == [True] * ADDRESS.free + [False] * 10
    assert await guess(guard, "card-1", OWNER)
    later = NOW + timedelta(seconds=ADDRESS.most_s)
    allowed = sum([await guess(guard, f"card-{n}", STRANGER, later) for n in range(10)])
    assert 1 <= allowed <= 3  # what has faded meanwhile


async def test_security_M1_guesses_at_the_same_time_are_counted_one_by_one(guard: Guard) -> None:
    answers: list[bool] = []

    async def one() -> None:
        answers.append(await guess(guard, "card-1", STRANGER))

    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(one)
    assert answers.count(True) == PIN_FAILURES_MAX


async def test_security_M8_failures_are_recorded_without_saying_whose_and_a_flood_is_summed(
    guard: Guard, owner: Database
) -> None:
    for _ in range(PIN_FAILURES_MAX):
        await guess(guard, "6000202600000019", STRANGER)
    found = await record(owner)
    assert [(action, detail["lately"]) for action, _, detail in found] == [
        ("signin.failed", 1),
        ("signin.failed", 2),
        ("signin.failed", 4),
    ]
    written = str(found)
    assert "6000202600000019" not in written
    assert "203.0.113.7" not in written
    assert len({(detail["tried"], detail["address"]) for _, _, detail in found}) == 1
    for n in range(int(EVERYBODY.free) * 2):
        await guess(guard, f"card-{n}", Caller(f"192.0.2.{n}"))
    actions = [action for action, _, _ in await record(owner)]
    assert actions.count("signin.failed") <= EVERYBODY.free + 3
    assert actions.count("signin.many_failed") == 1  # at 64


async def test_security_M8_the_record_names_the_card_that_was_guessed_at(
    guard: Guard, owner: Database
) -> None:
    async with owner.transaction() as tx:
        await cards.save_types(tx)
        answer, card = await activated(tx)
    async with guard.attempt("card", card.card_no, STRANGER, NOW) as tried:
        await cards.judge(tried, card.card_no, await cards.sign_in(tried.tx, VAULT, card.card_no, "0"))
    assert (await record(owner))[-1][:2] == ("signin.failed", f"card:{answer.card_id}")


async def test_security_M1_unlocking_and_a_new_password(guard: Guard, owner: Database) -> None:
    db = owner
    async with db.transaction() as tx:
        staff_id = await accounts.save_staff(
            tx,
            VAULT,
            login="op",
            password="right horse",
            duties=duties_of_role("operator"),
            now=NOW,
            actor="test",
        )
    token = device_token(VAULT, "staff", "op", NOW)

    async def wrong(caller: Caller, now: datetime) -> bool:
        try:
            async with guard.attempt("staff", "op", caller, now):
                return True
        except Throttled:
            return False

    while await wrong(STRANGER, NOW):
        pass
    later = NOW + timedelta(seconds=2)
    assert not await wrong(STRANGER, later)
    async with db.transaction() as tx:
        await accounts.staffing.unlock_staff(tx, staff_id, later, "system:command")
    assert await wrong(STRANGER, later + timedelta(seconds=1))
    known = Caller("192.0.2.1", token)
    for n in range(LOGIN.free + 2):
        await wrong(Caller(f"192.0.2.{n + 2}"), later + timedelta(seconds=2))
    assert await wrong(known, later + timedelta(seconds=2))
    async with db.transaction() as tx:
        await accounts.save_staff(
            tx,
            VAULT,
            login="op",
            password="other horse",
            duties=duties_of_role("operator"),
            now=later + timedelta(seconds=3),
            actor="t",
        )
    at = later + timedelta(seconds=4)
    while await wrong(known, at):  # it counts as a stranger now: by address and login
        pass
    assert not await wrong(Caller("192.0.2.1"), at)
