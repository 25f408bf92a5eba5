"""Suspicious patterns on a real server: counted over processes, found by rule, blocked for a time, lifted by people."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.support.database import DbUrls
from wenyue import abuse
from wenyue.abuse import Act, Detector, Pattern, PatternRule
from wenyue.core.limits import ABUSE_SUBJECTS_MAX
from wenyue.core.personal import KeyRing, Vault
from wenyue.platform.database.db import Database, DatabaseDown

pytestmark = pytest.mark.anyio
NOW: Final = datetime(2026, 11, 29, 4, tzinfo=UTC)
VAULT: Final = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))
STRANGER, NEIGHBOUR = "9.9.9.9", "8.8.4.4"
GUESS = Pattern.GUESSED_SECRETS


@pytest.fixture
def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def db(urls: DbUrls) -> AsyncIterator[Database]:
    async with Database(urls.app_url, size_max=2) as db:
        yield db


def detector(limit: int = 10) -> Detector:
    one = Detector(VAULT)
    one.rules = {**abuse.SHIPPED, GUESS: PatternRule(limit, 3_600, 1_800)}
    return one


async def know(one: Detector, db: Database, now: datetime) -> None:
    async with db.connection() as tx:
        one.blocks = await abuse.read_blocks(tx, now)


async def test_security_detection_adds_up_over_processes_and_blocks_for_a_time(db: Database) -> None:
    first, second = detector(), detector()
    for _ in range(6):
        first.note(GUESS, "address", STRANGER)
        second.note(GUESS, "address", STRANGER)
    second.note(GUESS, "address", NEIGHBOUR)
    assert await first.flush(db, NOW) == []
    [found] = await second.flush(db, NOW)
    assert (found.pattern, found.count, found.blocked_until) == (GUESS, 12, NOW + timedelta(minutes=30))
    for one in (first, second):
        await know(one, db, NOW)
        assert one.block_of(Act.SIGN_IN, "address", STRANGER, NOW) is not None
        assert one.block_of(Act.SIGN_IN, "address", NEIGHBOUR, NOW) is None
        assert one.block_of(Act.BOOK, "address", STRANGER, NOW) is None
        assert one.block_of(Act.SIGN_IN, "address", STRANGER, NOW + timedelta(minutes=30)) is None
    later = NOW + timedelta(minutes=31)
    await know(first, db, later)
    assert first.blocks == {}


async def test_security_detection_forgets_what_is_older_than_the_window(db: Database) -> None:
    one = detector()
    for minutes in (0, 70, 140):
        for _ in range(6):
            one.note(GUESS, "address", STRANGER)
        assert await one.flush(db, NOW + timedelta(minutes=minutes)) == []


async def test_security_detection_names_nobody(db: Database) -> None:
    one = detector(limit=1)
    one.note(GUESS, "address", STRANGER)
    one.note(Pattern.SCANNED_IDS, "account", 4711)
    await one.flush(db, NOW)
    async with db.connection() as tx:
        for table in ("abuse.tally", "abuse.finding", "audit.entry"):
            rows = await (await tx.execute(f"SELECT t::text FROM {table} AS t")).fetchall()
            assert rows
            assert STRANGER not in str(rows)
            assert "4711" not in str(rows)


def test_security_detection_is_bounded_and_an_ipv6_subscriber_is_one() -> None:
    one = detector()
    for number in range(ABUSE_SUBJECTS_MAX + 500):
        one.note(GUESS, "account", number)
    assert one.waiting == ABUSE_SUBJECTS_MAX + 1
    assert one.counts[GUESS] == ABUSE_SUBJECTS_MAX + 500
    assert one.lately()[GUESS] == ABUSE_SUBJECTS_MAX + 500
    assert one.subject("address", "2a00:1450:1:2::1") == one.subject("address", "2a00:1450:1:2:ffff::9")
    assert one.subject("address", "2a00:1450:1:2::1") != one.subject("address", "2a00:1450:1:3::1")
    assert one.subject("address", "::ffff:9.9.9.9") == one.subject("address", "9.9.9.9")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.9", "192.168.1.4", "::1", "fe80::1", "unix", ""])
async def test_security_detection_never_blocks_what_may_be_a_proxy(address: str, db: Database) -> None:
    one = detector(limit=1)
    one.note(GUESS, "address", address)
    [found] = await one.flush(db, NOW)
    assert (found.kind, found.blocked_until) == ("local", None)


@pytest.fixture
async def command(urls: DbUrls) -> AsyncIterator[Database]:
    """As operators' commands connect."""
    async with Database(urls.owner_url, size_max=1) as db:
        yield db


async def test_security_detection_is_lifted_and_set_by_people(db: Database, command: Database) -> None:
    one = detector(limit=1)
    one.note(GUESS, "address", STRANGER)
    [found] = await one.flush(db, NOW)
    async with command.transaction() as tx:
        kept = await abuse.close(
            tx, GUESS, "address:%", now=NOW, actor="test", reason="a wildcard is no subject"
        )
        assert kept == []
        ended = await abuse.close(tx, GUESS, found.subject[:20], now=NOW, actor="test", reason="a hotel")
        assert ended == [found.subject]
        assert await abuse.open_findings(tx) == []
        account = one.subject("account", 7)
        until = NOW + timedelta(days=1)
        await abuse.block(
            tx, Pattern.MANY_PERSONS, account, until=until, now=NOW, actor="test", reason="a scalper"
        )
    await know(one, db, NOW)
    assert one.block_of(Act.SIGN_IN, "address", STRANGER, NOW) is None
    assert one.block_of(Act.BOOK, "account", 7, NOW) == abuse.Block(Pattern.MANY_PERSONS, until)


async def test_whom_a_person_let_off_is_found_again_when_as_much_has_come_on_top(
    db: Database, command: Database
) -> None:
    one = detector(limit=10)

    async def sign(count: int, at: datetime) -> int:
        for _ in range(count):
            one.note(GUESS, "address", STRANGER)
        return len(await one.flush(db, at))

    assert await sign(12, NOW) == 1
    [found] = await _open(db)
    async with command.transaction() as tx:
        await abuse.close(tx, GUESS, found.subject, now=NOW, actor="test", reason="a hotel")
    soon = NOW + timedelta(minutes=1)
    assert await sign(1, soon) == 0  # thirteen in the window, of which a person looked at twelve
    assert await sign(8, soon) == 0
    assert await _open(db) == []
    assert await sign(1, soon) == 1
    assert [one.count for one in await _open(db)] == [22]
    late = NOW + timedelta(hours=2)  # what was looked at is out of the window
    async with command.transaction() as tx:
        await abuse.close(tx, GUESS, found.subject, now=soon, actor="test", reason="a hotel")
    assert await sign(10, late) == 1


async def _open(db: Database) -> list[abuse.Finding]:
    async with db.connection() as tx:
        return await abuse.open_findings(tx)


async def test_security_detection_keeps_an_operators_limit_and_survives_a_mistyped_one(
    command: Database,
) -> None:
    async with command.transaction() as tx:
        await abuse.save_rule(tx, GUESS, PatternRule(3, 600, 60), now=NOW, actor="test")
        await tx.execute("INSERT INTO abuse.rule (pattern, rules) VALUES ('scanned-ids', '{\"limit\": -1}')")
        rules, problems = await abuse.read_rules(tx)
    assert rules[GUESS] == PatternRule(3, 600, 60)
    assert rules[Pattern.SCANNED_IDS] == abuse.SHIPPED[Pattern.SCANNED_IDS]
    [problem] = problems
    assert "scanned-ids" in problem


async def test_security_detection_keeps_signs_while_the_database_is_away(db: Database) -> None:
    one = detector(limit=2)
    one.note(GUESS, "address", STRANGER, 2)
    shut = Database("postgresql://127.0.0.1:1/nothing", size_max=1)
    with pytest.raises(DatabaseDown):
        await one.flush(shut, NOW)
    [found] = await one.flush(db, NOW)
    assert found.count == 2
