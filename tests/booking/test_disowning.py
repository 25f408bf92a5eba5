"""A person takes their place out of a booking that somebody else made with their document: the engine's part."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import cast

import psycopg
import pytest
from psycopg.errors import CheckViolation

from tests.support.accounts import DAY, Stage, account_stage, slots
from tests.support.database import DbUrls
from wenyue.booking import (
    Answer,
    BookingRequest,
    BookingState,
    ChangeKind,
    ChangeRequest,
    Outcome,
    Visitor,
    account_subject,
    redeem,
)
from wenyue.booking.persistence.by_others import places_by_others
from wenyue.core.ids import uuid7
from wenyue.policy import AccountLimits, CancelLimits, shipped_presets
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
EVE = datetime(2026, 3, 2, 4, tzinfo=UTC)  # noon of the day before, at the venue
LATE = datetime(2026, 3, 3, 0, tzinfo=UTC)  # eight o'clock of the day: a cancellation counts
OVER = datetime(2026, 3, 3, 3, tzinfo=UTC)  # the session has begun: nobody may cancel any more


@pytest.fixture
async def stage(db_urls: DbUrls) -> AsyncIterator[Stage]:
    async with account_stage(db_urls) as stage:
        stage.now[0] = EVE
        shipped = shipped_presets()["default"]
        stage.rule(cancel=shipped.cancel, strikes=shipped.strikes, missed_strike=shipped.missed_strike)
        yield stage


async def session(stage: Stage, **more: object) -> int:
    [slot] = await slots(
        stage, 1, await stage.venue(**more), price_minor=cast(int, more.get("price_minor", 0))
    )
    return slot


async def disown(stage: Stage, booked: BookingRequest, slot: int, who: Visitor) -> Answer:
    asked = ChangeRequest(
        ChangeKind.DISOWN, booked.id, "traveller:9", person_key=who.person_key, slot_id=slot
    )
    return await stage.engine.change(asked)


async def counted(stage: Stage, slot: int) -> tuple[int, int]:
    """Places sold or held of a session, by its pool and by its live lines."""
    row = await stage.tx.execute(
        "SELECT p.held + p.sold, (SELECT coalesce(sum(l.quantity), 0) FROM booking.line l"
        " WHERE l.slot_id = s.id AND l.is_live) FROM booking.slot s JOIN booking.pool p ON p.id = s.pool_ids[1]"
        " WHERE s.id = %s",
        [slot],
    )
    [(pool, lines)] = await row.fetchall()
    return pool, lines


async def struck(stage: Stage) -> set[bytes]:
    found = await stage.tx.execute("SELECT subject_key FROM policy.strike WHERE policy_code <> ''")
    return {bytes(key) for (key,) in await found.fetchall()}


async def test_security_M7_whoever_speaks_as_the_application_gives_no_line_more_places(
    stage: Stage, db_urls: DbUrls
) -> None:
    """The role may take places out of a line, for whoever never wanted one there; not put any in."""
    await stage.booked((await session(stage, needs_visitors=False, person_rule="none"), 2))
    async with await psycopg.AsyncConnection.connect(db_urls.app_url) as tx:
        with pytest.raises(CheckViolation, match="never gets more places"):
            await tx.execute("UPDATE booking.line SET quantity = 3")


async def test_security_second_H3_one_person_leaves_a_booking_and_the_others_stay(stage: Stage) -> None:
    slot = await session(stage, price_minor=500)
    me, *others = stage.people(3)
    booked = await stage.booked((slot, (others[0], me, others[1])))
    answer = await disown(stage, booked, slot, me)
    assert (answer.outcome, answer.is_replay, answer.state) == (
        Outcome.CANCELLED,
        False,
        BookingState.CONFIRMED,
    )
    assert answer.total_minor == 1_000
    assert await counted(stage, slot) == (2, 2)
    assert (await stage.ask((slot, (me,)))).outcome is Outcome.CONFIRMED
    assert (await stage.ask((slot, (others[0],)))).outcome is Outcome.PERSON_TWICE
    row = await stage.tx.execute(
        "SELECT actor, detail FROM audit.entry WHERE action = 'booking.place_disowned' AND subject = %s",
        [str(booked.id)],
    )
    assert await row.fetchall() == [("traveller:9", {"line": 0, "visitor": 1})]


async def test_security_second_H3_saying_it_again_changes_nothing(stage: Stage) -> None:
    slot = await session(stage)
    me, other = stage.people(2)
    booked = await stage.booked((slot, (me, other)))
    answers = await asyncio.gather(*(disown(stage, booked, slot, me) for _ in range(4)))
    assert {one.outcome for one in answers} == {Outcome.CANCELLED}
    assert sorted(one.is_replay for one in answers) == [False, True, True, True]
    assert await counted(stage, slot) == (1, 1)


async def test_security_second_H3_the_booking_still_answers_its_own_request_again(stage: Stage) -> None:
    slot = await session(stage)
    me, other = stage.people(2)
    booked = await stage.booked((slot, (me, other)))
    await disown(stage, booked, slot, me)
    again = await stage.other.book(booked)
    assert (again.outcome, again.is_replay) == (Outcome.CONFIRMED, True)
    assert await counted(stage, slot) == (1, 1)


async def test_security_second_H3_the_last_person_ends_the_booking(stage: Stage) -> None:
    slot = await session(stage)
    [me] = stage.people(1)
    booked = await stage.booked((slot, (me,)))
    answer = await disown(stage, booked, slot, me)
    assert (answer.state, answer.strikes) == (BookingState.CANCELLED, ())
    assert await counted(stage, slot) == (0, 0)
    assert await struck(stage) == set()


async def test_security_second_H3_late_it_counts_for_who_booked_and_never_for_the_person(
    stage: Stage,
) -> None:
    slot = await session(stage)
    me, other = stage.people(2)
    booked = await stage.booked((slot, (me, other)))
    stage.now[0] = LATE
    assert (await disown(stage, booked, slot, me)).strikes == ()
    assert await struck(stage) == set()
    assert (await disown(stage, booked, slot, other)).strikes == ("late_cancel",)  # nobody is left
    assert await struck(stage) == {account_subject(stage.holder)}


async def test_security_fourth_F6_a_line_that_its_person_empties_counts_though_another_day_stays(
    stage: Stage,
) -> None:
    """Two friends who book for each other, each visit a line of its own, would miss all but one for nothing."""
    slot = await session(stage)
    later = await dataset.slot(stage.tx, *await stage.venue(), DAY + timedelta(days=1), 2, 500)
    me, other = stage.people(2)
    booked = await stage.booked((slot, (me,)), (later, (other,)))
    stage.now[0] = LATE
    answer = await disown(stage, booked, slot, me)
    assert (answer.state, answer.strikes) == (BookingState.CONFIRMED, ("late_cancel",))
    found = await stage.tx.execute("SELECT subject_key FROM policy.strike WHERE booking_id = %s", [booked.id])
    assert [bytes(key) for (key,) in await found.fetchall()] == [account_subject(stage.holder)]


async def test_security_fourth_F6_whoever_lets_others_give_back_what_it_booked_has_cancelled(
    stage: Stage,
) -> None:
    stage.limit(AccountLimits(cancels=CancelLimits(day=2)))
    bookings: list[tuple[BookingRequest, int, Visitor]] = []
    for who in stage.people(3):
        slot = await session(stage)
        bookings.append((await stage.booked((slot, (who,))), slot, who))
    for booked, slot, who in bookings[:2]:
        assert (await disown(stage, booked, slot, who)).outcome is Outcome.CANCELLED
    cancel = ChangeRequest(ChangeKind.CANCEL, bookings[2][0].id, "traveller", stage.holder)
    assert (await stage.engine.change(cancel)).outcome is Outcome.CANCEL_LIMIT
    booked, slot, who = bookings[2]  # the person is not bound by it
    assert (await disown(stage, booked, slot, who)).outcome is Outcome.CANCELLED


async def test_security_second_H3_terms_that_forbid_a_cancellation_do_not_bind_who_never_agreed(
    stage: Stage,
) -> None:
    slot = await session(stage)
    [me] = stage.people(1)
    booked = await stage.booked((slot, (me,)))
    stage.now[0] = OVER
    cancel = ChangeRequest(ChangeKind.CANCEL, booked.id, "traveller", stage.holder)
    assert (await stage.engine.change(cancel)).outcome is Outcome.TERMS_FORBID
    assert (await disown(stage, booked, slot, me)).outcome is Outcome.CANCELLED


async def test_security_second_H3_who_went_in_cannot_and_who_is_left_can(stage: Stage) -> None:
    slot = await session(stage)
    me, other = stage.people(2)
    booked = await stage.booked((slot, (me, other)))
    assert await redeem(stage.tx, uuid7(), booking_id=booked.id, line_no=0, visitor_no=1, gate="g", now=EVE)
    assert (await disown(stage, booked, slot, other)).outcome is Outcome.ALREADY_REDEEMED
    assert (await disown(stage, booked, slot, me)).outcome is Outcome.CANCELLED
    assert await counted(stage, slot) == (1, 1)


async def test_security_second_H3_on_a_card_the_entry_comes_back(stage: Stage) -> None:
    card = await dataset.card(stage.tx, uuid7().int % 10**9, granted=(5,))
    slot = await session(stage)
    me, other = stage.people(2)
    request = dataset.request(card, slot, people=(me.person_key, other.person_key))
    assert (await stage.engine.book(request)).outcome is Outcome.CONFIRMED
    assert (await disown(stage, request, slot, me)).outcome is Outcome.CANCELLED
    row = await stage.tx.execute("SELECT used FROM cards.entitlement WHERE card_id = %s", [card.id])
    assert await row.fetchall() == [(1,)]


async def test_security_second_H3_ones_own_booking_is_cancelled_and_not_disowned(stage: Stage) -> None:
    card = await dataset.card(stage.tx, uuid7().int % 10**9)
    slot = await session(stage)
    request = dataset.request(card, slot)
    await stage.engine.book(request)
    own = Visitor(card.holder_key, None)
    assert (await disown(stage, request, slot, own)).outcome is Outcome.WRONG_STATE
    assert await places_by_others(stage.tx, [card.holder_key], EVE) == []


async def test_security_second_H3_what_others_booked_is_found_by_its_person(stage: Stage) -> None:
    slot, other_slot = await session(stage), await session(stage)
    me, other = stage.people(2)
    booked = await stage.booked((slot, (me, other)))
    desk = await stage.booked((other_slot, (me,)), holder_id=None)
    found = await places_by_others(stage.tx, [me.person_key], EVE)
    assert [(one.booking_id, one.slot_id, one.on_date, one.is_used) for one in found] == [
        (booked.id, slot, DAY, False)
    ]
    seen = await places_by_others(stage.tx, [me.person_key], EVE, is_staff=True)
    assert {one.booking_id for one in seen} == {booked.id, desk.id}
    await disown(stage, booked, slot, me)
    assert await places_by_others(stage.tx, [me.person_key], EVE) == []


async def test_security_second_H3_a_place_that_was_taken_back_is_sold_once(stage: Stage) -> None:
    """The session is full; its one place is given up and wanted by many at once."""
    venue = await stage.venue()
    slot = await dataset.slot(stage.tx, *venue, DAY, 2, 1)
    [me] = stage.people(1)
    booked = await stage.booked((slot, (me,)))
    wants = [stage.request((slot, stage.people(1))) for _ in range(8)]
    answers = await asyncio.gather(
        disown(stage, booked, slot, me), *(engine.book(one) for one in wants for engine in (stage.other,))
    )
    assert answers[0].outcome is Outcome.CANCELLED
    late = await stage.ask((slot, stage.people(1)))
    sold = [one for one in (*answers[1:], late) if one.outcome is Outcome.CONFIRMED]
    assert len(sold) == 1
    assert await counted(stage, slot) == (1, 1)


async def test_security_second_H3_a_line_never_gets_more_places(stage: Stage) -> None:
    booked = await stage.booked((await session(stage), stage.people(1)))
    with pytest.raises(psycopg.errors.CheckViolation):
        await stage.tx.execute("UPDATE booking.line SET quantity = 2 WHERE booking_id = %s", [booked.id])


async def test_security_second_H3_a_login_that_ended_takes_nothing_back(stage: Stage) -> None:
    slot = await session(stage)
    [me] = stage.people(1)
    booked = await stage.booked((slot, (me,)))
    token = uuid7().bytes * 2
    await stage.tx.execute(
        "INSERT INTO accounts.login (token_hash, traveller_id, created_at, expires_at, ended_at)"
        " VALUES (%s, %s, now(), now() + interval '1 day', now())",
        [token, stage.holder],
    )
    asked = ChangeRequest(
        ChangeKind.DISOWN, booked.id, "traveller:9", person_key=me.person_key, slot_id=slot, login=token.hex()
    )
    assert (await stage.engine.change(asked)).outcome is Outcome.LOGIN_ENDED
    assert await counted(stage, slot) == (1, 1)
