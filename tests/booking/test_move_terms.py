"""What moving a booking costs: the failure that a cancellation would count as, and a price that was shown."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.accounts import DAY, Stage, account_stage, slots
from tests.support.database import DbUrls
from wenyue.booking import BookingRequest, ChangeKind, ChangeRequest, Outcome
from wenyue.core.limits import MOVES_OF_BOOKING_MAX
from wenyue.policy import AccountLimits, LimitKind, Reached, shipped_presets

pytestmark = pytest.mark.anyio
NEXT = DAY + timedelta(days=1)
EVE = datetime(2026, 3, 2, 4, tzinfo=UTC)  # noon of the day before, at the venue
MORNING = datetime(2026, 3, 3, 0, tzinfo=UTC)  # eight o'clock of the day
LATER = datetime(2026, 3, 3, 13, tzinfo=UTC)  # after 20:00: 故宫 takes nothing back any more


@pytest.fixture
async def stage(db_urls: DbUrls) -> AsyncIterator[Stage]:
    async with account_stage(db_urls) as stage:
        stage.now[0] = EVE
        yield stage


async def two_days(stage: Stage, preset: str = "default", **more: Any) -> tuple[int, int]:
    """A session of the evening of the day, and one of the next day, under that preset's terms."""
    shipped = shipped_presets()[preset]
    stage.rule(cancel=shipped.cancel, strikes=shipped.strikes, missed_strike=shipped.missed_strike)
    venue = await stage.venue()
    one = (await slots(stage, 13, venue, **more))[-1]
    (two,) = await slots(stage, 1, venue, NEXT, **more)
    return one, two


async def strikes(stage: Stage, booked: BookingRequest) -> list[tuple[bytes, str, date]]:
    found = await stage.tx.execute(
        "SELECT subject_key, kind, on_date FROM policy.strike"
        " WHERE booking_id = %s AND policy_code <> '' ORDER BY subject_key",
        [booked.id],
    )
    return [(bytes(key), kind, on_date) for key, kind, on_date in await found.fetchall()]


async def cancelled(stage: Stage, booked: BookingRequest) -> tuple[Outcome, tuple[str, ...]]:
    answer = await stage.engine.change(ChangeRequest(ChangeKind.CANCEL, booked.id, "traveller", stage.holder))
    return answer.outcome, answer.strikes


@pytest.mark.parametrize(
    ("preset", "kind"), [("default", "late_cancel"), ("gugong", "late_cancel"), ("guobo", "cancel")]
)
async def test_suite_M5_a_move_when_cancelling_counts_is_the_same_failure(
    stage: Stage, preset: str, kind: str
) -> None:
    one, two = await two_days(stage, preset)
    person, other = stage.people(1), stage.people(1)
    moved, gone = await stage.booked((one, person)), await stage.booked((one, other))
    stage.now[0] = MORNING if preset != "guobo" else EVE
    for is_replay in (False, True):
        answer = await stage.move(moved, (0, two))
        assert (answer.outcome, answer.is_replay) == (Outcome.RESCHEDULED, is_replay)
        assert answer.strikes == (() if is_replay else (kind,))
    assert await cancelled(stage, gone) == (Outcome.CANCELLED, (kind,))
    by_move, by_cancelling = await strikes(stage, moved), await strikes(stage, gone)
    assert {one[1] for one in by_move} == {kind}
    swap = {other[0].person_key: person[0].person_key}
    assert sorted((swap.get(key, key), *rest) for key, *rest in by_cancelling) == sorted(by_move)


async def test_suite_M5_moving_first_and_cancelling_then_is_one_failure(stage: Stage) -> None:
    one, two = await two_days(stage)
    booked = await stage.booked((one, stage.people(1)))
    stage.now[0] = MORNING
    assert (await stage.move(booked, (0, two))).strikes == ("late_cancel",)
    assert await cancelled(stage, booked) == (Outcome.CANCELLED, ())
    assert {(kind, day) for _, kind, day in await strikes(stage, booked)} == {("late_cancel", DAY)}


async def test_suite_M5_a_move_in_time_costs_nothing(stage: Stage) -> None:
    one, two = await two_days(stage)
    booked = await stage.booked((one, stage.people(1)))
    assert (await stage.move(booked, (0, two))).strikes == ()
    assert await strikes(stage, booked) == []


async def test_suite_M5_a_refused_move_counts_nothing(stage: Stage) -> None:
    one, two = await two_days(stage, "gugong")
    booked = await stage.booked((one, stage.people(1)))
    stage.now[0] = MORNING
    assert (await stage.move(booked, (0, 999_999_999))).outcome is Outcome.SLOT_UNKNOWN
    stage.now[0] = LATER
    assert (await stage.move(booked, (0, two))).outcome is Outcome.TERMS_FORBID
    assert await strikes(stage, booked) == []


async def test_suite_M5_two_lines_of_a_day_that_move_are_one_failure(stage: Stage) -> None:
    await two_days(stage)
    venue = await stage.venue(person_rule="slot")
    *_, first, second = await slots(stage, 13, venue)
    third, fourth = await slots(stage, 2, venue, NEXT)
    booked = await stage.booked((first, stage.people(1)), (second, stage.people(1)))
    stage.now[0] = MORNING
    assert (await stage.move(booked, (0, third), (1, fourth))).strikes == ("late_cancel",)


async def test_suite_M6_a_move_at_another_price_than_was_shown_is_refused_with_the_new_one(
    stage: Stage,
) -> None:
    venue = await stage.venue(needs_visitors=False, person_rule="none", price_minor=26_800)
    (cheap,) = await slots(stage, 1, venue, price_minor=26_800)
    (dear,) = await slots(stage, 1, venue, NEXT, price_minor=34_800)
    booked = await stage.booked((cheap, 2))

    async def move(line: int, slot: int, price: int | None) -> tuple[Outcome, int | None, int | None, int]:
        prices = ((line, price),) if price is not None else ()
        asked = ChangeRequest(
            ChangeKind.MOVE, booked.id, "traveller", stage.holder, ((line, slot),), prices=prices
        )
        answer = await stage.engine.change(asked)
        return answer.outcome, answer.line, answer.price_minor, answer.total_minor

    assert await move(0, dear, 26_800) == (Outcome.PRICE_CHANGED, 0, 34_800, 53_600)
    assert await move(0, dear, 34_800) == (Outcome.RESCHEDULED, None, None, 69_600)
    assert await move(1, cheap, 34_800) == (Outcome.PRICE_CHANGED, 1, 26_800, 69_600)
    assert await move(1, cheap, None) == (Outcome.PRICE_CHANGED, 1, 26_800, 69_600)  # its own is 34,800
    assert await move(1, cheap, 26_800) == (Outcome.RESCHEDULED, None, None, 53_600)


async def test_suite_M6_a_booking_at_another_price_is_told_the_price_of_now(stage: Stage) -> None:
    venue = await stage.venue(needs_visitors=False, person_rule="none", price_minor=500)
    (one,) = await slots(stage, 1, venue, price_minor=500)
    request = stage.request((one, 1))
    lines = (replace(request.lines[0], price_minor=400),)
    answer = await stage.engine.book(replace(request, lines=lines))
    assert (answer.outcome, answer.price_minor) == (Outcome.PRICE_CHANGED, 500)


async def test_security_third_1_a_booking_is_moved_so_often_and_no_more(stage: Stage) -> None:
    stage.limit(AccountLimits(moves_day=100))
    one, two = await two_days(stage)
    booked, other = await stage.booked((one, stage.people(1))), await stage.booked((one, stage.people(1)))
    for number in range(MOVES_OF_BOOKING_MAX):
        answer = await stage.move(booked, (number, one if number % 2 else two))
        assert answer.outcome is Outcome.RESCHEDULED, number
    refused = await stage.move(booked, (MOVES_OF_BOOKING_MAX, two))
    assert refused.outcome is Outcome.MOVE_LIMIT
    assert refused.reached == Reached(LimitKind.MOVES, MOVES_OF_BOOKING_MAX, MOVES_OF_BOOKING_MAX)
    last = await stage.move(booked, (MOVES_OF_BOOKING_MAX - 1, one))  # the answer may have been lost
    assert (last.outcome, last.is_replay) == (Outcome.RESCHEDULED, True)
    assert (await stage.move(other, (0, two))).outcome is Outcome.RESCHEDULED
    assert (await cancelled(stage, booked))[0] is Outcome.CANCELLED


async def test_security_fourth_3_an_account_moves_so_often_in_a_day_whatever_it_moves(stage: Stage) -> None:
    stage.limit(AccountLimits(moves_day=2))
    one, two = await two_days(stage)
    bookings = [await stage.booked((one, stage.people(1))) for _ in range(3)]
    first = [await stage.move(booked, (0, two)) for booked in bookings[:2]]
    assert [answer.outcome for answer in first] == [Outcome.RESCHEDULED] * 2
    again = await stage.move(bookings[0], (0, two))  # the answer may have been lost
    assert (again.outcome, again.is_replay) == (Outcome.RESCHEDULED, True)
    refused = await stage.move(bookings[2], (0, two))
    assert (refused.outcome, refused.reached) == (Outcome.MOVE_LIMIT, Reached(LimitKind.MOVES_DAY, 2, 2))
    assert refused.at is not None
    stage.now[0] = refused.at
    assert (await stage.move(bookings[2], (0, two))).outcome is Outcome.RESCHEDULED


async def test_security_fourth_3_moves_at_the_same_time_are_counted_one_by_one(stage: Stage) -> None:
    stage.limit(AccountLimits(moves_day=2))
    one, two = await two_days(stage)
    bookings = [await stage.booked((one, stage.people(1))) for _ in range(5)]
    asked = [
        ChangeRequest(ChangeKind.MOVE, booked.id, "traveller", stage.holder, ((0, two),))
        for booked in bookings
    ]
    engines = (stage.engine, stage.other)
    answers = await asyncio.gather(*(engines[number % 2].change(one) for number, one in enumerate(asked)))
    outcomes = [answer.outcome for answer in answers]
    assert (outcomes.count(Outcome.RESCHEDULED), outcomes.count(Outcome.MOVE_LIMIT)) == (2, 3)
