"""The seventh attack on what operators change: prices, closures and the holiday calendar."""

from collections.abc import AsyncIterator, Callable
from datetime import date, time
from typing import Any

import pytest

from tests.support.change_stage import ANN, BO, asking, staffed_venue, yes
from tests.support.database import DbUrls
from tests.support.opening_stage import Stage, opened_venue, planned
from wenyue import catalogue
from wenyue.application.capacities import SetDayCapacity
from wenyue.application.close_slots import Closed, close_slots
from wenyue.application.closing import CloseSlots
from wenyue.application.decide_change import decide_change
from wenyue.application.enter_holidays import enter_holidays
from wenyue.application.lift_closure import LiftClosure, lift_closure
from wenyue.application.operating import Operator
from wenyue.application.propose_change import propose_change
from wenyue.application.reprice import Reprice
from wenyue.application.set_capacity import CapacitySet, set_capacity
from wenyue.booking import touched
from wenyue.booking.slots.planning import NOT_IN_TIMETABLE
from wenyue.booking.slots.replanning import HolidayEntry, Replanned
from wenyue.booking.slots.slot_planning import open_all_ahead
from wenyue.catalogue import NewClosure, PlannedSession, Product, Template, Venue
from wenyue.changes import Change, Refusal, State
from wenyue.core.duties import EVERY_DUTY
from wenyue.ops.change_view import lines_of
from wenyue.policy import HolidayCalendar, load_calendar, shipped_presets
from wenyue.web.console.change_words import named

pytestmark = pytest.mark.anyio
COMMAND = Operator("operator:command", duties=EVERY_DUTY)
TODAY, DAY, FAR = date(2026, 11, 22), date(2026, 11, 26), date(2027, 4, 20)
MORNING, EVENING = PlannedSession(time(9), time(12), 20), PlannedSession(time(18), time(22), 20)


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with opened_venue(make_database()) as made:
        yield made


async def _seasonal(stage: Stage) -> tuple[int, int]:
    """A venue whose workdays have an evening that its holidays have not; opened for two weeks."""
    [venue_id] = (
        await catalogue.upsert_venues(
            stage.tx, [Venue(code="hol", kind="attraction", name={"zh-CN": "夜游"}, province="浙江")]
        )
    ).values()
    ticket = Product(
        venue_id=venue_id,
        code="a",
        kind="session",
        name={"zh-CN": "票"},
        price_minor=0,
        policy_code="lingyin",
    )
    [product_id] = (await catalogue.upsert_products(stage.tx, [ticket])).values()
    since = date(2026, 1, 1)
    templates = [
        Template(product_id=product_id, valid_from=since, day_kind="workday", sessions=(MORNING, EVENING)),
        Template(product_id=product_id, valid_from=since, day_kind="holiday", sessions=(MORNING,)),
    ]
    await catalogue.upsert_templates(stage.tx, templates)
    await open_all_ahead(stage.tx, HolidayCalendar(), shipped_presets(), TODAY, 14)
    return venue_id, product_id


async def _enter(stage: Stage, day: date, kind: Any = "holiday") -> Replanned:
    entry = HolidayEntry(day, day, kind, "元旦" if kind == "holiday" else "", "notice")
    done = await enter_holidays(stage, COMMAND, entry, shipped_presets())
    assert isinstance(done, Replanned)
    return done


async def _close(stage: Stage, venue_id: int, day: date = DAY) -> int:
    closed = await close_slots(stage, COMMAND, CloseSlots(venue_id, day, day, {"zh-CN": "大雾"}))
    assert isinstance(closed, Closed)
    assert closed.closure_id is not None
    return closed.closure_id


async def _slots(stage: Stage, product_id: int, day: date = DAY) -> list[tuple[bool, str]]:
    cursor = await stage.tx.execute(
        """SELECT is_open, coalesce(closed_reason ->> 'zh-CN', '') FROM booking.slot
            WHERE product_id = %s AND on_date = %s ORDER BY starts_at""",
        [product_id, day],
    )
    return await cursor.fetchall()


async def test_security_seventh_M5_lifting_a_closure_opens_no_session_that_the_calendar_removed(
    stage: Stage,
) -> None:
    venue_id, product_id = await _seasonal(stage)
    await _enter(stage, DAY)
    removed = [(True, ""), (False, NOT_IN_TIMETABLE["zh-CN"])]
    assert await _slots(stage, product_id) == removed
    closure_id = await _close(stage, venue_id)
    here = await touched.of_days(stage.tx, venue_id, None, DAY, DAY, is_open=False)
    assert here.sessions == 1  # as whoever decides is shown
    assert await lift_closure(stage, COMMAND, LiftClosure(closure_id)) == 1
    assert await _slots(stage, product_id) == removed


async def test_security_seventh_M5_removed_while_it_was_closed_it_stays_closed(stage: Stage) -> None:
    venue_id, product_id = await _seasonal(stage)
    closure_id = await _close(stage, venue_id)
    await _enter(stage, DAY)
    assert await _slots(stage, product_id) == [(False, "大雾"), (False, NOT_IN_TIMETABLE["zh-CN"])]
    assert await lift_closure(stage, COMMAND, LiftClosure(closure_id)) == 1
    assert await _slots(stage, product_id) == [(True, ""), (False, NOT_IN_TIMETABLE["zh-CN"])]


async def test_security_seventh_M5_a_holiday_that_is_taken_back_brings_its_sessions_back(
    stage: Stage,
) -> None:
    _, product_id = await _seasonal(stage)
    await _enter(stage, DAY)
    await _enter(stage, DAY, "workday")
    assert await _slots(stage, product_id) == [(True, ""), (True, "")]


async def test_security_seventh_M5_a_weekly_closing_day_planned_under_a_closure_stays_closed(
    stage: Stage,
) -> None:
    monday = date(2026, 11, 30)
    palace = Venue(code="palace", kind="attraction", name={"zh-CN": "故宫"}, province="北京")
    venue_id, product_id = await planned(stage.tx, palace, (MORNING,), policy_code="gugong")
    fog = NewClosure(venue_id=venue_id, from_date=monday, to_date=monday, reason={"zh-CN": "大雾"})
    closure_id = await catalogue.add_closure(stage.tx, fog)
    assert closure_id is not None
    await open_all_ahead(stage.tx, HolidayCalendar(), shipped_presets(), TODAY, 14)
    assert await lift_closure(stage, COMMAND, LiftClosure(closure_id)) == 0
    assert await _slots(stage, product_id, monday) == [(False, "周一例行闭馆")]


async def test_security_seventh_M7_a_planned_day_of_one_venue_opens_nothing_when_a_holiday_is_entered(
    stage: Stage,
) -> None:
    other = Venue(code="other", kind="attraction", name={"zh-CN": "别处"}, province="浙江")
    await planned(stage.tx, other, (MORNING,), policy_code="default")
    said = await set_capacity(stage, COMMAND, SetDayCapacity(stage.venue_id, FAR, 10))
    assert said is CapacitySet.SET
    assert await _enter(stage, FAR) == Replanned()
    count = await stage.tx.execute("SELECT count(*) FROM booking.slot WHERE on_date = %s", [FAR])
    assert await count.fetchone() == (0,)
    await open_all_ahead(stage.tx, await load_calendar(stage.tx), shipped_presets(), FAR, 0)
    pools = await stage.tx.execute(
        "SELECT capacity FROM booking.pool WHERE venue_id = %s AND on_date = %s AND kind = 'day'",
        [stage.venue_id, FAR],
    )
    assert await pools.fetchall() == [(10,)]


async def test_security_seventh_M7_a_venue_that_is_open_opens_no_other(stage: Stage) -> None:
    """One venue is open on the date; another has a figure planned, a third nothing: a holiday opens neither."""
    venue_id, product_id = await _seasonal(stage)
    near = date(2026, 12, 3)
    await stage.tx.execute(
        "DELETE FROM booking.slot WHERE venue_id = %s AND on_date = %s", [stage.venue_id, near]
    )
    done = await _enter(stage, near)
    assert (done.opened, await _slots(stage, product_id, near)) == (
        0,
        [(True, ""), (False, NOT_IN_TIMETABLE["zh-CN"])],
    )
    rows = await stage.tx.execute("SELECT DISTINCT venue_id FROM booking.slot WHERE on_date = %s", [near])
    assert await rows.fetchall() == [(venue_id,)]


@pytest.fixture
async def staffed(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with staffed_venue(make_database()) as made:
        yield made


async def _dear(stage: Stage) -> int:
    """A product of 30 yuan whose two sessions cost 200 and 500; open for two days, planned for the next."""
    fair = Venue(code="fair", kind="attraction", name={"zh-CN": "灯会", "en": "Fair"}, province="浙江")
    [venue_id] = (await catalogue.upsert_venues(stage.tx, [fair])).values()
    ticket = Product(
        venue_id=venue_id,
        code="a",
        kind="session",
        name={"zh-CN": "票"},
        price_minor=3_000,
        policy_code="lingyin",
    )
    [product_id] = (await catalogue.upsert_products(stage.tx, [ticket])).values()
    sessions = (
        PlannedSession(time(9), time(12), 30, price_minor=20_000),
        PlannedSession(time(18), time(21), 30, price_minor=50_000),
    )
    await catalogue.upsert_templates(
        stage.tx, [Template(product_id=product_id, valid_from=date(2026, 1, 1), sessions=sessions)]
    )
    await open_all_ahead(stage.tx, HolidayCalendar(), shipped_presets(), DAY, 1)
    return product_id


async def _propose(stage: Stage, product_id: int, prices: dict[date, int]) -> Change | Refusal:
    change = await propose_change(stage, ANN, asking("prices.set", Reprice(product_id, prices)))
    assert isinstance(change, Change | Refusal)
    return change


async def test_security_seventh_M1_the_second_person_sees_what_sessions_cost(staffed: Stage) -> None:
    product_id = await _dear(staffed)
    await catalogue.set_prices(staffed.tx, product_id, {date(2027, 5, 2): 4_000})
    days = (DAY, date(2027, 5, 1), date(2027, 5, 2))  # open, not yet open, and that with a price of its own
    change = await _propose(staffed, product_id, dict.fromkeys(days, 3_500))
    assert isinstance(change, Change)
    assert change.was == {"2026-11-26": [20_000, 50_000], "2027-05-01": [20_000, 50_000], "2027-05-02": 4_000}
    assert (change.counts.sessions, change.counts.money_minor) == (2, 0)
    said = lines_of(change, await named(staffed.tx, [change]), {})
    assert [line.split(": ")[1] for line in said if "→" in line] == [
        "¥200 – ¥500 → ¥35",
        "¥200 – ¥500 → ¥35",
        "¥40 → ¥35",
    ]
    assert await decide_change(staffed, BO, yes(change)) is State.APPLIED
    assert await _propose(staffed, product_id, dict.fromkeys(days, 3_500)) is Refusal.NOTHING


async def test_security_seventh_M1_what_was_agreed_to_is_bound_to_what_sessions_cost(staffed: Stage) -> None:
    product_id = await _dear(staffed)
    change = await _propose(staffed, product_id, {DAY: 3_500})
    assert isinstance(change, Change)
    await staffed.tx.execute(
        "UPDATE booking.slot SET price_minor = 90000 WHERE product_id = %s AND price_minor = 50000",
        [product_id],
    )
    assert await decide_change(staffed, BO, yes(change)) is Refusal.MOVED_ON


async def test_security_seventh_M1_the_product_s_own_price_is_a_change_where_sessions_have_another(
    staffed: Stage,
) -> None:
    product_id = await _dear(staffed)
    assert isinstance(await _propose(staffed, product_id, {DAY: 3_000}), Change)
