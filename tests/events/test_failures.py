"""Subscribers that fail, die or do not end: what is tried again, what is parked, and that nobody else is delayed."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.event_stage import WANTS, Listener, Stage, event_stage, of
from wenyue import events
from wenyue.core.ids import uuid7
from wenyue.events import Happened, Subscriber, delivery
from wenyue.events.kinds import BookingCancelled, BookingConfirmed, BookingMoved, CardFrozen
from wenyue.platform.database.db import Tx

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with event_stage(make_database()) as made:
        yield made


async def test_a_poisoned_booking_is_parked_with_what_follows_it_for_that_subscriber_only(
    stage: Stage,
) -> None:
    bad, good = uuid7(), uuid7()
    strict, easy = Listener("strict", {f"booking:{bad}"}), Listener("easy")
    one = strict.subscriber(tries=3, backoff_s=10)
    await stage.register(one, easy.subscriber())
    await stage.add(BookingConfirmed(good), BookingConfirmed(bad), BookingMoved(good))
    await stage.tell(one)
    await stage.add(BookingMoved(bad), BookingCancelled(good))
    await stage.tell(one)
    await stage.tell(easy.subscriber())
    of_good = [of(BookingConfirmed(good)), of(BookingMoved(good)), of(BookingCancelled(good))]
    assert strict.heard == of_good
    assert await stage.written("strict") == of_good  # nothing is left of what failed
    assert len(easy.heard) == 5

    calls, waits = strict.calls, list[float]()
    for _ in range(2):
        [(due_at, error)] = await stage.rows(
            "SELECT due_at, error FROM events.undelivered WHERE due_at IS NOT NULL"
        )
        waits.append((due_at - stage.now).total_seconds())
        assert error.startswith("KeyError at ")
        assert "张" not in error
        await stage.tell(one, events.tell_again)  # too early
        stage.now = due_at
        await stage.tell(one, events.tell_again)
    assert waits == [10, 20]
    assert strict.calls - calls == 2
    assert await stage.parked() == [
        ("strict", f"booking:{bad}", "booking.confirmed"),
        ("strict", f"booking:{bad}", "booking.moved"),
    ]
    stage.now += timedelta(days=1)
    await stage.tell(one, events.tell_again)
    assert strict.calls - calls == 2  # parked: nobody tries it any more
    await stage.add(BookingCancelled(bad), BookingConfirmed(uuid7()))
    await stage.tell(one)
    assert len(strict.heard) == 4
    assert len(await stage.parked()) == 3


async def test_what_was_tried_again_with_success_is_told_with_what_waited_behind_it(stage: Stage) -> None:
    booking = uuid7()
    listener = Listener("mended", {f"booking:{booking}"})
    one = listener.subscriber()
    await stage.register(one)
    happened = [BookingConfirmed(booking), BookingMoved(booking), BookingCancelled(booking)]
    for event in happened:
        await stage.add(event)
        await stage.tell(one)
    listener.fails_for.clear()
    stage.now += timedelta(minutes=1)
    await stage.tell(one, events.tell_again)
    assert listener.heard == [of(event) for event in happened]
    assert await stage.rows("SELECT subject FROM events.undelivered") == []


async def test_a_dead_subscriber_stays_where_it_is_and_delays_nobody(stage: Stage) -> None:
    bookings = [uuid7() for _ in range(10)]
    dead, alive = Listener("dead", {f"booking:{one}" for one in bookings}), Listener("alive")
    one = dead.subscriber(tries=2, backoff_s=10)
    await stage.register(one, alive.subscriber())
    await stage.add(*(BookingConfirmed(booking) for booking in bookings))
    await stage.tell(one)
    await stage.tell(alive.subscriber())
    assert (len(alive.heard), dead.heard) == (10, [])
    assert await stage.rows("SELECT subject FROM events.undelivered") == []  # it rests, nothing is set aside
    assert (await stage.rows("SELECT failures, waiting, parked FROM events.lag_v WHERE name = 'dead'")) == [
        (1, 10, 0)
    ]
    async with stage.db.connection() as tx:
        assert await events.due(tx, stage.now) == frozenset()
        assert await events.due(tx, stage.now + timedelta(seconds=10)) == {"dead"}
    stage.now += timedelta(seconds=10)
    dead.fails_for.clear()
    await stage.tell(one)
    assert len(dead.heard) == 10


async def test_who_is_out_of_order_for_too_long_has_its_events_parked(stage: Stage) -> None:
    bookings = [uuid7() for _ in range(6)]
    dead = Listener("dead", {f"booking:{one}" for one in bookings})
    one = dead.subscriber(tries=2, backoff_s=10)
    await stage.register(one)
    await stage.add(*(BookingConfirmed(booking) for booking in bookings))
    for _ in range(3):
        await stage.tell(one)
        stage.now += timedelta(minutes=1)
    assert len(await stage.parked()) == 6
    await stage.add(BookingConfirmed(uuid7()))
    await stage.tell(one)
    assert len(dead.heard) == 1


async def test_a_crash_between_handling_and_position_leaves_neither(stage: Stage) -> None:
    listener = Listener("crashed")
    one = listener.subscriber()
    await stage.register(one)
    await stage.add(BookingConfirmed(uuid7()), CardFrozen(7))

    class Crash(BaseException):
        pass

    async def crash() -> None:
        async with stage.db.transaction() as tx:
            await events.tell_next(tx, one, stage.now)
            raise Crash

    with pytest.raises(Crash):
        await crash()
    assert len(listener.heard) == 2
    assert await stage.written("crashed") == []
    await stage.tell(one)
    assert len(await stage.written("crashed")) == 2


async def test_a_connection_that_dies_under_a_handler_is_nobodys_failure(stage: Stage) -> None:
    is_first = True
    booking = uuid7()

    async def handle(tx: Tx, told: Sequence[Happened]) -> None:
        nonlocal is_first
        if is_first:
            is_first = False
            [[pid]] = await (await tx.execute("SELECT pg_backend_pid()")).fetchall()
            async with stage.db.connection() as other:
                await other.execute("SELECT pg_terminate_backend(%s)", [pid])
            await tx.execute("SELECT 1")
        await tx.execute("INSERT INTO heard (who, kind, subject) SELECT 'x', '', %s", [told[0].event.subject])

    one = Subscriber("x", WANTS, handle)
    await stage.register(one)
    await stage.add(BookingConfirmed(booking))
    with pytest.raises(psycopg.OperationalError):
        await stage.tell(one)
    assert await stage.rows("SELECT subject FROM events.undelivered") == []
    await stage.tell(one)
    assert await stage.written("x") == [("", f"booking:{booking}")]


async def test_a_handler_that_does_not_end_is_cut_off(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "ONE_WITHIN_S", 0.2)
    slow, quick = uuid7(), uuid7()
    heard: list[UUID] = []

    async def handle(tx: Tx, told: Sequence[Happened]) -> None:
        for one in told:
            assert isinstance(one.event, BookingConfirmed)
            if one.event.booking_id == slow:
                await tx.execute("SELECT pg_sleep(30)")
            heard.append(one.event.booking_id)

    monkeypatch.setattr(delivery, "BATCH_WITHIN_S", 0.2)
    one = Subscriber("slow", WANTS, handle)
    await stage.register(one)
    await stage.add(BookingConfirmed(slow), BookingConfirmed(quick))
    await stage.tell(one)
    assert heard == [quick]
    [(subject, error)] = await stage.rows("SELECT subject, error FROM events.undelivered")
    assert (subject, error.split(" ")[0]) == (f"booking:{slow}", "TimeoutError")


@pytest.mark.parametrize(("kind", "version"), [("booking.painted", 1), ("booking.moved", 2)])
async def test_an_event_of_a_newer_version_waits_for_a_newer_worker(
    stage: Stage, kind: str, version: int
) -> None:
    listener = Listener("older")
    one = listener.subscriber()
    await stage.register(one)
    booking, other = uuid7(), uuid7()
    await stage.add(BookingConfirmed(booking))
    await stage.tx.execute(
        "INSERT INTO events.event (kind, version, booking_ids, at) VALUES (%s, %s, %s, now())",
        [kind, version, [booking]],
    )
    await stage.add(BookingCancelled(booking), BookingConfirmed(other))
    await stage.tell(one)
    for _ in range(20):
        stage.now += timedelta(hours=1)
        await stage.tell(one, events.tell_again)
    assert listener.heard == [of(BookingConfirmed(booking)), of(BookingConfirmed(other))]
    rows = await stage.rows("SELECT parked_at, tries FROM events.undelivered")
    assert rows == [(None, 0), (None, 0)]  # it waits, however long
    await stage.tx.execute(
        "UPDATE events.event SET kind = 'booking.moved', version = 1 WHERE kind = %s", [kind]
    )
    stage.now += timedelta(hours=1)
    await stage.tell(one, events.tell_again)
    assert listener.heard[2:] == [of(BookingMoved(booking)), of(BookingCancelled(booking))]
