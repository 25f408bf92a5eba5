"""People who did not come: found when their last session is over, once, by one worker; and whose fault it is not."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from tests.support.database import DbUrls
from tests.support.later_stage import AFTER, DAY, Stage, later_stage
from wenyue.booking import (
    BookingState,
    ChangeKind,
    ChangeRequest,
    Outcome,
    account_subject,
    redeem,
    slot_planning,
    tasks,
)
from wenyue.core.ids import uuid7
from wenyue.platform.database.advisory_lock import try_lock
from wenyue.policy import bans
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with later_stage(make_database()) as made:
        yield made


async def test_nobody_came(stage: Stage) -> None:
    slot_id = await stage.slot()
    booking = await stage.book(slot_id)
    await stage.settle(AFTER - timedelta(minutes=1))
    assert await stage.state(booking) is BookingState.CONFIRMED
    await stage.settle()
    assert await stage.state(booking) is BookingState.NO_SHOW
    assert (
        await stage.one(
            "SELECT sold FROM booking.pool p JOIN booking.slot s ON p.id = s.pool_ids[1] WHERE s.id = %s",
            slot_id,
        )
        == 1
    )
    assert await stage.one("SELECT count(*) FROM booking.line WHERE is_live") == 1
    rows = await stage.tx.execute("SELECT subject_key, kind, on_date FROM policy.strike")
    assert set(await rows.fetchall()) == {
        (booking.visitors[0].person_key, "no_show", DAY),
        (account_subject(booking.holder_id or 0), "no_show", DAY),
    }
    assert (
        await stage.one("SELECT actor FROM audit.entry WHERE action = 'booking.no_show'") == "system:no-show"
    )
    assert await stage.one("SELECT booking_ids FROM events.event WHERE kind = 'booking.not_come'") == [
        booking.id
    ]


async def test_a_second_look_changes_nothing(stage: Stage) -> None:
    booking = await stage.book(await stage.slot())
    await stage.settle()
    await stage.tx.execute("UPDATE booking.slot SET settled_at = NULL")
    await stage.settle(AFTER + timedelta(hours=1))
    answer = await stage.engine.change(ChangeRequest(ChangeKind.NO_SHOW, booking.id, "system:no-show"))
    assert (answer.outcome, answer.is_replay, answer.state) == (Outcome.CANCELLED, True, BookingState.NO_SHOW)
    assert await stage.one("SELECT count(*) FROM policy.strike") == 2
    assert await stage.one("SELECT count(*) FROM events.event WHERE kind = 'booking.not_come'") == 1


async def test_who_came_did_not_miss_it(stage: Stage) -> None:
    booking = await stage.book(await stage.slot())
    async with stage.db.transaction() as tx:
        assert await redeem(
            tx, uuid7(), booking_id=booking.id, line_no=0, visitor_no=0, gate="g", now=stage.now
        )
    await stage.settle()
    assert await stage.state(booking) is BookingState.CONFIRMED
    refused = await stage.engine.change(ChangeRequest(ChangeKind.NO_SHOW, booking.id, "system:no-show"))
    assert refused.outcome is Outcome.ALREADY_REDEEMED


async def test_a_closed_session_is_nobodys_fault(stage: Stage) -> None:
    slot_id = await stage.slot()
    booking = await stage.book(slot_id)
    venue_id = await stage.one("SELECT venue_id FROM booking.slot WHERE id = %s", slot_id)
    await slot_planning.close_slots(
        stage.tx, venue_id, None, from_day=DAY, to_day=DAY, reason={"zh-CN": "大雾", "en": "Fog"}
    )
    await stage.settle()
    assert await stage.state(booking) is BookingState.CONFIRMED
    refused = await stage.engine.change(ChangeRequest(ChangeKind.NO_SHOW, booking.id, "system:no-show"))
    assert refused.outcome is Outcome.WRONG_STATE


@pytest.mark.parametrize(("kind", "venue_kind"), [("night", "hotel"), ("table", "restaurant")])
async def test_rooms_and_tables_are_for_their_houses_to_say(stage: Stage, kind: str, venue_kind: str) -> None:
    booking = await stage.book(await stage.slot(kind=kind, venue_kind=venue_kind))
    await stage.settle()
    assert await stage.state(booking) is BookingState.CONFIRMED
    refused = await stage.engine.change(ChangeRequest(ChangeKind.NO_SHOW, booking.id, "system:no-show"))
    assert refused.outcome is Outcome.WRONG_STATE


async def test_imported_bookings_are_left_alone(stage: Stage) -> None:
    booking = await stage.book(await stage.slot())
    await stage.tx.execute("UPDATE booking.booking SET source = 'old', source_key = '1'")
    await stage.settle()
    assert await stage.state(booking) is BookingState.CONFIRMED


async def test_a_booking_is_settled_day_by_day_and_over_with_its_last_session(stage: Stage) -> None:
    booking = await stage.book(await stage.slot(), await stage.slot(DAY + timedelta(days=2)))
    await stage.settle()
    assert await stage.state(booking) is BookingState.CONFIRMED
    assert await stage.one("SELECT count(DISTINCT on_date) FROM policy.strike") == 1
    await stage.settle(AFTER + timedelta(days=2))
    assert await stage.state(booking) is BookingState.NO_SHOW
    assert await stage.one("SELECT count(DISTINCT on_date) FROM policy.strike") == 2


async def test_a_strike_counts_against_whom_the_preset_names(stage: Stage) -> None:
    """故宫 counts against the visitor, 国博 against the account."""
    for policy_code in ("gugong", "guobo"):
        booking = await stage.book(await stage.slot(policy_code=policy_code))
        await stage.settle()
        rows = await stage.tx.execute(
            "SELECT subject_key FROM policy.strike WHERE booking_id = %s", [booking.id]
        )
        person, account = booking.visitors[0].person_key, account_subject(booking.holder_id or 0)
        assert await rows.fetchall() == [(person if policy_code == "gugong" else account,)]
        stage.now = dataset.START


async def test_the_third_missed_visit_bans(stage: Stage) -> None:
    card = await dataset.card(stage.tx, 7)
    for day in range(3):
        await stage.book(await stage.slot(DAY + timedelta(days=day)), by=card)
    await stage.settle(AFTER + timedelta(days=1))
    assert await bans(stage.tx, [card.holder_key], stage.now) == []
    await stage.settle(AFTER + timedelta(days=2))
    assert {code for _, code, _ in await bans(stage.tx, [card.holder_key], stage.now)} == {"default"}


async def test_a_crowd_is_worked_off_in_pages(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_NO_SHOWS_MAX", 2)
    monkeypatch.setattr(tasks, "_PLACES_SETTLED_MAX", 1)
    for _ in range(2):
        slot_id = await stage.slot()
        for _ in range(5):
            await stage.book(slot_id)
    runs = 0
    while await stage.settle():
        runs += 1
        assert runs < 20
    assert await stage.one("SELECT count(*) FROM booking.booking WHERE state = 5") == 10
    assert await stage.one("SELECT count(*) FROM booking.slot WHERE settled_at IS NULL") == 0
    assert runs == 6  # per session two full pages, then the rest of it


async def test_only_one_worker_looks_for_no_shows(stage: Stage) -> None:
    booking = await stage.book(await stage.slot())
    async with stage.db.transaction() as tx:
        assert await try_lock(tx, "no-shows")
        await stage.settle()
        assert await stage.state(booking) is BookingState.CONFIRMED
    await stage.settle()
    assert await stage.state(booking) is BookingState.NO_SHOW
