"""Holidays change the sessions of every venue: somebody of the whole destination proposes them, and another agrees."""

from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from tests.support.change_stage import ANN, BO, ELSEWHERE, asking, known, proposed, staffed_venue, yes
from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, Stage
from wenyue.application.decide_change import decide_change
from wenyue.application.operating import NotDone
from wenyue.application.propose_change import propose_change
from wenyue.booking.slots.replanning import HolidayEntry
from wenyue.changes import Counts, Effect, Refusal, State
from wenyue.ops.not_done import refused
from wenyue.policy import load_calendar

pytestmark = pytest.mark.anyio
NEXT = DAY + timedelta(days=1)
FEAST = HolidayEntry(DAY, NEXT, "holiday", "元旦", "国办通知")


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with staffed_venue(make_database()) as made:
        yield made


async def _kinds(stage: Stage, *days: date) -> list[str]:
    calendar = await load_calendar(stage.tx)
    return [calendar.day_kind(day) for day in days]


async def test_one_person_enters_no_holiday_and_two_do(stage: Stage) -> None:
    assert (await stage.book(stage.morning)).booking_id
    change = await proposed(stage, "holidays.set", FEAST)
    assert (change.venue_id, change.effect, change.state) == (None, Effect.LOOSENS, State.WAITING)
    assert change.was == {DAY.isoformat(): ["workday", ""], NEXT.isoformat(): ["workday", ""]}
    assert change.counts == Counts(sessions=4, places=1)
    assert await _kinds(stage, DAY, NEXT) == ["workday", "workday"]
    assert await decide_change(stage, ANN, yes(change)) is Refusal.OWN
    assert await decide_change(stage, ELSEWHERE, yes(change)) is Refusal.UNKNOWN
    assert await decide_change(stage, BO, yes(change)) is State.APPLIED
    assert await _kinds(stage, DAY, NEXT, NEXT + timedelta(days=1)) == ["holiday", "holiday", "workday"]
    cursor = await stage.tx.execute(
        "SELECT kind, body -> 'was' FROM events.event WHERE kind LIKE 'calendar%'"
    )
    assert await cursor.fetchall() == [("calendar.entered", ["workday", "workday"])]
    entered = await stage.tx.execute("SELECT actor FROM audit.entry WHERE action = 'calendar.entered'")
    assert await entered.fetchall() == [("staff:1",), ("staff:1",)]


async def test_what_the_calendar_says_already_is_not_proposed(stage: Stage) -> None:
    again = replace(FEAST, day_kind="workday", name_zh="")
    assert await propose_change(stage, ANN, asking("holidays.set", again)) is Refusal.NOTHING


async def test_staff_of_one_venue_propose_none_and_are_told_why(stage: Stage) -> None:
    done = await propose_change(stage, ELSEWHERE, asking("holidays.set", FEAST))
    assert isinstance(done, NotDone)
    told = refused(done)
    assert "all venues" in told.message.say("en")
    assert "所有场馆" in told.message.say("zh-CN")


async def test_of_two_proposals_about_a_date_the_second_is_looked_at_again(stage: Stage) -> None:
    first = await proposed(stage, "holidays.set", FEAST)
    second = await proposed(stage, "holidays.set", replace(FEAST, to_day=DAY, day_kind="weekend", name_zh=""))
    assert await decide_change(stage, BO, yes(first)) is State.APPLIED
    assert await decide_change(stage, BO, yes(second)) is Refusal.MOVED_ON
    assert (await known(stage, second.id)).state is State.FAILED
    assert await _kinds(stage, DAY) == ["holiday"]
