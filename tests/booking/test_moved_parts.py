"""One person of a party is moved, the others stay: the engine's part."""

from collections.abc import AsyncIterator

import pytest

from tests.booking.test_cancelled_parts import EVE, OVER, drawn, told
from tests.support.accounts import DAY, Stage, account_stage, slots
from tests.support.database import DbUrls
from wenyue.booking import Answer, BookingRequest, BookingState, ChangeKind, ChangeRequest, Outcome, redeem
from wenyue.core.ids import uuid7
from wenyue.policy import AccountLimits, shipped_presets

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(db_urls: DbUrls) -> AsyncIterator[Stage]:
    async with account_stage(db_urls) as stage:
        stage.now[0] = EVE
        stage.rule(cancel=shipped_presets()["default"].cancel)
        yield stage


async def two_sessions(stage: Stage, price: int = 500, capacity: int = 10) -> list[int]:
    """Two sessions of one product."""
    venue = await stage.venue(price_minor=price)
    day = DAY.replace(day=6)
    near, far = (
        await slots(stage, 1, venue, price_minor=price),
        await slots(stage, 1, venue, day, price_minor=price),
    )
    await stage.tx.execute(
        "UPDATE booking.pool SET capacity = %s WHERE id = (SELECT pool_ids[1] FROM booking.slot WHERE id = %s)",
        [capacity, far[0]],
    )
    return near + far


async def move(
    stage: Stage, booked: BookingRequest, to: int, visitors: tuple[int, ...], line: int = 0
) -> Answer:
    """As the account that booked."""
    asked = ChangeRequest(
        ChangeKind.MOVE, booked.id, "traveller", stage.holder, moves=((line, to),), visitors=visitors
    )
    return await stage.engine.change(asked)


async def live(stage: Stage, booked: BookingRequest) -> list[tuple[int, int, int, list[int]]]:
    """Live lines of a booking: number, slot, places, visitors."""
    row = await stage.tx.execute(
        "SELECT l.line_no, l.slot_id, l.quantity, ARRAY(SELECT p.visitor_no FROM booking.place p WHERE p.is_live"
        " AND p.booking_id = l.booking_id AND p.line_no = l.line_no ORDER BY 1) FROM booking.line l"
        " WHERE l.booking_id = %s AND l.is_live ORDER BY l.line_no",
        [booked.id],
    )
    return [(no, slot, quantity, people) for no, slot, quantity, people in await row.fetchall()]


async def test_ux_F6_one_person_is_moved_and_the_others_stay(stage: Stage) -> None:
    today, later = await two_sessions(stage)
    people = stage.people(3)
    booked = await stage.booked((today, people))
    for is_replay in (False, True):
        answer = await move(stage, booked, later, (1,))
        assert (answer.outcome, answer.is_replay, answer.total_minor) == (
            Outcome.RESCHEDULED,
            is_replay,
            1_500,
        )
        assert await live(stage, booked) == [(0, today, 2, [0, 2]), (1, later, 1, [1])]
        assert (await drawn(stage, today), await drawn(stage, later)) == ((2, 2, 2), (1, 1, 1))
    assert await told(stage, booked) == ["booking.confirmed", "booking.moved"]
    assert (await stage.ask((today, people[1:2]))).outcome is Outcome.CONFIRMED
    assert (await stage.ask((later, people[1:2]))).outcome is Outcome.PERSON_TWICE


async def test_ux_F6_the_last_who_moves_takes_the_line_along(stage: Stage) -> None:
    today, later = await two_sessions(stage)
    booked = await stage.booked((today, stage.people(2)))
    await move(stage, booked, later, (0,))
    assert (await move(stage, booked, later, (0, 1))).outcome is Outcome.RESCHEDULED
    assert await live(stage, booked) == [(1, later, 1, [0]), (2, later, 1, [1])]
    assert (await drawn(stage, today), await drawn(stage, later)) == ((0, 0, 0), (2, 2, 2))
    assert (await move(stage, booked, today, (0,), line=1)).outcome is Outcome.RESCHEDULED
    assert (await drawn(stage, today), await drawn(stage, later)) == ((1, 1, 1), (1, 1, 1))


async def test_ux_F6_nobody_gives_a_place_up_before_the_new_one_is_had(stage: Stage) -> None:
    today, later = await two_sessions(stage, capacity=1)
    booked = await stage.booked((today, stage.people(3)))
    assert (await move(stage, booked, later, (0, 1))).outcome is Outcome.SOLD_OUT
    assert await live(stage, booked) == [(0, today, 3, [0, 1, 2])]
    assert (await move(stage, booked, later, (0,))).outcome is Outcome.RESCHEDULED
    assert (await move(stage, booked, later, (2,))).outcome is Outcome.SOLD_OUT
    assert (await drawn(stage, today), await drawn(stage, later)) == ((2, 2, 2), (1, 1, 1))


async def test_ux_F6_who_is_not_there_moves_nobody(stage: Stage) -> None:
    today, later = await two_sessions(stage)
    booked = await stage.booked((today, stage.people(2)))
    refused = await move(stage, booked, later, (7,))
    assert (refused.outcome, refused.lines) == (Outcome.LINE_UNKNOWN, (0,))
    assert (await move(stage, booked, today, (1,))).is_replay  # where they are already
    assert await live(stage, booked) == [(0, today, 2, [0, 1])]


async def test_ux_F6_whoever_went_in_stays_and_the_others_may_move(stage: Stage) -> None:
    today, later = await two_sessions(stage)
    booked = await stage.booked((today, stage.people(2)))
    async with stage.tx.transaction():
        await redeem(
            stage.tx, uuid7(), booking_id=booked.id, line_no=0, visitor_no=0, gate="N", now=stage.now[0]
        )
    assert (await move(stage, booked, later, (0,))).outcome is Outcome.ALREADY_REDEEMED
    assert (await move(stage, booked, later, ())).outcome is Outcome.ALREADY_REDEEMED
    assert (await move(stage, booked, later, (1,))).outcome is Outcome.RESCHEDULED
    stage.now[0] = OVER
    assert (await move(stage, booked, today, (1,), line=1)).outcome is not Outcome.RESCHEDULED


async def test_ux_F6_a_party_moved_one_by_one_late_counts_like_one_moved_together(stage: Stage) -> None:
    """The place is given back late by whoever is last; each of them before is a move of the account's day."""
    today, later = await two_sessions(stage)
    people = stage.people(2)
    booked = await stage.booked((today, people), is_hold=True)
    assert (await move(stage, booked, later, (0,))).state is BookingState.HELD
    confirmed = await stage.engine.change(ChangeRequest(ChangeKind.CONFIRM, booked.id, "t", stage.holder))
    assert (confirmed.outcome, confirmed.total_minor) == (Outcome.CONFIRMED, 1_000)
    stage.now[0] = OVER
    assert (await move(stage, booked, later, (1,))).outcome is not Outcome.RESCHEDULED
    stage.now[0] = EVE
    stage.limit(AccountLimits(moves_day=1))
    assert (await move(stage, booked, later, (1,))).outcome is Outcome.MOVE_LIMIT
