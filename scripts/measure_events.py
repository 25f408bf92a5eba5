"""How many events a second are delivered by 1, 2 and 4 worker processes: `python scripts/measure_events.py OWNER_URL`.

OWNER_URL is of a migrated database that nothing else uses; what is measured is taken away again. Four subscribers write down each
event that they hear, in one statement a batch; afterwards it is checked that all was heard once, each booking's in its order.
"""

import asyncio
import multiprocessing
import sys
from collections.abc import Sequence
from time import perf_counter, time_ns

from wenyue import events
from wenyue.core.clock import utc_now
from wenyue.core.ids import uuid7
from wenyue.events import Happened, Subscriber
from wenyue.events.kinds import BookingCancelled, BookingConfirmed
from wenyue.platform.database.db import Database, Tx

BOOKINGS, OF_BATCH, SUBSCRIBERS = 20_000, 50, 4
MADE = "CREATE TABLE IF NOT EXISTS measured (no bigint GENERATED ALWAYS AS IDENTITY, who text, event bigint, subject text)"
WRONG = """SELECT count(*) FROM (SELECT event, lag(event) OVER (PARTITION BY who, subject ORDER BY no) AS before
  FROM measured) AS m WHERE m.before >= m.event"""


def subscriber(name: str) -> Subscriber:
    """One that writes down what it hears."""

    async def handle(tx: Tx, told: Sequence[Happened]) -> None:
        row = {"who": name, "no": [one.no for one in told], "about": [one.event.subject for one in told]}
        await tx.execute(
            "INSERT INTO measured (who, event, subject) SELECT %(who)s, u.no, u.about"
            " FROM unnest(%(no)s::bigint[], %(about)s::text[]) AS u (no, about)",
            row,
        )

    return Subscriber(name, frozenset({BookingConfirmed, BookingCancelled}), handle)


def names(run: int) -> list[str]:
    """The subscribers of one measurement."""
    return [f"measured-{run}-{number}" for number in range(SUBSCRIBERS)]


async def work(url: str, run: int) -> None:
    """One worker: each subscriber a task of its own, until nothing waits for any of them."""
    async with Database(url, size_max=SUBSCRIBERS, keeps=0) as db:

        async def tell(name: str) -> None:
            one, idle = subscriber(name), 0
            while idle < 3:
                async with db.transaction() as tx:
                    idle = 0 if await events.tell_next(tx, one, utc_now()) else idle + 1
                if idle:
                    await asyncio.sleep(
                        0.02
                    )  # another worker has the turn: as the worker's poll, but shorter

        await asyncio.gather(*(tell(name) for name in names(run)))


def begin(url: str, run: int) -> None:
    """A process."""
    asyncio.run(work(url, run))


async def measure(db: Database, workers: int) -> None:
    """One line of the result."""
    run = time_ns()
    async with db.transaction() as tx:
        await tx.execute(MADE)
        await tx.execute("TRUNCATE measured")
        await tx.execute("TRUNCATE events.event, events.undelivered")
        await events.register(tx, [subscriber(name) for name in names(run)])
    for start in range(0, BOOKINGS, OF_BATCH):
        ids = [uuid7() for _ in range(min(OF_BATCH, BOOKINGS - start))]
        for kind in ("booking.confirmed", "booking.cancelled"):
            async with db.transaction() as tx:
                await tx.execute(
                    "INSERT INTO events.event (kind, version, booking_ids, at) VALUES (%s, 1, %s, now())",
                    [kind, ids],
                )
    began = perf_counter()
    running = [multiprocessing.Process(target=begin, args=(db.url, run)) for _ in range(workers)]
    for one in running:
        one.start()
    for one in running:
        await asyncio.to_thread(one.join)
    took_s = perf_counter() - began
    async with db.transaction() as tx:
        [(heard,)] = await (await tx.execute("SELECT count(*) FROM measured")).fetchall()
        [(wrong,)] = await (await tx.execute(WRONG)).fetchall()
        await tx.execute("DELETE FROM events.subscriber WHERE name = ANY (%s)", [names(run)])
        await tx.execute("DROP TABLE measured")
    expected = 2 * BOOKINGS * SUBSCRIBERS
    print(
        f"{workers} workers: {heard:,} of {expected:,} in {took_s:.1f} s, {heard / took_s:,.0f} a second, out of order {wrong}"
    )


async def main(url: str) -> None:
    """1, 2 and 4 workers."""
    async with Database(url, size_max=2, keeps=0) as db:
        for workers in (1, 2, 4):
            await measure(db, workers)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
