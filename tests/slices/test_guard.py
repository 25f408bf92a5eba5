"""Guessing is slowed by address and login, the owner's device is not locked out, and failures stand in the record."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import anyio
import psycopg
import pytest

from tests.support.cards import NOW, VAULT, activated
from tests.support.database import DbUrls
from wenyue import accounts, cards
from wenyue.accounts import (
    Caller,
    Guard,
    Throttled,
    hash_secret,
    is_outdated,
    passwords,
    throttle,
)
from wenyue.accounts.devices import device_token
from wenyue.accounts.guard import SLOTS, SLOTS_MAX, SLOTS_OF_KIND
from wenyue.accounts.pace import Pace
from wenyue.accounts.throttle import ADDRESS, EVERYBODY, LOGIN, PAIR, Tries
from wenyue.infra.db import Database
from wenyue.infra.turns import Turns
from wenyue.kernel.limits import (
    PIN_FAILURES_MAX,
    SECRET_CHECKS_PER_LOGIN_MINUTE,
    SECRET_CHECKS_PER_PLACE_MINUTE,
)
from wenyue.kernel.personal import KeyRing, Vault

pytestmark = pytest.mark.anyio
STRANGER = Caller("203.0.113.7")
OWNER = Caller("198.51.100.2")


@pytest.fixture
def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def owner(urls: DbUrls) -> AsyncIterator[Database]:
    """What is arranged, and looked at afterwards."""
    async with Database(urls.owner_url, size_max=4) as db:
        yield db


@pytest.fixture
async def guard(urls: DbUrls) -> AsyncIterator[Guard]:
    async with Database(urls.app_url, size_max=6) as db:
        yield Guard(db, VAULT, Turns(20, 100))


async def guess(
    guard: Guard, name: str, caller: Caller, now: datetime = NOW, *, is_right: bool = False
) -> bool:
    """One try; False when it had to wait."""
    try:
        async with guard.attempt("card", name, caller, now) as tried:
            tried.is_right = is_right
    except Throttled:
        return False
    return True


async def record(owner: Database) -> list[tuple[str, str, dict[str, object]]]:
    async with owner.connection() as tx:
        found = await tx.execute("SELECT action, subject, detail FROM audit.entry ORDER BY id")
        return [(row[0], row[1], row[2]) for row in await found.fetchall()]


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
    return Guard(guard._db, VAULT, guard._turns, blocked=lambda _address, _now: until)  # pyright: ignore[reportPrivateUsage]


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
            tx, VAULT, login="op", password="right horse", role="operator", now=NOW, actor="test"
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
        await accounts.unlock_staff(tx, staff_id, later, "system:command")
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
            role="operator",
            now=later + timedelta(seconds=3),
            actor="t",
        )
    at = later + timedelta(seconds=4)
    while await wrong(known, at):  # it counts as a stranger now: by address and login
        pass
    assert not await wrong(Caller("192.0.2.1"), at)


async def test_security_M3_secrets_are_keyed_dear_and_stored_anew(owner: Database) -> None:
    cost = passwords.SHIPPED_COST
    # OWASP Password Storage Cheat Sheet: N=2^17 p=1, or as dear with less memory: 2^16 p=2, 2^15 p=3, 2^14 p=5, 2^13 p=10.
    assert (cost.log2_n, cost.block, cost.parallel) in {(17, 8, 1), (16, 8, 2), (15, 8, 3), (14, 8, 5)}
    old = "scrypt$13$" + "00" * 16 + "$" + _old_hash("12345678")
    assert await accounts.verify_secret("12345678", old, VAULT)
    assert is_outdated(old, VAULT)
    fresh = await hash_secret("12345678", VAULT)
    assert not is_outdated(fresh, VAULT)
    other = accounts_vault(b"j")
    assert not await accounts.verify_secret("12345678", fresh, other)  # the table without the key
    async with owner.transaction() as tx:
        await cards.save_types(tx)
        answer, card = await activated(tx)
        await tx.execute("UPDATE cards.card SET pin_hash = %s", [old])
        assert await cards.sign_in(tx, VAULT, card.card_no, "87654321") != answer.holder_id
        [(kept,)] = await (await tx.execute("SELECT pin_hash FROM cards.card")).fetchall()
        assert kept == old
        assert await cards.sign_in(tx, VAULT, card.card_no, "12345678") == answer.holder_id
        [(stored,)] = await (await tx.execute("SELECT pin_hash FROM cards.card")).fetchall()
    assert not is_outdated(stored, VAULT)
    assert await accounts.verify_secret("12345678", stored, VAULT)


def accounts_vault(index: bytes) -> Vault:
    return Vault(KeyRing({1: b"k" * 32}, 1, index * 32))


def _old_hash(secret: str) -> str:
    import hashlib

    made = hashlib.scrypt(secret.encode(), salt=bytes(16), n=1 << 13, r=8, p=1, maxmem=1 << 26, dklen=32)
    return made.hex()
