"""Subscribers that write down what they hear, and a database with a log of events."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support.database import DbUrls, both
from wenyue import events
from wenyue.events import Event, Happened, Subscriber
from wenyue.events.kinds import BookingCancelled, BookingConfirmed, BookingMoved, CardFrozen
from wenyue.platform.database.db import Database, Tx

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


@asynccontextmanager
async def event_stage(urls: DbUrls) -> AsyncGenerator[Stage]:
    """A stage on a fresh database."""
    async with both(urls, 6) as (db, tx):
        await tx.execute(
            "CREATE TABLE heard (at bigint GENERATED ALWAYS AS IDENTITY, who text, no bigint, subject text, kind text)"
        )
        await tx.execute("GRANT SELECT, INSERT ON heard TO wenyue_app")
        yield Stage(db, tx, urls)


def of(one: Event) -> tuple[str, str]:
    """As a listener notes it: kind and subject."""
    return events.kind_of(one), one.subject
