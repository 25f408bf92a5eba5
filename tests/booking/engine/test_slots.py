"""What an operator changes about open slots reaches an engine that has them in memory, at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from psycopg.errors import CheckViolation

from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, NOON, Stage, give_back, opened_venue
from wenyue.booking import (
    Channel,
    Outcome,
)
from wenyue.booking.slots.slot_planning import (
    CapacityAnswer,
    close_slots,
    reopen_slots,
    reprice,
    set_capacity,
    set_day_capacity,
    slots_on,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with opened_venue(make_database()) as made:
        yield made


async def test_a_closure_is_felt_by_the_next_booking_and_its_end_too(stage: Stage) -> None:
    assert await stage.outcome(stage.afternoon) is Outcome.CONFIRMED
    await close_slots(
        stage.tx, stage.venue_id, None, from_day=DAY, to_day=DAY, reason={"zh-CN": "大雾", "en": "Fog"}
    )
    assert await stage.outcome(stage.afternoon) is Outcome.SLOT_CLOSED
    await reopen_slots(stage.tx, stage.venue_id, None, DAY, DAY)
    assert await eventually(stage, stage.afternoon) is Outcome.CONFIRMED


async def test_a_new_price_is_never_charged_to_who_saw_the_old_one(stage: Stage) -> None:
    assert (await stage.book(stage.afternoon, price_minor=3_000)).total_minor == 3_000
    await reprice(stage.tx, stage.product_id, {DAY: 4_500})
    assert await stage.outcome(stage.afternoon, price_minor=3_000) is Outcome.PRICE_CHANGED
    assert (await stage.book(stage.afternoon, price_minor=4_500)).total_minor == 4_500


async def test_capacity_goes_down_to_what_is_sold_and_up_again(stage: Stage) -> None:
    assert await stage.outcome(stage.afternoon) is Outcome.CONFIRMED
    assert await set_capacity(stage.tx, stage.afternoon, 0) is CapacityAnswer.BELOW_TAKEN
    assert await set_capacity(stage.tx, stage.afternoon, 1) is CapacityAnswer.SET
    assert await stage.outcome(stage.afternoon) is Outcome.SOLD_OUT
    assert await set_capacity(stage.tx, stage.afternoon, 2) is CapacityAnswer.SET
    assert await eventually(stage, stage.afternoon) is Outcome.CONFIRMED


async def test_the_days_carrying_capacity_binds_across_sessions(stage: Stage) -> None:
    assert await stage.outcome(stage.morning) is Outcome.CONFIRMED
    assert await stage.outcome(stage.afternoon) is Outcome.CONFIRMED
    assert await set_day_capacity(stage.tx, stage.venue_id, DAY, 2) is CapacityAnswer.SET
    assert await stage.outcome(stage.morning) is Outcome.DAY_FULL
    assert await stage.outcome(stage.afternoon) is Outcome.DAY_FULL


async def test_a_reserve_is_kept_for_its_channel(stage: Stage) -> None:
    general = (Channel.ONLINE, Channel.OTA, Channel.WINDOW)
    outcomes = [await stage.outcome(stage.morning, channel=general[number % 3]) for number in range(19)]
    assert outcomes == [Outcome.CONFIRMED] * 18 + [Outcome.CHANNEL_FULL]
    phone = [await stage.outcome(stage.morning, channel=Channel.PHONE) for _ in range(3)]
    assert phone[:2] == [Outcome.CONFIRMED] * 2
    assert phone[2] in {Outcome.SOLD_OUT, Outcome.CHANNEL_FULL}


async def test_the_presets_rules_reach_the_booking(stage: Stage) -> None:
    late = await slots_on(stage.tx, stage.product_id, date(2026, 11, 30))
    not_released = await stage.book(late[0])
    assert not_released.outcome is Outcome.NOT_RELEASED
    assert not_released.at == datetime(2026, 11, 23, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
    today = await slots_on(stage.tx, stage.product_id, NOON.date())
    assert await stage.outcome(today[1]) is Outcome.SALES_ENDED  # no same-day booking
    grown, child = date(1990, 1, 1), date(2020, 1, 1)
    assert await stage.outcome(stage.afternoon, births=[child]) is Outcome.MINOR_ALONE
    assert await stage.outcome(stage.afternoon, births=[grown] * 6) is Outcome.PARTY_SIZE
    assert await stage.outcome(stage.afternoon, births=[grown, child]) is Outcome.CONFIRMED


async def test_changes_amid_bookings_neither_oversell_nor_deadlock(stage: Stage) -> None:
    async def operate() -> None:
        for capacity in (5, 20, 9, 20, 12, 20):
            async with stage.tx.transaction():
                await set_capacity(stage.tx, stage.afternoon, capacity)
            async with stage.tx.transaction():
                await set_day_capacity(stage.tx, stage.venue_id, DAY, capacity + 10)
            scope = (stage.tx, stage.venue_id, None)
            async with stage.tx.transaction():
                await close_slots(*scope, from_day=DAY, to_day=DAY, reason={"zh-CN": "大雾", "en": "Fog"})
            async with stage.tx.transaction():
                await reopen_slots(*scope, DAY, DAY)

    async def book() -> list[Outcome]:
        return [await stage.outcome(slot) for slot in (stage.morning, stage.afternoon) for _ in range(8)]

    _, *answers = await asyncio.gather(operate(), *(book() for _ in range(8)))
    outcomes = [outcome for part in answers or [] for outcome in part or []]
    # BUSY: the facts changed under the same request several times in a row; it may be sent again
    full = {Outcome.SOLD_OUT, Outcome.DAY_FULL, Outcome.CHANNEL_FULL}
    expected = {Outcome.CONFIRMED, Outcome.SLOT_CLOSED, Outcome.BUSY} | full
    assert set(outcomes) <= expected
    cursor = await stage.tx.execute(
        "SELECT kind, sum(sold), sum(held), bool_and(sold <= capacity) FROM booking.pool WHERE on_date = %s"
        " AND kind <> 'channel' GROUP BY kind ORDER BY kind",
        [DAY],
    )
    confirmed = outcomes.count(Outcome.CONFIRMED)
    assert await cursor.fetchall() == [("day", confirmed, 0, True), ("session", confirmed, 0, True)]
    assert 0 < confirmed <= 30


async def eventually(stage: Stage, slot_id: int) -> Outcome:
    """The first answer that is not from a figure in memory; those are at most 0.8 s old."""
    async with asyncio.timeout(30):
        while (outcome := await stage.outcome(slot_id)) in {Outcome.SOLD_OUT, Outcome.SLOT_CLOSED}:
            await asyncio.sleep(0.02)
    return outcome


async def test_a_cap_below_what_is_sold_is_reached_by_what_is_given_back(stage: Stage) -> None:
    """The pool is closed, nobody loses a place, and each place given back brings the capacity down until it is there."""
    booked = [await stage.book(stage.afternoon) for _ in range(5)]
    assert {one.outcome for one in booked} == {Outcome.CONFIRMED}
    assert await set_capacity(stage.tx, stage.afternoon, 3) is CapacityAnswer.BELOW_TAKEN
    assert await set_capacity(stage.tx, stage.afternoon, 3, below_taken="follow") is CapacityAnswer.FOLLOWS
    assert await own_pool(stage) == (5, 5, 3, False)
    assert await stage.outcome(stage.afternoon) is Outcome.SLOT_CLOSED
    await give_back(stage, booked[0])
    assert await own_pool(stage) == (4, 4, 3, False)
    assert await stage.outcome(stage.afternoon) is Outcome.SLOT_CLOSED
    await give_back(stage, booked[1])
    assert await own_pool(stage) == (3, 3, None, True)
    assert await stage.outcome(stage.afternoon) is Outcome.SOLD_OUT
    await give_back(stage, booked[2])
    assert await stage.outcome(stage.afternoon) is Outcome.CONFIRMED
    assert await own_pool(stage) == (3, 3, None, True)


async def test_a_target_is_taken_back_and_closing_stands_above_it(stage: Stage) -> None:
    booked = [await stage.book(stage.afternoon) for _ in range(4)]
    assert await set_capacity(stage.tx, stage.afternoon, 1, below_taken="follow") is CapacityAnswer.FOLLOWS
    assert await set_capacity(stage.tx, stage.afternoon, 10) is CapacityAnswer.SET
    assert await own_pool(stage) == (10, 4, None, True)
    assert await stage.outcome(stage.afternoon) is Outcome.CONFIRMED
    assert await set_capacity(stage.tx, stage.afternoon, 4, below_taken="follow") is CapacityAnswer.FOLLOWS
    await fog(stage)
    await give_back(stage, booked[0])
    assert await own_pool(stage) == (4, 4, None, False)  # reached, and still closed for the fog
    await reopen_slots(stage.tx, stage.venue_id, None, DAY, DAY)
    assert await own_pool(stage) == (4, 4, None, True)
    assert await set_capacity(stage.tx, stage.afternoon, 2, below_taken="follow") is CapacityAnswer.FOLLOWS
    await fog(stage)
    await reopen_slots(stage.tx, stage.venue_id, None, DAY, DAY)
    assert await own_pool(stage) == (4, 4, 2, False)  # the fog is over, the cap is not


async def test_a_day_cap_below_what_is_sold_closes_every_session_of_the_day(stage: Stage) -> None:
    booked = [await stage.book(slot) for slot in (stage.morning, stage.afternoon, stage.afternoon)]
    said = await set_day_capacity(stage.tx, stage.venue_id, DAY, 2, below_taken="follow")
    assert said is CapacityAnswer.FOLLOWS
    assert await stage.outcome(stage.afternoon) is Outcome.SLOT_CLOSED
    await give_back(stage, booked[1])
    assert await stage.outcome(stage.afternoon) is Outcome.DAY_FULL
    entries = await stage.tx.execute(
        "SELECT action, detail FROM audit.entry WHERE action LIKE 'pool.%%' ORDER BY id"
    )
    assert [(action, detail) for action, detail in await entries.fetchall()] == [
        ("pool.capacity_set", {"from": 30, "to": 3, "target": 2}),
        ("pool.target_reached", {"capacity": 2}),
    ]


async def test_what_does_not_ask_whether_a_pool_is_closed_does_not_bring_its_capacity_up(
    stage: Stage,
) -> None:
    for _ in range(3):
        await stage.book(stage.afternoon)
    await set_capacity(stage.tx, stage.afternoon, 1, below_taken="follow")
    with pytest.raises(CheckViolation, match="pool_never_oversold"):
        await stage.tx.execute("UPDATE booking.pool SET sold = sold + 1 WHERE target IS NOT NULL")


async def own_pool(stage: Stage) -> tuple[int, int, int | None, bool]:
    """Capacity, places taken, target and openness of the afternoon's own pool."""
    cursor = await stage.tx.execute(
        "SELECT p.capacity, p.held + p.sold, p.target, p.is_open"
        " FROM booking.pool p JOIN booking.slot s ON s.pool_ids[1] = p.id WHERE s.id = %s",
        [stage.afternoon],
    )
    row = await cursor.fetchone()
    assert row is not None
    return row


async def fog(stage: Stage) -> None:
    """The day is closed."""
    await close_slots(
        stage.tx, stage.venue_id, None, from_day=DAY, to_day=DAY, reason={"zh-CN": "大雾", "en": "Fog"}
    )
