"""Who answers for a booking: the person whose own account made it, and for everybody else the account."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec import structs

from tests.support.accounts import DAY, Stage, account_stage, slots
from tests.support.database import DbUrls
from wenyue.booking import (
    BookingRequest,
    ChangeKind,
    ChangeRequest,
    Channel,
    Outcome,
    Visitor,
    account_subject,
)
from wenyue.core.ids import uuid7
from wenyue.policy import bans, shipped_presets
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
EVE = datetime(2026, 3, 2, 4, tzinfo=UTC)  # noon of the day before, at the venue
LATE = datetime(2026, 3, 3, 0, tzinfo=UTC)  # eight o'clock of the day
AFTER = datetime(2026, 3, 3, 18, tzinfo=UTC)
VISITORS_ONLY, ACCOUNT_ONLY, BOTH = "gugong", "guobo", "default"


@pytest.fixture
async def stage(db_urls: DbUrls) -> AsyncIterator[Stage]:
    async with account_stage(db_urls) as stage:
        stage.now[0] = EVE
        yield stage


async def own(stage: Stage, *, is_seen: bool = True) -> Visitor:
    """The person whose account books, by a document that staff saw, or that was only typed."""
    row = await stage.tx.execute("SELECT person_key FROM accounts.traveller WHERE id = %s", [stage.holder])
    [(key,)] = await row.fetchall()
    seen_at = EVE if is_seen else None
    change = "UPDATE accounts.traveller SET document_seen_at = %s WHERE id = %s"
    await stage.tx.execute(change, [seen_at, stage.holder])
    return Visitor(bytes(key), None)


async def session(stage: Stage, preset: str, day: date = DAY, **more: object) -> int:
    """A session of the day, at a venue of its own whose penalties are that preset's."""
    shipped = shipped_presets()[preset]
    stage.rule(cancel=shipped.cancel, strikes=shipped.strikes, missed_strike="no_show")
    [slot] = await slots(stage, 1, await stage.venue(**more), day)
    return slot


async def struck(stage: Stage, booked: BookingRequest) -> set[bytes]:
    found = await stage.tx.execute(
        "SELECT subject_key FROM policy.strike WHERE booking_id = %s AND policy_code <> ''", [booked.id]
    )
    return {bytes(key) for (key,) in await found.fetchall()}


async def missed(stage: Stage, booked: BookingRequest) -> set[bytes]:
    stage.now[0] = AFTER
    answer = await stage.engine.change(ChangeRequest(ChangeKind.NO_SHOW, booked.id, "system:no-show"))
    assert answer.outcome is Outcome.CANCELLED
    stage.now[0] = EVE
    return await struck(stage, booked)


@pytest.mark.parametrize("preset", [VISITORS_ONLY, ACCOUNT_ONLY, BOTH])
async def test_security_second_H3_nobody_is_struck_for_what_a_stranger_booked(
    stage: Stage, preset: str
) -> None:
    slot = await session(stage, preset)
    booked = await stage.booked((slot, stage.people(2)))
    assert await missed(stage, booked) == {account_subject(stage.holder)}


@pytest.mark.parametrize(
    ("preset", "alone", "together"),
    [
        (VISITORS_ONLY, {"person"}, {"person", "account"}),
        (ACCOUNT_ONLY, {"account"}, {"account"}),
        (BOTH, {"person", "account"}, {"person", "account"}),
    ],
)
async def test_security_second_H3_the_holder_answers_for_their_own_booking(
    stage: Stage, preset: str, alone: set[str], together: set[str]
) -> None:
    me = await own(stage)
    named = {me.person_key: "person", account_subject(stage.holder): "account"}
    for others, expected in ((0, alone), (2, together)):
        booked = await stage.booked((await session(stage, preset), (me, *stage.people(others))))
        assert {named[key] for key in await missed(stage, booked)} == expected


@pytest.mark.parametrize("kind", [ChangeKind.CANCEL, ChangeKind.MOVE])
async def test_security_second_H3_a_late_cancellation_or_move_strikes_the_account_that_booked(
    stage: Stage, kind: ChangeKind
) -> None:
    slot = await session(stage, VISITORS_ONLY)
    booked = await stage.booked((slot, stage.people(1)))
    stage.now[0] = LATE
    moves: tuple[tuple[int, int], ...] = ()
    if kind is ChangeKind.MOVE:
        row = await stage.tx.execute("SELECT venue_id, product_id FROM booking.slot WHERE id = %s", [slot])
        [venue] = await row.fetchall()
        [there] = await slots(stage, 1, venue, DAY + timedelta(days=1))
        moves = ((0, there),)
    answer = await stage.engine.change(ChangeRequest(kind, booked.id, "traveller", stage.holder, moves))
    assert answer.strikes == ("late_cancel",)
    assert await struck(stage, booked) == {account_subject(stage.holder)}


async def test_security_second_H3_places_without_a_name_are_the_accounts(stage: Stage) -> None:
    slot = await session(stage, VISITORS_ONLY, needs_visitors=False, person_rule="none")
    assert await missed(stage, await stage.booked((slot, 3))) == {account_subject(stage.holder)}


async def test_security_second_H3_a_person_of_any_line_answers_once(stage: Stage) -> None:
    """The first line has a stranger alone, the second the holder: both lines are one failure of the day, of both."""
    me, first = await own(stage), await session(stage, VISITORS_ONLY)
    second = await session(stage, VISITORS_ONLY)
    booked = await stage.booked((first, stage.people(1)), (second, (me,)))
    assert await missed(stage, booked) == {me.person_key, account_subject(stage.holder)}


@pytest.mark.parametrize("channel", [Channel.WINDOW, Channel.PHONE, Channel.GROUP, Channel.OTA])
async def test_security_second_H3_a_booking_without_an_account_strikes_nobody(
    stage: Stage, channel: Channel
) -> None:
    slot = await session(stage, BOTH)
    booked = await stage.booked((slot, stage.people(1)), holder_id=None, channel=channel)
    assert await missed(stage, booked) == set()


async def test_security_second_H3_three_strangers_bookings_ban_the_stranger_and_not_the_person(
    stage: Stage,
) -> None:
    victim = await dataset.card(stage.tx, uuid7().int % 10**9)
    person = Visitor(victim.holder_key, None)
    for number in range(3):
        day = DAY + timedelta(days=number)
        booked = await stage.booked((await session(stage, "default", day), (person,)))
        stage.now[0] = AFTER + timedelta(days=number)
        await stage.engine.change(ChangeRequest(ChangeKind.NO_SHOW, booked.id, "system:no-show"))
        stage.now[0] = EVE
    found = {
        key for key, _, _ in await bans(stage.tx, [person.person_key, account_subject(stage.holder)], EVE)
    }
    assert found == {account_subject(stage.holder)}
    slot = await session(stage, "default", DAY + timedelta(days=5))
    mine = structs.replace(dataset.request(victim, slot), channel=Channel.ONLINE)
    assert (await stage.engine.book(mine)).outcome is Outcome.CONFIRMED
    theirs = await stage.ask((slot, stage.people(1)))
    assert theirs.outcome is Outcome.ACCOUNT_BANNED


@pytest.mark.parametrize("preset", [VISITORS_ONLY, ACCOUNT_ONLY, BOTH])
async def test_security_fourth_F1_a_typed_document_gets_nobody_struck(stage: Stage, preset: str) -> None:
    """A stranger whose account was opened with somebody's document books for that person and does not come."""
    victim = await own(stage, is_seen=False)
    booked = await stage.booked((await session(stage, preset), (victim,)))
    assert await missed(stage, booked) == {account_subject(stage.holder)}
