"""A day's capacity is set before the day is open: one figure, applied when it opens, by the same act and the same approvals."""

from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta

import pytest

from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, Stage, opened_venue
from wenyue.application.capacities import SetDayCapacity
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.decide_change import Decision, decide_change
from wenyue.application.operating import NotDone, Operator
from wenyue.application.propose_change import ProposeChange, propose_change
from wenyue.application.set_capacity import CapacitySet, set_capacity
from wenyue.booking import slot_planning
from wenyue.changes import Change, Effect, State
from wenyue.core.duties import EVERY_DUTY
from wenyue.core.ids import uuid7
from wenyue.policy import HolidayCalendar, shipped_presets

pytestmark = pytest.mark.anyio
ANYBODY = Operator("staff:1", duties=EVERY_DUTY)
FAR = DAY + timedelta(days=100)


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with opened_venue(make_database()) as made:
        yield made


async def day_pools(stage: Stage, day: date) -> list[tuple[int, int]]:
    """(capacity, sessions that draw from it) of the day's pools."""
    cursor = await stage.tx.execute(
        "SELECT p.capacity, (SELECT count(*) FROM booking.slot s WHERE p.id = ANY (s.pool_ids))"
        " FROM booking.pool p WHERE p.venue_id = %s AND p.on_date = %s AND p.kind = 'day'",
        [stage.venue_id, day],
    )
    return await cursor.fetchall()


async def open_it(stage: Stage) -> None:
    """The calendar opens the day, and those around it."""
    await slot_planning.open_all_ahead(
        stage.tx, HolidayCalendar(), shipped_presets(), FAR - timedelta(days=1), days_ahead=2
    )


async def plan_no_figure(stage: Stage) -> None:
    """Neither the timetable nor the preset has a figure for a day."""
    await stage.tx.execute("UPDATE catalogue.product SET policy_code = 'default'")
    await stage.tx.execute("UPDATE catalogue.calendar_template SET day_capacity = NULL")


async def test_a_day_opens_with_the_capacity_that_was_set_before(stage: Stage) -> None:
    asked = SetDayCapacity(stage.venue_id, FAR, 12)
    assert await set_capacity(stage, ANYBODY, asked) is CapacitySet.SET
    assert await set_capacity(stage, ANYBODY, asked) is CapacitySet.UNCHANGED
    assert await day_pools(stage, FAR) == [(12, 0)]
    assert await set_capacity(stage, ANYBODY, SetDayCapacity(stage.venue_id, FAR, 11)) is CapacitySet.SET
    await open_it(stage)
    assert await day_pools(stage, FAR) == [(11, 2)]
    assert await day_pools(stage, FAR + timedelta(days=1)) == [(30, 2)]  # as the calendar plans it
    assert await set_capacity(stage, ANYBODY, SetDayCapacity(stage.venue_id, FAR, 14)) is CapacitySet.SET
    assert await day_pools(stage, FAR) == [(14, 2)]
    kinds = await (await stage.tx.execute("SELECT kind FROM events.event ORDER BY id")).fetchall()
    assert [kind for (kind,) in kinds if kind.startswith("day.")] == ["day.capacity_set"] * 3


async def test_lower_is_at_once_and_higher_waits_for_a_second_person(stage: Stage) -> None:
    async def propose(capacity: int) -> Change:
        request = SetDayCapacity(stage.venue_id, FAR, capacity)
        made = await propose_change(
            stage, ANYBODY, ProposeChange(uuid7(), CHANGEABLES["capacity.day"], request, "test")
        )
        assert isinstance(made, Change), made
        return made

    lower = await propose(12)
    assert (lower.effect, lower.state, lower.was) == (Effect.RESTRICTS, State.APPLIED, {"capacity": 30})
    assert await day_pools(stage, FAR) == [(12, 0)]
    higher = await propose(31)
    assert (higher.effect, higher.state, higher.was) == (Effect.LOOSENS, State.WAITING, {"capacity": 12})
    await open_it(stage)
    assert await day_pools(stage, FAR) == [(12, 2)]
    own = await decide_change(stage, ANYBODY, Decision(higher.id, higher.digest, is_approved=True))
    assert own is not State.APPLIED


async def test_what_has_no_figure_then_is_refused(stage: Stage) -> None:
    for day in (DAY - timedelta(days=30), DAY + timedelta(days=900)):
        asked = SetDayCapacity(stage.venue_id, day, 12)
        assert await set_capacity(stage, ANYBODY, asked) is NotDone.DAY_UNKNOWN
        assert await day_pools(stage, day) == []
    asked = SetDayCapacity(stage.venue_id, FAR, -1)
    assert await set_capacity(stage, ANYBODY, asked) is NotDone.BAD_CAPACITY
    await plan_no_figure(stage)
    asked = SetDayCapacity(stage.venue_id, FAR, 12)
    assert await set_capacity(stage, ANYBODY, asked) is NotDone.DAY_UNKNOWN
    assert await day_pools(stage, FAR) == []


async def test_a_session_that_is_open_without_a_days_figure_gets_none(stage: Stage) -> None:
    await plan_no_figure(stage)
    await open_it(stage)
    await stage.tx.execute("UPDATE catalogue.calendar_template SET day_capacity = 30")
    asked = SetDayCapacity(stage.venue_id, FAR, 12)
    assert await set_capacity(stage, ANYBODY, asked) is NotDone.DAY_UNKNOWN
