"""The counters of wrong secrets: bounded, apart from each other, and fading to nothing."""

from datetime import timedelta

import psycopg
import pytest

from tests.support.cards import NOW, VAULT
from tests.support.guessing import OWNER, STRANGER, guard, guess, owner, urls
from wenyue.accounts import Caller, Guard, throttle
from wenyue.accounts.devices import device_token
from wenyue.accounts.guard import SLOTS, SLOTS_MAX, SLOTS_OF_KIND
from wenyue.accounts.throttle import PAIR, Tries
from wenyue.core.limits import PIN_FAILURES_MAX
from wenyue.platform.database.db import Database

pytestmark = pytest.mark.anyio
__all__ = ["guard", "owner", "urls"]


async def test_security_M1_strangers_cannot_make_the_table_grow(guard: Guard, owner: Database) -> None:
    async with owner.connection() as tx:
        with pytest.raises(psycopg.errors.CheckViolation):
            await tx.execute("INSERT INTO accounts.tries VALUES (%s, '', 0, now(), now())", [SLOTS_MAX])
    for n in range(20):
        await guess(guard, f"card-{n}", Caller(f"192.0.2.{n}"))
    async with owner.connection() as tx:
        [(slots,)] = await (await tx.execute("SELECT max(slot) FROM accounts.tries")).fetchall()
        assert 0 <= slots < SLOTS_MAX


BUSY = "INSERT INTO accounts.tries SELECT n, 'x', 1000, %s, %s + interval '1 hour' FROM generate_series(%s::int, %s::int) n"


async def test_security_M1_a_flood_at_one_kind_of_secret_reaches_no_other(
    guard: Guard, owner: Database
) -> None:
    of_cards = [one.slot for one in guard.counters("card", "x", STRANGER, "")]
    of_staff = [one.slot for one in guard.counters("staff", "x", STRANGER, "")]
    codes = guard.counters("code", "x", STRANGER, "")
    assert max(of_cards) < min(of_staff) <= max(of_staff) < min(one.slot for one in codes)
    async with owner.connection() as tx:
        await tx.execute(BUSY, [NOW, NOW, 0, SLOTS_OF_KIND - 1])
    assert not await guess(guard, "gate", STRANGER)
    for kind in ("staff", "code"):
        async with guard.attempt(kind, "gate", STRANGER, NOW) as tried:
            assert tried.tries_left == PIN_FAILURES_MAX - 1


async def test_security_M1_a_flood_of_one_counter_reaches_no_other(guard: Guard, owner: Database) -> None:
    """Whoever guesses from everywhere at everything fills the counters of addresses and logins, not those of known devices."""
    device = device_token(VAULT, "card", "card-1", NOW)
    [own] = guard.counters("card", "card-1", STRANGER, device)
    async with owner.connection() as tx:
        await tx.execute(BUSY, [NOW, NOW, 0, SLOTS_OF_KIND - SLOTS["device"] - 1])
    assert not await guess(guard, "card-1", STRANGER, is_right=True)
    assert own.slot >= SLOTS_OF_KIND - SLOTS["device"]
    assert await guess(guard, "card-1", Caller(STRANGER.address, device), is_right=True)


async def test_security_M1_a_right_secret_clears_nobody_elses_counter(guard: Guard, owner: Database) -> None:
    [victim] = guard.counters("card", "card-1", STRANGER, "")[:1]
    same = next(
        name
        for name in (f"mine-{n}" for n in range(2_000_000))
        if guard.counters("card", name, OWNER, "")[0].slot == victim.slot
    )
    for _ in range(PIN_FAILURES_MAX - 1):
        assert await guess(guard, "card-1", STRANGER)
    for _ in range(3):
        assert await guess(guard, same, OWNER, is_right=True)
    async with owner.connection() as tx:
        found = await tx.execute("SELECT key, score FROM accounts.tries WHERE slot = %s", [victim.slot])
        assert await found.fetchall() == [(victim.key, PIN_FAILURES_MAX - 1)]
    assert await guess(guard, "card-1", STRANGER)
    assert not await guess(guard, "card-1", STRANGER)


def test_waits_grow_and_scores_fade_to_nothing() -> None:
    tries, waits = Tries(0.0, NOW, NOW), list[float]()
    for _ in range(12):
        tries = throttle.after_failure(tries, PAIR, tries.open_at)
        waits.append(max(0.0, (tries.open_at - tries.at).total_seconds()))
    assert waits[: PIN_FAILURES_MAX - 1] == [0.0] * (PIN_FAILURES_MAX - 1)
    assert waits[PIN_FAILURES_MAX - 1] > 0
    assert max(waits) <= PAIR.most_s
    for quiet in (timedelta(days=3), timedelta(days=30_000)):  # no value decays into an underflow
        assert 0.0 <= throttle.faded(tries, PAIR, NOW + quiet) < 1e-6
    assert throttle.faded(tries, PAIR, NOW - timedelta(days=1)) == tries.score  # a clock that stepped back
