"""Defects that the simulator found in the engine, each as the shortest story that shows it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
import psycopg
import pytest
from psycopg.errors import SerializationFailure

from tests.support.database import DbUrls
from wenyue.booking import (
    Answer,
    BookingRequest,
    BookingState,
    ChangeKind,
    ChangeRequest,
    Channel,
    Outcome,
    Rulebook,
)
from wenyue.core.ids import uuid7
from wenyue.core.limits import OPEN_HOLDS_PER_HOLDER_MAX
from wenyue.platform.database.db import Database, Tx, connect
from wenyue_lab import dataset
from wenyue_lab.simulator.fixtures import SQL
from wenyue_lab.simulator.model import Request
from wenyue_lab.simulator.process import Away, Pause, Process
from wenyue_lab.simulator.seams import STEP, Views, early, execute, slot_planning
from wenyue_lab.simulator.timing import Clock

pytestmark = pytest.mark.anyio
DAY = date(2026, 3, 3)


@dataclass
class Place:
    """One process without a queue, and the hill: two days, two sessions each, the later one with reserves."""

    url: Database
    tx: Tx
    book: Rulebook
    views: Views
    sessions: list[int]

    async def decide(self, *batch: Request) -> list[Answer]:
        """The answers of one batch."""
        return await execute(self.tx, batch, now=dataset.START, rulebook=self.book, views=self.views)

    async def one(self, request: Request) -> Answer:
        """The answer of a batch of one."""
        return (await self.decide(request))[0]

    async def sold(self) -> list[int]:
        """Places sold, by session."""
        rows = await self.tx.execute(
            "SELECT p.sold FROM booking.slot s JOIN booking.pool p ON p.id = s.pool_ids[1]"
            " WHERE s.id = ANY (%s) ORDER BY s.id",
            [self.sessions],
        )
        return [row[0] for row in await rows.fetchall()]


@pytest.fixture
async def place(db_urls: DbUrls) -> AsyncIterator[Place]:
    db = Database(db_urls.app_url, size_max=1)
    async with await psycopg.AsyncConnection.connect(db_urls.owner_url, autocommit=True) as tx:
        book = dataset.rulebook({dataset.OPEN_TYPE: await dataset.card_type(tx)})
        venue_id, product_id = await dataset.product(tx, f"hill-{uuid7()}")
        sessions = [
            await dataset.slot(
                tx, venue_id, product_id, DAY + timedelta(days=day), hour, 4, channels=channels
            )
            for day in (0, 1)
            for hour, channels in ((2, None), (6, {"online": 3, "phone": 1}))
        ]
        yield Place(db, tx, book, Views(), sessions)


async def a_card(place: Place) -> dataset.Card:
    return await dataset.card(place.tx, uuid7().int % 10**9)


def move(request: BookingRequest, *moves: tuple[int, int]) -> ChangeRequest:
    return ChangeRequest(ChangeKind.MOVE, request.id, "traveller", request.holder_id, moves)


async def test_a_change_of_an_unknown_booking_is_not_found(place: Place) -> None:
    change = ChangeRequest(ChangeKind.CANCEL, uuid7(), "traveller", holder_id=1)
    assert (await place.one(change)).outcome is Outcome.NOT_FOUND


async def test_a_line_cannot_be_moved_twice_in_one_request(place: Place) -> None:
    request = dataset.request(await a_card(place), place.sessions[0])
    await place.one(request)
    answer = await place.one(move(request, (0, place.sessions[2]), (0, place.sessions[1])))
    assert answer.outcome is Outcome.LINE_UNKNOWN
    assert await place.sold() == [1, 0, 0, 0]


async def test_two_lines_of_one_person_cannot_be_moved_to_one_day(place: Place) -> None:
    first, _, _, last = place.sessions
    card = await a_card(place)
    request = dataset.request(card, first, last)
    assert (await place.one(request)).outcome is Outcome.CONFIRMED
    answer = await place.one(move(request, (0, place.sessions[2]), (1, place.sessions[2])))
    assert answer.outcome is Outcome.PERSON_TWICE
    assert await place.sold() == [1, 0, 0, 1]


async def test_lines_that_change_places_keep_their_persons_places(place: Place) -> None:
    first, last = place.sessions[0], place.sessions[2]
    card = await a_card(place)
    request = dataset.request(card, first, last)
    assert (await place.one(request)).outcome is Outcome.CONFIRMED
    swap = move(request, (0, last), (1, first))
    moved, again = await place.decide(swap, dataset.request(card, first))
    assert (moved.outcome, again.outcome) == (Outcome.RESCHEDULED, Outcome.PERSON_TWICE)
    assert await place.sold() == [1, 0, 1, 0]


async def test_a_move_to_a_session_that_the_channel_does_not_serve_is_refused(place: Place) -> None:
    request = msgspec.structs.replace(
        dataset.request(await a_card(place), place.sessions[0]), channel=Channel.OTA
    )
    assert (await place.one(request)).outcome is Outcome.CONFIRMED
    assert (await place.one(move(request, (0, place.sessions[1])))).outcome is Outcome.CHANNEL_CLOSED


async def test_a_channel_that_a_full_session_does_not_serve_is_refused_from_memory(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the refusal rests on was looked up among the session's channels: KeyError, told as a failure (500)."""
    monkeypatch.setattr("wenyue.booking.engine.availability_cache.POOL_VIEW_AGE_S_MAX", 60.0)
    answer: Answer | None = None
    for channel in (*[Channel.ONLINE] * 3, Channel.PHONE):
        wanted = dataset.request(await a_card(place), place.sessions[1])
        told = await place.one(msgspec.structs.replace(wanted, channel=channel))
        assert told.outcome is Outcome.CONFIRMED
    wanted = dataset.request(await a_card(place), place.sessions[1])
    wanted = msgspec.structs.replace(wanted, channel=Channel.OTA)
    asked = (wanted.id, wanted.channel, wanted.lines, dataset.START)
    for _ in range(3):  # the figures, which sessions are full, the ids of their bookings
        assert (await place.one(wanted)).outcome is Outcome.CHANNEL_CLOSED
        await place.views.refresh(place.tx)
        answer = place.views.refuse(*asked)
    assert answer is not None
    assert answer.outcome is Outcome.SOLD_OUT
    full = early.rests_on(place.views, answer, wanted.channel, wanted.lines)
    assert await early.still_true(place.tx, {wanted.id: full}) == {wanted.id: True}


async def test_the_same_request_at_two_processes_at_once_is_a_replay_at_the_second(place: Place) -> None:
    """It asks for the last place without a card, so that nothing but the session's pool makes the second one wait."""
    party = tuple(dataset.person(uuid7().int % 10**9) for _ in range(4))
    card = await a_card(place)
    request = dataset.request(card, place.sessions[0], people=party)
    line = msgspec.structs.replace(request.lines[0], is_on_card=False)
    request = msgspec.structs.replace(request, lines=(line,), card_id=None)

    first, second = await at_once(place, request, request)
    assert (first.outcome, first.is_replay) == (Outcome.CONFIRMED, False)
    assert (second.outcome, second.is_replay) == (Outcome.CONFIRMED, True)


async def test_the_cap_on_unpaid_holds_holds_at_two_processes_at_once(place: Place) -> None:
    """In different sessions and without a card, so that the two have nothing in common but the holder."""
    holder = uuid7().int % 10**9
    holds = [held(holder, place.sessions[number % 2 * 2]) for number in range(OPEN_HOLDS_PER_HOLDER_MAX + 1)]
    answers = await place.decide(*holds[:-2])
    assert {answer.outcome for answer in answers} == {Outcome.HELD}
    first, second = await at_once(place, holds[-2], holds[-1])
    assert (first.outcome, second.outcome) == (Outcome.HELD, Outcome.TOO_MANY_OPEN)


def held(holder: int, slot_id: int) -> BookingRequest:
    """A hold of one place for a person of its own, to be paid in money."""
    card = dataset.Card(0, holder, dataset.person(uuid7().int % 10**9))
    request = dataset.request(card, slot_id, is_hold=True)
    line = msgspec.structs.replace(request.lines[0], is_on_card=False)
    return msgspec.structs.replace(request, lines=(line,), card_id=None)


async def test_the_limit_of_cancellations_holds_at_two_processes_at_once(place: Place) -> None:
    """毛主席纪念堂: two cancellations a day for one account; the two meet in nothing but the account."""
    code = "maozhuxi-jiniantang"
    venue_id, product_id = await dataset.product(place.tx, f"hall-{uuid7()}", policy_code=code)
    day = DAY + timedelta(days=2)
    slots = [await dataset.slot(place.tx, venue_id, product_id, day, hour, 9) for hour in (1, 2, 3)]
    holder = uuid7().int % 10**9
    bookings = [msgspec.structs.replace(held(holder, slot_id), is_hold=False) for slot_id in slots]
    assert {(await place.one(booking)).outcome for booking in bookings} == {Outcome.CONFIRMED}
    cancels = [ChangeRequest(ChangeKind.CANCEL, booking.id, "traveller", holder) for booking in bookings]
    assert (await place.one(cancels[0])).outcome is Outcome.CANCELLED
    first, second = await at_once(place, cancels[1], cancels[2])
    assert (first.outcome, second.outcome) == (Outcome.CANCELLED, Outcome.CANCEL_LIMIT)


async def test_a_cancellation_in_the_same_batch_does_not_carry_a_booking_into_a_session_just_closed(
    place: Place,
) -> None:
    """The two leave the counters as they were; the session, with room to spare, was read without a lock."""
    venue_id, product_id = await dataset.product(place.tx, f"roomy-{uuid7()}")
    slot_id = await dataset.slot(place.tx, venue_id, product_id, DAY, 2, 500)
    old, new = held(1, slot_id), held(2, slot_id)
    assert (await place.one(old)).outcome is Outcome.HELD
    cancel = ChangeRequest(ChangeKind.CANCEL, old.id, "traveller")
    clock = Clock(dataset.START)
    with Away(Process(place.url.url, clock, place.book), clock) as far:
        pause = Pause(far.process, STEP.DECIDED, crashes=False)
        running = far.submit([cancel, new], pause.probe)
        assert pause.wait_until_reached(running)
        async with place.tx.transaction():
            await slot_planning.close_slots(
                place.tx,
                venue_id,
                product_id,
                from_day=DAY,
                to_day=DAY,
                reason={"zh-CN": "检修", "en": "repairs"},
            )
        pause.go()
        attempt = await asyncio.wrap_future(running)
    assert isinstance(attempt.fault, SerializationFailure)
    cancelled, refused = await place.decide(cancel, new)
    if refused.outcome is Outcome.STALE_FACTS:  # the cached session was dropped: ask again
        refused = await place.one(new)
    assert (cancelled.outcome, refused.outcome) == (Outcome.CANCELLED, Outcome.SLOT_CLOSED)


async def test_a_replay_that_waited_for_a_cancellation_tells_of_it(place: Place) -> None:
    """The session turns out to be nearly full, so it is read again under lock: the booking must be, too."""
    booked = msgspec.structs.replace(held(1, place.sessions[0]), is_hold=False)
    new = held(2, place.sessions[0])
    assert (await place.one(booked)).outcome is Outcome.CONFIRMED
    place.views = Views()  # it knows nothing of the session yet
    cancel = ChangeRequest(ChangeKind.CANCEL, booked.id, "traveller", holder_id=booked.holder_id)
    first, second = await at_once(place, cancel, booked, beside=[new])
    assert (first.outcome, first.state) == (Outcome.CANCELLED, BookingState.CANCELLED)
    assert (second.outcome, second.is_replay, second.state) == (
        Outcome.CONFIRMED,
        True,
        BookingState.CANCELLED,
    )


async def test_what_was_booked_here_on_a_freed_place_is_not_refused_from_memory(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session was full when this process looked; a place was given back and booked: its figures do not know."""
    monkeypatch.setattr("wenyue.booking.engine.availability_cache.POOL_VIEW_AGE_S_MAX", 60.0)
    venue_id, product_id = await dataset.product(place.tx, f"small-{uuid7()}")
    slot_id = await dataset.slot(place.tx, venue_id, product_id, DAY, 2, 1)
    first, second, rival = (
        msgspec.structs.replace(held(number, slot_id), is_hold=False) for number in (1, 2, 3)
    )

    def refused(request: BookingRequest) -> Answer | None:
        return place.views.refuse(request.id, Channel.ONLINE, request.lines, dataset.START)

    assert (await place.one(first)).outcome is Outcome.CONFIRMED
    for _ in range(3):  # the figures, which sessions are full, the ids of their bookings
        assert (await place.one(rival)).outcome is Outcome.SOLD_OUT
        await place.views.refresh(place.tx)
        assert refused(first) is None
        refused(rival)
    assert refused(rival) is not None
    cancel = ChangeRequest(ChangeKind.CANCEL, first.id, "traveller", first.holder_id)
    assert (await place.one(cancel)).outcome is Outcome.CANCELLED
    assert (await place.one(second)).outcome is Outcome.CONFIRMED
    assert refused(rival) is not None, "the figures are the same"
    assert refused(second) is None


async def at_once(
    place: Place, one: Request, other: Request, *, beside: Sequence[Request] = ()
) -> tuple[Answer, Answer]:
    """Another process decides `one`, and others beside it, and stands still before writing; then `other` comes here.

    The answers of both.
    """
    clock = Clock(dataset.START)
    with Away(Process(place.url.url, clock, place.book), clock) as far:
        pause = Pause(far.process, STEP.GATHERED, crashes=False)
        running = far.submit([one, *beside], pause.probe)
        assert pause.wait_until_reached(running)
        near = asyncio.create_task(place.one(other))
        async with await connect(place.url) as watch:
            pid = {"pid": place.tx.info.backend_pid}
            while not near.done():
                row = await (await watch.execute(SQL["is_blocked"], pid)).fetchone()
                if row == (True,):
                    break
        pause.go()
        first = (await asyncio.wrap_future(running)).answers
        second = await near
    assert first is not None
    return first[0], second
