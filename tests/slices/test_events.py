"""Events: appended, told to each subscriber in order, whatever else fails."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.support.database import DbUrls, both
from wenyue import events
from wenyue.events import Event, Happened, Subscriber, delivery
from wenyue.events.kinds import BookingCancelled, BookingConfirmed, BookingMoved, CardFrozen, CardThawed
from wenyue.infra.db import Database, Tx
from wenyue.kernel.ids import uuid7

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 3, 4, tzinfo=UTC)
WANTS: frozenset[type[Event]] = frozenset({BookingConfirmed, BookingCancelled, BookingMoved, CardFrozen})
Step = Callable[[Tx, Subscriber, datetime], Awaitable[bool]]


@dataclass
class Listener:
    """A subscriber that writes down what it hears, in the database and here, and fails as told."""

    name: str
    fails_for: set[str] = field(default_factory=set[str])
    heard: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    calls: int = 0

    async def handle(self, tx: Tx, told: Sequence[Happened]) -> None:
        """Write first, then fail: what was written must be gone."""
        self.calls += 1
        for one in told:
            row = (self.name, one.no, one.event.subject, events.kind_of(one.event))
            await tx.execute("INSERT INTO heard (who, no, subject, kind) VALUES (%s, %s, %s, %s)", row)
        if self.fails_for & {one.event.subject for one in told}:
            raise KeyError("张小三")
        self.heard += [(events.kind_of(one.event), one.event.subject) for one in told]

    def subscriber(self, **more: Any) -> Subscriber:
        """As it is declared."""
        return Subscriber(self.name, WANTS, self.handle, **more)


@dataclass
class Stage:
    """The application's pool and the owner's connection."""

    db: Database
    tx: Tx
    urls: DbUrls
    now: datetime = NOW

    async def add(self, *happened: Event) -> None:
        """Append in a transaction of its own."""
        async with self.db.transaction() as tx:
            await events.append(tx, happened, self.now)

    async def tell(self, one: Subscriber, step: Step = events.tell_next) -> None:
        """Until nothing waits."""
        for _ in range(50):
            async with self.db.transaction() as tx:
                if not await step(tx, one, self.now):
                    return
        raise AssertionError("it does not end")

    async def rows(self, statement: str, *params: object) -> list[tuple[Any, ...]]:
        """What the owner sees."""
        return await (await self.tx.execute(statement, params)).fetchall()  # type: ignore[arg-type] # a constant of the test

    async def register(self, *some: Subscriber) -> None:
        """Make them known."""
        async with self.db.transaction() as tx:
            await events.register(tx, some)

    async def written(self, who: str) -> list[tuple[str, str]]:
        """What the listener's transactions have left in the database, in order."""
        return [
            (a, b)
            for a, b in await self.rows("SELECT kind, subject FROM heard WHERE who = %s ORDER BY at", who)
        ]

    async def parked(self) -> list[tuple[str, str, str]]:
        """Subscriber, subject, kind of all that is parked or waits behind it."""
        found = await self.rows(
            "SELECT u.subscriber, u.subject, e.kind FROM events.undelivered u JOIN events.event e ON e.id = u.event_id"
            " WHERE u.due_at IS NULL ORDER BY u.event_id"
        )
        return [(a, b, c) for a, b, c in found]


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    urls = make_database()
    async with both(urls, 6) as (db, tx):
        await tx.execute(
            "CREATE TABLE heard (at bigint GENERATED ALWAYS AS IDENTITY, who text, no bigint, subject text, kind text)"
        )
        await tx.execute("GRANT SELECT, INSERT ON heard TO wenyue_app")
        yield Stage(db, tx, urls)


def of(one: Event) -> tuple[str, str]:
    return events.kind_of(one), one.subject


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
