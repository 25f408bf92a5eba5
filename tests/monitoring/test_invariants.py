"""Invariants that are broken in a real database are found by the monitor's sweep, and what only looks odd is not."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import LiteralString

import pytest

from tests.support.database import DbUrls
from tests.support.watched import DAY, Watched, watched
from wenyue.booking import ChangeKind, ChangeRequest, Outcome
from wenyue.core.clock import utc_now
from wenyue.monitoring import look_at_all
from wenyue.monitoring.rules import judge_pass
from wenyue.monitoring.sweep import look_around

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Watched]:
    async with watched(make_database(), tmp_path) as made:
        yield made


# What is planted, in which check it shows, and as what.
TROUBLE: list[tuple[str, str, tuple[LiteralString, ...]]] = [
    ("windows", "I2 pool", ("UPDATE booking.pool SET sold = sold + 1 WHERE kind = 'day'",)),
    (
        "windows",
        "I2 pool",
        ("UPDATE booking.pool SET held = held + 1, sold = sold - 1 WHERE kind = 'session' AND sold > 0",),
    ),
    (
        "windows",
        "has 0 places and gave 1",
        (
            "ALTER TABLE booking.pool DROP CONSTRAINT pool_never_oversold",
            "UPDATE booking.pool SET capacity = 0 WHERE kind = 'session'",
        ),
    ),
    ("windows", "I1 line 0 of booking", ("UPDATE booking.booking SET state = 3",)),
    ("windows", "has no booking", ("DELETE FROM booking.booking",)),
    ("windows", "draws not from every pool", ("UPDATE booking.line SET pool_ids = pool_ids[1:1]",)),
    (
        "windows",
        "I4 one person has 2 places",
        (
            "DROP INDEX booking.place_one_person_idx",
            """INSERT INTO booking.place (booking_id, line_no, visitor_no, person_key, scope, on_date)
               SELECT booking_id, line_no, 77, person_key, scope, on_date FROM booking.place LIMIT 1""",
        ),
    ),
    ("windows", "I4 a place of booking", ("UPDATE booking.place SET on_date = on_date + 1",)),
    ("windows", "was given back", ("UPDATE booking.line SET is_live = false",)),
    ("bookings", "I1 booking", ("UPDATE booking.line SET is_live = false",)),
    ("entitlements", "I5 entitlement 0", ("UPDATE cards.entitlement SET used = used + 1",)),
]


@pytest.mark.parametrize(("check", "words", "planted"), TROUBLE)
async def test_a_broken_invariant_is_found_and_stays_found_until_it_is_mended(
    fixtures: Watched, check: str, words: str, planted: tuple[LiteralString, ...]
) -> None:
    await fixtures.book(await fixtures.slot())
    assert await fixtures.says(check) == []
    fixtures.as_owner(*planted)
    for _ in range(2):
        [finding] = (await fixtures.look())[check].findings
        assert finding.severity.value == "critical"
        assert words in finding.text.say("en")
    facts = await look_at_all(fixtures.tx, utc_now())
    assert any(words in one for one in facts.broken)


async def test_a_mended_invariant_is_quiet_again(fixtures: Watched) -> None:
    await fixtures.book(await fixtures.slot())
    fixtures.as_owner("UPDATE booking.pool SET sold = sold + 1 WHERE kind = 'day'")
    assert await fixtures.says("windows") == ["windows critical"]
    fixtures.as_owner("UPDATE booking.pool SET sold = sold - 1 WHERE kind = 'day'")
    assert await fixtures.says("windows") == []


async def test_no_shows_keep_their_places_and_are_no_trouble(fixtures: Watched) -> None:
    booking = await fixtures.book(await fixtures.slot())
    fixtures.as_owner("UPDATE booking.booking SET state = 5")
    fixtures.calm()
    assert (await look_at_all(fixtures.tx, utc_now())).broken == ()
    assert booking.lines


async def test_cancelled_and_expired_bookings_are_no_trouble(fixtures: Watched) -> None:
    slot = await fixtures.slot(capacity=9)
    for kind in (ChangeKind.CANCEL, ChangeKind.EXPIRE):
        booking = await fixtures.book(slot, is_hold=kind is ChangeKind.EXPIRE)
        if kind is ChangeKind.EXPIRE:
            fixtures.as_owner("UPDATE booking.booking SET hold_until = '2000-01-01' WHERE state = 1")
        answer = await fixtures.engine.change(ChangeRequest(kind, booking.id, "test"))
        assert answer.outcome in {Outcome.CANCELLED, Outcome.TERMS_FORBID}, answer
    assert (await look_at_all(fixtures.tx, utc_now())).broken == ()


async def test_a_pass_goes_on_where_it_stopped(fixtures: Watched) -> None:
    for n in range(45):
        await fixtures.slot(DAY + timedelta(days=n % 5))
    rows: list[int] = []
    while len(rows) < 5 and sum(rows) < 90:  # no time at all: one step of twenty windows in each round
        facts = await look_around(fixtures.tx, utc_now(), "windows", budget_s=0)
        assert (facts.finished_at is not None) == (sum(rows) + facts.rows == 90)
        rows.append(facts.rows)
    assert rows == [40, 40, 10]
    facts = await look_around(fixtures.tx, utc_now(), "windows", budget_s=0)
    late = utc_now() + timedelta(hours=27)
    assert [one.detail for one in judge_pass(facts, late, check="windows")] == ["pass"]
