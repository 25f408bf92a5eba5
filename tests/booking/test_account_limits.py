"""What one account may have, counted over lines, bookings, batches and processes; and one number, one person."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import pytest
from msgspec import structs

from tests.support.accounts import DAY, PARTY_MAX, Stage, account_stage, slots
from tests.support.database import DbUrls
from wenyue.booking import (
    Answer,
    ChangeKind,
    ChangeRequest,
    Channel,
    Outcome,
    Visitor,
)
from wenyue.policy import AccountLimits, CancelLimits, LimitKind, Reached
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(db_urls: DbUrls) -> AsyncIterator[Stage]:
    async with account_stage(db_urls) as stage:
        yield stage


async def test_security_H3_a_party_is_counted_over_the_lines_of_a_request(stage: Stage) -> None:
    one, two = await slots(stage, 2, await stage.venue())
    refused = await stage.ask((one, stage.people(5)), (two, stage.people(5)))
    assert (refused.outcome, refused.line) == (Outcome.PARTY_SIZE, 1)
    assert refused.reached == Reached(LimitKind.VISIT, PARTY_MAX, 5)
    ten_lines = [(one, stage.people(1)) for _ in range(10)]
    assert (await stage.ask(*ten_lines)).outcome is Outcome.PARTY_SIZE
    assert (await stage.ask((one, stage.people(5)), (two, stage.people(4)))).outcome is Outcome.CONFIRMED


async def test_security_H3_a_party_is_counted_over_the_bookings_of_an_account(stage: Stage) -> None:
    one, two = await slots(stage, 2, await stage.venue())
    assert (await stage.ask((one, stage.people(5)))).outcome is Outcome.CONFIRMED
    refused = await stage.ask((two, stage.people(5)))
    assert refused.reached == Reached(LimitKind.VISIT, PARTY_MAX, 5)
    assert (await stage.ask((two, stage.people(4)))).outcome is Outcome.CONFIRMED
    (elsewhere,) = await slots(stage, 1, await stage.venue())
    assert (await stage.ask((elsewhere, stage.people(5)))).outcome is Outcome.CONFIRMED


async def test_security_H3_people_whom_a_preset_exempts_are_no_way_around_its_party(stage: Stage) -> None:
    stage.rule(exempt_from_age=70)
    one, two = await slots(stage, 2, await stage.venue())

    def elders(count: int) -> tuple[Visitor, ...]:
        return tuple(structs.replace(one, birth=date(1940, 1, 1)) for one in stage.people(count))

    assert (await stage.ask((one, elders(2 * PARTY_MAX + 1)))).outcome is Outcome.PARTY_SIZE
    assert (
        await stage.ask((one, elders(PARTY_MAX + 1)), (two, elders(PARTY_MAX)))
    ).outcome is Outcome.PARTY_SIZE
    assert (await stage.ask((one, (*elders(2), *stage.people(PARTY_MAX))))).outcome is Outcome.CONFIRMED


async def test_security_H3_single_requests_at_once_in_two_processes_do_not_pass_the_limit(
    stage: Stage,
) -> None:
    (slot,) = await slots(stage, 1, await stage.venue())
    requests = [stage.request((slot, stage.people(1))) for _ in range(60)]
    answers = await asyncio.gather(
        *(
            engine.book(request)
            for request, engine in zip(requests, [stage.engine, stage.other] * 30, strict=True)
        )
    )
    assert sum(answer.outcome is Outcome.CONFIRMED for answer in answers) == PARTY_MAX


async def test_security_H3_unnamed_places_of_a_session_and_a_day_are_limited(stage: Stage) -> None:
    venue = await stage.venue(needs_visitors=False, person_rule="slot")
    departures = await slots(stage, 5, venue)
    assert (await stage.ask((departures[0], 10))).reached == Reached(LimitKind.SESSION, PARTY_MAX, 0)
    for slot in departures[:3]:
        assert (await stage.ask((slot, 9))).outcome is Outcome.CONFIRMED
    assert (await stage.ask((departures[3], 1))).reached == Reached(LimitKind.DAY, 27, 27)


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        (AccountLimits(places=12), LimitKind.PLACES),
        (AccountLimits(unpaid=12), LimitKind.UNPAID),
        (AccountLimits(unnamed=12), LimitKind.UNNAMED),
    ],
)
async def test_security_H3_open_unpaid_and_unnamed_places_of_an_account_are_limited(
    stage: Stage, limits: AccountLimits, kind: LimitKind
) -> None:
    """Confirmed without payment, as with hold=false, they count like held ones."""
    stage.limit(limits)
    venues = [await stage.venue(needs_visitors=False, person_rule="none", price_minor=100) for _ in range(3)]
    one, two, three = [(await slots(stage, 1, venue, price_minor=100))[0] for venue in venues]
    first = stage.request((one, 6))
    assert (await stage.engine.book(first)).outcome is Outcome.CONFIRMED
    assert (await stage.ask((two, 6), is_hold=True)).outcome is Outcome.HELD
    refused = await stage.ask((three, 1))
    assert (refused.outcome, refused.reached) == (Outcome.TOO_MANY_OPEN, Reached(kind, 12, 12))
    given_back = ChangeRequest(ChangeKind.CANCEL, first.id, "traveller", stage.holder)
    assert (await stage.engine.change(given_back)).outcome is Outcome.CANCELLED
    assert (await stage.ask((three, 6))).outcome is Outcome.CONFIRMED


async def test_security_H3_desks_and_bookings_without_an_account_are_not_limited(stage: Stage) -> None:
    (slot,) = await slots(stage, 1, await stage.venue(needs_visitors=False, person_rule="none"))
    assert (await stage.ask((slot, 100), channel=Channel.GROUP)).outcome is Outcome.CONFIRMED
    assert (await stage.ask((slot, 100), holder_id=None)).outcome is Outcome.CONFIRMED


async def test_security_H3_cancelling_is_limited_per_account_and_says_until_when(stage: Stage) -> None:
    stage.limit(AccountLimits(cancels=CancelLimits(day=2)))
    (slot,) = await slots(stage, 1, await stage.venue())
    booked = [stage.request((slot, stage.people(1))) for _ in range(3)]
    for request in booked:
        assert (await stage.engine.book(request)).outcome is Outcome.CONFIRMED
    answers: list[Answer] = []
    for request in booked:
        change = ChangeRequest(ChangeKind.CANCEL, request.id, "traveller", stage.holder)
        answers.append(await stage.engine.change(change))
    assert [answer.outcome for answer in answers] == [Outcome.CANCELLED] * 2 + [Outcome.CANCEL_LIMIT]
    assert answers[2].reached == Reached(LimitKind.CANCELS_DAY, 2, 2)
    assert answers[2].at == midnight_after(dataset.START)
    forced = ChangeRequest(ChangeKind.CANCEL, booked[2].id, "staff:1", is_forced=True)
    assert (await stage.engine.change(forced)).outcome is Outcome.CANCELLED


def midnight_after(now: datetime) -> datetime:
    """The next midnight at the venues (UTC+8)."""
    local = now + timedelta(hours=8)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1, hours=-8)


async def test_security_H3_a_move_does_not_gather_more_people_than_a_booking(stage: Stage) -> None:
    venue = await stage.venue()
    (today,) = await slots(stage, 1, venue)
    tomorrow = await dataset.slot(stage.tx, *venue, DAY + timedelta(days=1), 2, 500)
    assert (await stage.ask((today, stage.people(5)))).outcome is Outcome.CONFIRMED
    later = stage.request((tomorrow, stage.people(5)))
    assert (await stage.engine.book(later)).outcome is Outcome.CONFIRMED
    move = ChangeRequest(ChangeKind.MOVE, later.id, "traveller", stage.holder, ((0, today),))
    refused = await stage.engine.change(move)
    assert (refused.outcome, refused.reached) == (Outcome.PARTY_SIZE, Reached(LimitKind.VISIT, PARTY_MAX, 5))


async def test_security_M4_one_number_has_one_place_whatever_it_is_declared_as(stage: Stage) -> None:
    venue = await stage.venue()
    one, two = await slots(stage, 2, venue)
    number = b"number of one passport"
    as_chinese, as_american = stage.people(1, number), stage.people(1, number)
    assert (await stage.ask((one, as_chinese))).outcome is Outcome.CONFIRMED
    refused = await stage.ask((two, as_american))
    assert (refused.outcome, refused.visitor) == (Outcome.NUMBER_TWICE, 0)
    assert (
        await stage.ask((one, (*stage.people(1, b"x"), *stage.people(1, b"x"))))
    ).outcome is Outcome.NUMBER_TWICE
    at_desk = await stage.ask((two, as_american), channel=Channel.WINDOW)
    assert at_desk.outcome is Outcome.CONFIRMED


async def test_security_M4_one_number_at_once_in_two_processes_has_one_place(stage: Stage) -> None:
    (slot,) = await slots(stage, 1, await stage.venue())
    requests = [stage.request((slot, stage.people(1, b"one number at once"))) for _ in range(8)]
    engines = [stage.engine, stage.other] * 4
    answers = await asyncio.gather(
        *(engine.book(request) for request, engine in zip(requests, engines, strict=True))
    )
    outcomes = sorted(answer.outcome for answer in answers)
    assert outcomes == [Outcome.CONFIRMED, *[Outcome.NUMBER_TWICE] * 7]


async def test_security_M4_a_moved_number_keeps_its_one_place(stage: Stage) -> None:
    venue = await stage.venue()
    one, two = await slots(stage, 2, venue)
    booked = stage.request((one, stage.people(1, b"moving number")))
    assert (await stage.engine.book(booked)).outcome is Outcome.CONFIRMED
    move = ChangeRequest(ChangeKind.MOVE, booked.id, "traveller", stage.holder, ((0, two),))
    assert (await stage.engine.change(move)).outcome is Outcome.RESCHEDULED
    assert (await stage.ask((one, stage.people(1, b"moving number")))).outcome is Outcome.NUMBER_TWICE
    cancel = ChangeRequest(ChangeKind.CANCEL, booked.id, "traveller", stage.holder)
    assert (await stage.engine.change(cancel)).outcome is Outcome.CANCELLED
    assert (await stage.ask((one, stage.people(1, b"moving number")))).outcome is Outcome.CONFIRMED


async def test_ux_F5_a_document_named_twice_in_one_request_is_told_so(stage: Stage) -> None:
    one, two = await slots(stage, 2, await stage.venue())
    person = stage.people(1)
    refused = await stage.ask((one, (*person, *person)))
    assert (refused.outcome, refused.line, refused.visitor) == (Outcome.PERSON_REPEATED, 0, 1)
    assert (await stage.ask((one, person), (two, person))).outcome is Outcome.PERSON_REPEATED
    assert (await stage.ask((one, person))).outcome is Outcome.CONFIRMED
    assert (await stage.ask((two, person))).outcome is Outcome.PERSON_TWICE


async def test_rules_R8_a_move_with_a_stale_line_says_which_lines_there_are(stage: Stage) -> None:
    one, two, three = await slots(stage, 3, await stage.venue())
    booked = stage.request((one, stage.people(1)))
    assert (await stage.engine.book(booked)).outcome is Outcome.CONFIRMED
    move = ChangeRequest(ChangeKind.MOVE, booked.id, "traveller", stage.holder, ((0, two),))
    assert (await stage.engine.change(move)).outcome is Outcome.RESCHEDULED
    stale = await stage.engine.change(structs.replace(move, moves=((0, three),)))
    assert (stale.outcome, stale.lines) == (Outcome.LINE_UNKNOWN, (1,))
