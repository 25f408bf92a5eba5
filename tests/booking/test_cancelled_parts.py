"""One visit of a trip, or one person of a party, is cancelled; the rest stands: the engine's part."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tests.support.accounts import DAY, Stage, account_stage, slots
from tests.support.database import DbUrls
from wenyue.booking import (
    Answer,
    BookingRequest,
    BookingState,
    ChangeKind,
    ChangeRequest,
    Outcome,
    redeem,
)
from wenyue.core.ids import uuid7
from wenyue.policy import AccountLimits, CancelLimits, shipped_presets

pytestmark = pytest.mark.anyio
EVE = datetime(2026, 3, 2, 4, tzinfo=UTC)
OVER = datetime(2026, 3, 3, 3, tzinfo=UTC)  # the first session has begun, nothing of it can be given back


@pytest.fixture
async def stage(db_urls: DbUrls) -> AsyncIterator[Stage]:
    async with account_stage(db_urls) as stage:
        stage.now[0] = EVE
        stage.rule(cancel=shipped_presets()["default"].cancel)
        yield stage


async def sessions(stage: Stage, count: int = 2, price: int = 500) -> list[int]:
    """Sessions of venues of their own."""
    return [
        (await slots(stage, 1, await stage.venue(price_minor=price), price_minor=price))[0]
        for _ in range(count)
    ]


async def give_back(
    stage: Stage, booked: BookingRequest, lines: tuple[int, ...] = (), visitors: tuple[int, ...] = ()
) -> Answer:
    """As the account that booked."""
    asked = ChangeRequest(
        ChangeKind.CANCEL, booked.id, "traveller", stage.holder, lines=lines, visitors=visitors
    )
    return await stage.engine.change(asked)


async def drawn(stage: Stage, slot: int) -> tuple[int, int, int]:
    """Places of a session that are taken: by its pool, by live lines, by live named places."""
    row = await stage.tx.execute(
        "SELECT p.held + p.sold, (SELECT coalesce(sum(l.quantity), 0) FROM booking.line l"
        " WHERE l.slot_id = s.id AND l.is_live), (SELECT count(*) FROM booking.place a JOIN booking.line l"
        " USING (booking_id, line_no) WHERE l.slot_id = s.id AND a.is_live)"
        " FROM booking.slot s JOIN booking.pool p ON p.id = s.pool_ids[1] WHERE s.id = %s",
        [slot],
    )
    [(pool, lines, places)] = await row.fetchall()
    return pool, lines, places


async def told(stage: Stage, booked: BookingRequest) -> list[str]:
    """The events of a booking, in order."""
    row = await stage.tx.execute(
        "SELECT kind FROM events.event WHERE %s = ANY (booking_ids) ORDER BY id", [booked.id]
    )
    return [kind for (kind,) in await row.fetchall()]


async def test_ux_F6_one_visit_of_a_trip_is_cancelled_and_the_others_stand(stage: Stage) -> None:
    palace, lake = await sessions(stage)
    people = stage.people(2)
    booked = await stage.booked((palace, people), (lake, people))
    answer = await give_back(stage, booked, lines=(1,))
    assert (answer.outcome, answer.state, answer.is_replay) == (
        Outcome.CANCELLED,
        BookingState.CONFIRMED,
        False,
    )
    assert answer.total_minor == 1_000
    assert (await drawn(stage, palace), await drawn(stage, lake)) == ((2, 2, 2), (0, 0, 0))
    again = await give_back(stage, booked, lines=(1,))
    assert (again.outcome, again.is_replay, again.state) == (Outcome.CANCELLED, True, BookingState.CONFIRMED)
    assert (await stage.ask((lake, people))).outcome is Outcome.CONFIRMED
    assert await told(stage, booked) == ["booking.confirmed", "booking.reduced"]


async def test_ux_F6_one_person_of_a_party_is_cancelled_and_the_others_stand(stage: Stage) -> None:
    palace, lake = await sessions(stage)
    people = stage.people(3)
    booked = await stage.booked((palace, people), (lake, people))
    assert (await give_back(stage, booked, visitors=(1, 4))).total_minor == 2_000
    assert (await drawn(stage, palace), await drawn(stage, lake)) == ((2, 2, 2), (2, 2, 2))
    assert (await give_back(stage, booked, lines=(0,), visitors=(0, 3))).total_minor == 1_500
    assert (await drawn(stage, palace), await drawn(stage, lake)) == ((1, 1, 1), (2, 2, 2))
    assert (await stage.ask((lake, people[1:2]))).outcome is Outcome.CONFIRMED
    assert (await stage.ask((lake, people[:1]))).outcome is Outcome.PERSON_TWICE


async def test_ux_F6_whoever_is_last_ends_the_booking(stage: Stage) -> None:
    [palace] = await sessions(stage, 1)
    booked = await stage.booked((palace, stage.people(2)))
    await give_back(stage, booked, visitors=(0,))
    answer = await give_back(stage, booked, visitors=(0, 1))
    assert (answer.outcome, answer.state) == (Outcome.CANCELLED, BookingState.CANCELLED)
    assert await drawn(stage, palace) == (0, 0, 0)


async def test_ux_F6_all_who_leave_together_count(stage: Stage) -> None:
    """Each says what its line keeps: the smallest holds, in whatever order the rows are met."""
    [palace] = await sessions(stage, 1)
    booked = await stage.booked((palace, stage.people(9)))
    answer = await give_back(stage, booked, visitors=(0, 2, 3, 7))
    assert (answer.outcome, answer.total_minor) == (Outcome.CANCELLED, 2_500)
    assert await drawn(stage, palace) == (5, 5, 5)
    answers = await asyncio.gather(*(give_back(stage, booked, visitors=(n,)) for n in (1, 4, 5)))
    assert {one.outcome for one in answers} == {Outcome.CANCELLED}
    assert await drawn(stage, palace) == (2, 2, 2)


async def test_ux_F6_a_hold_gives_a_part_back_without_any_terms(stage: Stage) -> None:
    palace, lake = await sessions(stage)
    people = stage.people(1)
    booked = await stage.booked((palace, people), (lake, people), is_hold=True)
    answer = await give_back(stage, booked, lines=(0,))
    assert (answer.outcome, answer.state) == (Outcome.CANCELLED, BookingState.HELD)
    confirmed = await stage.engine.change(ChangeRequest(ChangeKind.CONFIRM, booked.id, "t", stage.holder))
    assert (confirmed.outcome, confirmed.total_minor) == (Outcome.CONFIRMED, 500)
    assert (await drawn(stage, palace), await drawn(stage, lake)) == ((0, 0, 0), (1, 1, 1))


async def test_ux_F6_what_was_used_stays_and_the_rest_may_go_or_move(stage: Stage) -> None:
    palace, lake = await sessions(stage)
    [island] = await slots(stage, 1, await stage.venue(price_minor=500), price_minor=500)
    people = stage.people(2)
    booked = await stage.booked((palace, people), (lake, people), (island, people))
    async with stage.tx.transaction():
        await redeem(
            stage.tx, uuid7(), booking_id=booked.id, line_no=0, visitor_no=0, gate="N", now=stage.now[0]
        )
    whole = await stage.engine.change(ChangeRequest(ChangeKind.CANCEL, booked.id, "t", stage.holder))
    assert whole.outcome is Outcome.ALREADY_REDEEMED
    assert (await give_back(stage, booked, visitors=(0,))).outcome is Outcome.ALREADY_REDEEMED
    assert (await give_back(stage, booked, lines=(0,))).outcome is Outcome.ALREADY_REDEEMED
    assert (await give_back(stage, booked, lines=(0,), visitors=(1,))).outcome is Outcome.CANCELLED
    assert (await give_back(stage, booked, lines=(1,))).outcome is Outcome.CANCELLED
    [later] = await slots(stage, 1, await venue_of(stage, island), DAY.replace(day=4), price_minor=500)
    assert (await stage.move(booked, (2, later))).outcome is Outcome.RESCHEDULED
    assert (await stage.move(booked, (0, later))).outcome is not Outcome.RESCHEDULED
    assert await drawn(stage, palace) == (1, 1, 1)


async def venue_of(stage: Stage, slot: int) -> tuple[int, int]:
    row = await stage.tx.execute("SELECT venue_id, product_id FROM booking.slot WHERE id = %s", [slot])
    [(venue, product)] = await row.fetchall()
    return venue, product


async def test_ux_F6_terms_are_those_of_the_part(stage: Stage) -> None:
    [today] = await sessions(stage, 1)
    [later] = await slots(stage, 1, await stage.venue(), DAY.replace(day=5))
    people = stage.people(1)
    booked = await stage.booked((today, people), (later, people))
    stage.now[0] = OVER
    refused = await give_back(stage, booked, lines=(0,))
    assert (refused.outcome, refused.line) == (Outcome.TERMS_FORBID, 0)
    assert (await give_back(stage, booked, lines=(1,))).outcome is Outcome.CANCELLED


async def test_ux_F6_giving_parts_back_counts_among_the_accounts_cancellations(stage: Stage) -> None:
    """Once a booking and day: else somebody takes places and gives them back all day, keeping one of each booking."""
    stage.limit(AccountLimits(cancels=CancelLimits(day=2)))
    booked = [await stage.booked((palace, stage.people(3))) for palace in await sessions(stage, 3)]
    answers = [await give_back(stage, one, visitors=(n,)) for one in booked for n in range(2)]
    assert [one.outcome for one in answers] == [Outcome.CANCELLED] * 3 + [Outcome.CANCEL_LIMIT] * 3


async def test_ux_F6_a_line_that_never_was_is_said_and_a_visitor_who_is_not_there_changes_nothing(
    stage: Stage,
) -> None:
    [palace] = await sessions(stage, 1)
    booked = await stage.booked((palace, stage.people(2)))
    refused = await give_back(stage, booked, lines=(0, 7))
    assert (refused.outcome, refused.lines) == (Outcome.LINE_UNKNOWN, (0,))
    nobody = await give_back(stage, booked, visitors=(9,))
    assert (nobody.outcome, nobody.is_replay) == (Outcome.CANCELLED, True)
    stranger = ChangeRequest(ChangeKind.CANCEL, booked.id, "t", stage.holder + 1, lines=(0,))
    assert (await stage.engine.change(stranger)).outcome is Outcome.NOT_FOUND
    assert await drawn(stage, palace) == (2, 2, 2)


async def test_ux_F6_the_first_line_that_stays_is_named_whoever_leaves_it(stage: Stage) -> None:
    """Also when somebody stays in it, and a later line would go whole."""
    first, second = await sessions(stage)
    people = stage.people(2)
    booked = await stage.booked((first, people), (second, people[:1]))
    stage.now[0] = OVER
    refused = await give_back(stage, booked, visitors=(0, 2))
    assert (refused.outcome, refused.line) == (Outcome.TERMS_FORBID, 0)
