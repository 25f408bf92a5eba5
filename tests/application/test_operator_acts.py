"""What operators do to open sessions: one transaction each, in the record, felt by the engine, refused with a reason."""

from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, Stage, give_back, opened_venue
from wenyue import catalogue
from wenyue.accounts import LoginEnded
from wenyue.application.capacities import SetCapacity, SetDayCapacity
from wenyue.application.close_slots import Closed, close_slots
from wenyue.application.closing import CloseSlots
from wenyue.application.lift_closure import LiftClosure, lift_closure
from wenyue.application.operating import NotDone, Operator
from wenyue.application.reprice import Reprice, reprice
from wenyue.application.set_capacity import CapacitySet, set_capacity
from wenyue.booking import Outcome, slot_planning
from wenyue.core.duties import EVERY_DUTY, duties_of_role
from wenyue.policy import HolidayCalendar, shipped_presets

pytestmark = pytest.mark.anyio
ANYBODY = Operator("staff:1", duties=EVERY_DUTY)
ELSEWHERE = Operator("staff:2", duties=duties_of_role("operator", [9_999]))


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with opened_venue(make_database()) as made:
        yield made


async def entries(stage: Stage) -> list[tuple[str, str, str]]:
    """Actor, action and subject of what operators did."""
    cursor = await stage.tx.execute(
        "SELECT actor, action, subject FROM audit.entry WHERE actor LIKE 'staff:%%' AND action NOT LIKE 'booking.%%' ORDER BY id"
    )
    return await cursor.fetchall()


def fog(stage: Stage, **more: Any) -> CloseSlots:
    """The day is closed."""
    return replace(CloseSlots(stage.venue_id, DAY, DAY, {"zh-CN": "大雾"}), **more)


async def test_a_closure_stops_sales_and_is_lifted_again(stage: Stage) -> None:
    booked = await stage.book(stage.morning)
    done = await close_slots(stage, ANYBODY, fog(stage))
    assert isinstance(done, Closed)
    assert (done.closure_id is not None, done.slots) == (True, 2)
    assert await stage.outcome(stage.morning) is Outcome.SLOT_CLOSED
    again = await close_slots(stage, ANYBODY, fog(stage))
    assert again == Closed(None, 0)  # the very same stood already
    assert await lift_closure(stage, ANYBODY, LiftClosure(done.closure_id or 0)) == 2
    assert await lift_closure(stage, ANYBODY, LiftClosure(done.closure_id or 0)) is NotDone.CLOSURE_UNKNOWN
    assert await stage.outcome(stage.morning) is Outcome.CONFIRMED
    assert await entries(stage) == [
        ("staff:1", "slots.closed", f"venue:{stage.venue_id}"),
        ("staff:1", "slots.reopened", f"venue:{stage.venue_id}"),
    ]
    await give_back(stage, booked)  # it stood all the while


async def test_a_price_is_one_truth_for_days_that_are_open_and_days_to_come(stage: Stage) -> None:
    later = date(2026, 12, 24)
    done = await reprice(stage, ANYBODY, Reprice(stage.product_id, {DAY: 4_500, later: 9_900}))
    assert done == 2
    assert (await stage.book(stage.morning, price_minor=4_500)).total_minor == 4_500
    await slot_planning.open_all_ahead(stage.tx, HolidayCalendar(), shipped_presets(), date(2026, 12, 20), 7)
    slots = await slot_planning.slots_on(stage.tx, stage.product_id, later)
    cursor = await stage.tx.execute("SELECT price_minor FROM booking.slot WHERE id = ANY(%s)", [slots])
    assert await cursor.fetchall() == [(9_900,), (9_900,)]
    known = await catalogue.prices(stage.tx, [stage.product_id], DAY, later)
    assert known == {stage.product_id: {DAY: 4_500, later: 9_900}}


async def test_a_capacity_is_set_refused_or_followed(stage: Stage) -> None:
    booked = [await stage.book(stage.afternoon) for _ in range(3)]
    assert await set_capacity(stage, ANYBODY, SetCapacity(stage.afternoon, 30)) is CapacitySet.SET
    assert await set_capacity(stage, ANYBODY, SetCapacity(stage.afternoon, 30)) is CapacitySet.UNCHANGED
    assert await set_capacity(stage, ANYBODY, SetCapacity(stage.afternoon, 2)) is NotDone.BELOW_TAKEN
    said = await set_capacity(stage, ANYBODY, SetCapacity(stage.afternoon, 2, below_taken="follow"))
    assert said is CapacitySet.FOLLOWS
    await give_back(stage, booked[0])
    assert await stage.outcome(stage.afternoon) is Outcome.SOLD_OUT
    assert await set_capacity(stage, ANYBODY, SetDayCapacity(stage.venue_id, DAY, 2)) is CapacitySet.SET
    assert await stage.outcome(stage.morning) is Outcome.DAY_FULL
    assert [action for _, action, _ in await entries(stage)] == [
        "slot.capacity_set",
        "slot.capacity_set",
        "day.capacity_set",
    ]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"to_day": DAY - timedelta(days=1)}, NotDone.BAD_DATES),
        ({"to_day": DAY + timedelta(days=400)}, NotDone.BAD_DATES),
        ({"reason": {"zh-CN": "  "}}, NotDone.REASON_NEEDED),
        ({"reason": {"zh-CN": "x" * 201}}, NotDone.REASON_NEEDED),
        ({"reason": {"zh-CN": "雾", "en": "a\x00b"}}, NotDone.REASON_NEEDED),
        ({"reason": {"en": "Fog"}}, NotDone.REASON_NEEDED),
        ({"source": "a\nb"}, NotDone.REASON_NEEDED),
        ({"venue_id": 10**9}, NotDone.VENUE_UNKNOWN),
        ({"product_id": 10**9}, NotDone.PRODUCT_UNKNOWN),
    ],
)
async def test_a_closure_that_is_mistyped_changes_nothing(
    stage: Stage, more: dict[str, Any], why: NotDone
) -> None:
    assert await close_slots(stage, ANYBODY, fog(stage, **more)) is why
    assert await stage.outcome(stage.morning) is Outcome.CONFIRMED
    assert await entries(stage) == []


async def test_prices_and_capacities_that_are_mistyped_change_nothing(stage: Stage) -> None:
    assert await reprice(stage, ANYBODY, Reprice(stage.product_id, {})) is NotDone.BAD_DATES
    for price in (-1, 10**9 + 1):
        assert await reprice(stage, ANYBODY, Reprice(stage.product_id, {DAY: price})) is NotDone.BAD_PRICE
    assert await reprice(stage, ANYBODY, Reprice(10**9, {DAY: 1})) is NotDone.PRODUCT_UNKNOWN
    assert await set_capacity(stage, ANYBODY, SetCapacity(stage.morning, -1)) is NotDone.BAD_CAPACITY
    assert await set_capacity(stage, ANYBODY, SetCapacity(10**9, 1)) is NotDone.SLOT_UNKNOWN
    assert await set_capacity(stage, ANYBODY, SetCapacity(stage.morning, 1)) is NotDone.BELOW_RESERVES
    for never in (DAY + timedelta(days=900), DAY - timedelta(days=30)):
        asked = SetDayCapacity(stage.venue_id, never, 1)
        assert await set_capacity(stage, ANYBODY, asked) is NotDone.DAY_UNKNOWN
    assert await entries(stage) == []


async def test_who_belongs_elsewhere_or_is_signed_out_changes_nothing(stage: Stage) -> None:
    done = await close_slots(
        stage, ANYBODY, fog(stage, from_day=DAY + timedelta(days=1), to_day=DAY + timedelta(days=1))
    )
    assert isinstance(done, Closed)
    before = await entries(stage)
    assert await close_slots(stage, ELSEWHERE, fog(stage)) is NotDone.VENUE_UNKNOWN
    assert await lift_closure(stage, ELSEWHERE, LiftClosure(done.closure_id or 0)) is NotDone.CLOSURE_UNKNOWN
    assert await reprice(stage, ELSEWHERE, Reprice(stage.product_id, {DAY: 1})) is NotDone.PRODUCT_UNKNOWN
    assert await set_capacity(stage, ELSEWHERE, SetCapacity(stage.morning, 30)) is NotDone.SLOT_UNKNOWN
    assert (
        await set_capacity(stage, ELSEWHERE, SetDayCapacity(stage.venue_id, DAY, 9)) is NotDone.VENUE_UNKNOWN
    )
    gone = Operator("staff:1", login="00" * 32)
    for act in (
        close_slots(stage, gone, fog(stage)),
        reprice(stage, gone, Reprice(stage.product_id, {DAY: 1})),
        set_capacity(stage, gone, SetCapacity(stage.morning, 30)),
        set_capacity(stage, gone, SetDayCapacity(stage.venue_id, DAY, 9)),
        lift_closure(stage, gone, LiftClosure(done.closure_id or 0)),
    ):
        with pytest.raises(LoginEnded):
            await act
    assert await entries(stage) == before
