"""Events: appended, told to each subscriber once and in order, kept for a while."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from tests.support.database import DbUrls
from tests.support.event_stage import NOW, Listener, Stage, event_stage, of
from wenyue import events
from wenyue.core.ids import uuid7
from wenyue.events.kinds import BookingCancelled, BookingConfirmed, BookingMoved, CardFrozen, CardThawed

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with event_stage(make_database()) as made:
        yield made


async def test_every_subscriber_hears_everything_it_wants_once_and_in_order(stage: Stage) -> None:
    first, second = Listener("first"), Listener("second")
    await stage.register(first.subscriber(), second.subscriber())
    booking = uuid7()
    told = [BookingConfirmed(booking), CardFrozen(7), BookingMoved(booking), BookingCancelled(booking)]
    await stage.add(told[0])
    await stage.add(CardThawed(7))  # nobody wants it
    await stage.add(*told[1:])
    for _ in range(2):
        await stage.tell(first.subscriber())
    await stage.tell(second.subscriber())
    wanted = [of(one) for one in told]
    assert (first.heard, second.heard) == (wanted, wanted)
    assert await stage.written("first") == wanted
    async with stage.db.connection() as tx:
        assert await events.due(tx, stage.now) == frozenset()


async def test_a_row_of_a_batch_is_an_event_for_each_of_its_bookings(stage: Stage) -> None:
    listener = Listener("all")
    await stage.register(listener.subscriber())
    ids = [uuid7() for _ in range(450)]
    for at in range(0, 450, 90):
        row = {"kind": "booking.confirmed", "version": 1, "ids": [str(one) for one in ids[at : at + 90]]}
        async with stage.db.transaction() as tx:
            await tx.execute(events.APPEND, {"rows": json.dumps([row]), "now": stage.now})
    await stage.tell(listener.subscriber())
    assert listener.heard == [of(BookingConfirmed(one)) for one in ids]
    assert listener.calls == 2  # 270 and 180: a batch ends with the row that fills it


async def test_what_commits_late_is_told_late_and_not_passed_over(stage: Stage) -> None:
    listener = Listener("late")
    one = listener.subscriber()
    await stage.register(one)
    slow, quick, after = (BookingConfirmed(uuid7()) for _ in range(3))
    async with stage.db.transaction() as tx:
        await events.append(tx, [slow], stage.now)  # the smallest id and the smallest transaction number
        await stage.add(quick)
        await stage.tell(one)
        assert listener.heard == [of(quick)]  # a transaction that stays open delays nobody
    await stage.add(after)
    await stage.tell(one)
    assert listener.heard == [of(quick), of(slow), of(after)]


async def test_order_of_a_booking_is_the_order_of_its_changes_not_of_transaction_numbers(
    stage: Stage,
) -> None:
    """The cancelling transaction began (and has its number) before the confirming one, and waited for its lock."""
    listener = Listener("order")
    one = listener.subscriber()
    await stage.register(one)
    await stage.tx.execute("CREATE TABLE held (id int PRIMARY KEY)")
    await stage.tx.execute("INSERT INTO held VALUES (1)")
    await stage.tx.execute("GRANT SELECT, UPDATE ON held TO wenyue_app")
    booking, early = uuid7(), uuid7()

    async def cancel() -> None:
        async with stage.db.transaction() as tx:
            await events.append(tx, [BookingConfirmed(early)], stage.now)  # gets its number now
            begun.set()
            await is_locked.wait()
            await tx.execute("SELECT id FROM held FOR UPDATE")
            await events.append(tx, [BookingCancelled(booking)], stage.now)

    begun, is_locked = asyncio.Event(), asyncio.Event()
    waiting = asyncio.create_task(cancel())
    await begun.wait()
    async with stage.db.transaction() as first:
        await first.execute("SELECT id FROM held FOR UPDATE")
        is_locked.set()
        await events.append(first, [BookingConfirmed(booking)], stage.now)
    await waiting
    [[is_inverted]] = await stage.rows(
        "SELECT (SELECT xid FROM events.event WHERE kind = 'booking.cancelled')"
        " < (SELECT max(xid) FROM events.event WHERE kind = 'booking.confirmed')"
    )
    assert is_inverted
    await stage.tell(one)
    assert [kind for kind, subject in listener.heard if subject == f"booking:{booking}"] == [
        "booking.confirmed",
        "booking.cancelled",
    ]


async def test_two_workers_take_turns(stage: Stage) -> None:
    listener = Listener("one")
    one = listener.subscriber()
    await stage.register(one)
    await stage.add(BookingConfirmed(uuid7()))
    async with stage.db.transaction() as first, stage.db.transaction() as second:
        await events.tell_next(first, one, stage.now)
        assert not await events.tell_next(second, one, stage.now)
        assert not await events.tell_again(second, one, stage.now)
        assert listener.calls == 1
    for _ in range(5):
        await stage.add(*(BookingConfirmed(uuid7()) for _ in range(60)))
    async with asyncio.timeout(30):
        await asyncio.gather(*(stage.tell(one) for _ in range(2)))
    await stage.tell(one)
    assert len(listener.heard) == len(set(listener.heard)) == 301


async def test_old_events_go_when_everybody_is_past_them(stage: Stage) -> None:
    first, second = Listener("first"), Listener("second", {"card:7"})
    await stage.register(first.subscriber(), second.subscriber())
    await stage.add(BookingConfirmed(uuid7()))
    await stage.add(CardFrozen(7))

    async def left_after(days: int) -> int:
        async with stage.db.transaction() as tx:
            await events.drop_old(tx, NOW + timedelta(days=days))
        [(count,)] = await stage.rows("SELECT count(*) FROM events.event")
        return count

    await stage.tell(first.subscriber())
    assert await left_after(8) == 2  # the second has not come to them
    await stage.tell(second.subscriber())
    assert await left_after(6) == 2
    assert await left_after(8) == 1  # one of them is still to be told
    assert await left_after(61) == 0
    assert await stage.rows("SELECT name, lost FROM events.subscriber ORDER BY name") == [
        ("first", 0),
        ("second", 1),
    ]
    assert await stage.rows("SELECT subject FROM events.undelivered") == []


async def test_a_new_subscriber_begins_where_it_says(stage: Stage) -> None:
    old, new = Listener("old"), Listener("new")
    await stage.add(CardFrozen(1))
    await stage.register(old.subscriber(), new.subscriber(is_from_oldest=False))
    await stage.add(CardFrozen(2))
    for listener in (old, new):
        await stage.tell(listener.subscriber())
    assert (len(old.heard), new.heard) == (2, [("card.frozen", "card:2")])
