"""The worker as a whole: from a booking to its text, through failures, to SIGTERM."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.stopwatch import Stopwatch
from wenyue import abuse, catalogue
from wenyue.booking import Outcome, Party, PartyVisitor, seal_party
from wenyue.catalogue import PlannedSession, Template
from wenyue.infra.config import load
from wenyue.infra.db import Tx, queries
from wenyue.infra.jobs import JobQueue
from wenyue.kernel.ids import uuid7
from wenyue.notifications import Sms
from wenyue.services import Services, build
from wenyue.subscribers import DELIVER, SEND
from wenyue.tools import world
from wenyue.worker import Task, Worker
from wenyue.worker_texts import TextsLeft

pytestmark = pytest.mark.anyio
DAY = (world.START + timedelta(days=1)).date()
PARTY = Party((PartyVisitor("张小三", "id", "N1"),), "张小三", "+8613800138000")


@dataclass
class Slow:
    """A transport that takes its time, or is out of order."""

    is_broken: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[Sms] = field(default_factory=list[Sms])

    @property
    def name(self) -> str:
        """As operators would configure it."""
        return "slow"

    async def is_up(self) -> bool:
        """It always is."""
        return True

    async def send(self, batch: Sequence[Sms], _now: datetime) -> frozenset[int]:
        """Wait for the test, then accept everything."""
        self.asked.set()
        if self.is_broken:
            raise ConnectionError("138****8000 cannot be reached")
        await self.gate.wait()
        self.sent += batch
        return frozenset(one.id for one in batch)


@dataclass
class Place:
    """An installation with one slot; `tx` to look with."""

    url: str
    home: Path
    services: Services
    tx: Tx
    slot_id: int

    async def book(self) -> UUID:
        """A confirmed booking of somebody with a phone."""
        card = await world.card(self.tx, uuid7().int % 10**9)
        request = world.request(card, self.slot_id)
        theirs = msgspec.structs.replace(
            PARTY, contact_phone=f"+86138{uuid7().int % 10**4:04}8000"
        )  # one phone gets few texts
        sealed = seal_party(self.services.vault, theirs)
        request = msgspec.structs.replace(request, party=sealed)
        assert (await self.services.engine.book(request)).outcome is Outcome.CONFIRMED
        return request.id

    async def one(self, statement: str, *params: object) -> Any:
        """The only value of the only row."""
        [(value,)] = await (await self.tx.execute(statement, params)).fetchall()  # type: ignore[arg-type] # a constant of the test
        return value

    async def is_sent(self) -> bool:
        """Every confirmation has left, and there is at least one."""
        return await self.one(
            "SELECT count(*) > 0 AND bool_and(state = 'sent') FROM notifications.message WHERE channel = 'sms' AND kind = 1"
        )

    async def is_judged(self) -> bool:
        """No text waits any more, and there is at least one."""
        return await self.one(
            "SELECT count(*) > 0 AND bool_and(state <> 'queued') FROM notifications.message WHERE channel = 'sms'"
        )

    async def tell(self, worker: Worker) -> None:
        """Tell every subscriber of the worker until nothing waits."""
        one = [task for task in worker.tasks if task.name.startswith("tell ")]
        assert len(one) == 3
        for task in one:
            while await task.run():
                pass

    async def jobs(self) -> list[tuple[Any, ...]]:
        """Status and attempts of every job."""
        cursor = await self.tx.execute("SELECT status::text, attempts FROM procrastinate_jobs ORDER BY id")
        return await cursor.fetchall()


@pytest.fixture
async def place(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Place]:
    urls = make_database()
    url = urls.app_url
    variables = {"WENYUE_DATABASE_URL": url, "WENYUE_HOME": str(tmp_path), "WENYUE_DATABASE_POOL": "6"}
    services = build(load(variables), clock=lambda: world.START)
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        await tx.execute(
            "UPDATE retention.period SET days = 3660"
        )  # the world of these tests is long past by the server's clock
        await world.card_type(tx)
        venue_id, product_id = await world.product(tx, "west-lake")
        slot_id = await world.slot(tx, venue_id, product_id, DAY, 2, 100)
        await services.start()
        yield Place(url, tmp_path, services, tx, slot_id)
        await services.stop()


@asynccontextmanager
async def working(worker: Worker) -> AsyncGenerator[asyncio.Event]:
    """The worker works; afterwards it has stopped by itself."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 30)


async def eventually(condition: Callable[[], Awaitable[bool]], *, within_s: float = 30) -> None:
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_a_booking_becomes_a_text(place: Place) -> None:
    await place.book()
    async with working(Worker(place.services)):
        await eventually(place.is_sent)
        await eventually(lambda: is_empty(place))
    [file] = (place.home / "messages").iterdir()
    [line] = [json.loads(one) for one in file.read_text(encoding="utf-8").splitlines()]
    assert line["to"] == "138****8000"
    assert line["text"].startswith("【稳约旅游卡】张*三已预约3月3日10:00-12:00west-lake，")
    assert await place.one("SELECT sum(waiting + retried + parked) FROM events.lag_v") == 0
    assert await place.one("SELECT count(DISTINCT booking_id) FROM gate.term") == 1


async def is_empty(place: Place) -> bool:
    return await place.jobs() == []


async def test_two_workers_send_each_text_once(place: Place) -> None:
    for _ in range(12):
        await place.book()
    transport = Slow()
    transport.gate.set()
    async with working(Worker(place.services, sms=transport)), working(Worker(place.services, sms=transport)):
        await eventually(place.is_sent)
        await eventually(lambda: is_empty(place))
    assert len(transport.sent) == len({one.id for one in transport.sent}) == 12


async def test_the_job_in_progress_is_finished_before_the_end(place: Place) -> None:
    await place.book()
    transport = Slow()
    worker = Worker(place.services, sms=transport)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await asyncio.wait_for(transport.asked.wait(), 20)
    stop.set()
    await asyncio.sleep(0.2)
    assert not running.done()
    transport.gate.set()
    await asyncio.wait_for(running, 30)
    assert await place.is_sent()
    assert await place.jobs() == []


async def test_a_job_that_does_not_end_is_given_back_in_time(place: Place) -> None:
    await place.book()
    transport = Slow()
    stop = asyncio.Event()
    running = asyncio.create_task(Worker(place.services, sms=transport).run(stop))
    await asyncio.wait_for(transport.asked.wait(), 20)
    stop.set()
    with Stopwatch() as watch:
        await asyncio.wait_for(running, 30)
    assert watch.seconds < 10
    assert await place.jobs() == [("todo", 1)]


async def test_a_transport_out_of_order_is_tried_again_later_and_given_up_at_last(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    booking = await place.book()
    transport = Slow(is_broken=True)
    worker = Worker(place.services, sms=transport)

    async def was_tried() -> bool:
        return await place.jobs() == [("todo", 1)]

    async with working(worker):
        await eventually(was_tried)
    assert 0 < await place.one("SELECT extract(epoch FROM scheduled_at - now()) FROM procrastinate_jobs") <= 4
    assert "138" not in caplog.text
    arguments = {"kind": 1, "booking_ids": [str(booking)]}
    with pytest.raises(TextsLeft):
        await worker.subscribers.send_texts(arguments, is_last_try=False)
    await worker.subscribers.send_texts(arguments, is_last_try=True)
    assert await place.one("SELECT state FROM notifications.message WHERE channel = 'sms'") == "failed"


async def test_a_dead_workers_job_is_done_by_another(place: Place) -> None:
    await place.book()
    worker = Worker(place.services)
    await place.tell(worker)
    await place.tx.execute(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')"
    )
    await place.tx.execute(
        "UPDATE procrastinate_jobs SET status = 'doing', attempts = 1, worker_id = (SELECT max(id) FROM procrastinate_workers)"
    )
    async with working(worker):
        await eventually(place.is_sent)


async def test_a_defect_of_one_task_stops_no_other_and_is_logged_without_its_text(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    await place.book()
    runs: list[int] = []

    async def fail() -> bool:
        runs.append(1)
        raise KeyError("张小三 110105199003077776")

    worker = Worker(place.services)
    worker.tasks.insert(0, Task("the broken one", 0.01, fail))

    async def both() -> bool:
        return len(runs) > 1 and await place.is_sent()

    async with working(worker):
        await eventually(both)
    assert "the broken one: KeyError at " in caplog.text
    assert "张小三" not in caplog.text


async def test_it_goes_on_after_the_database_was_away(place: Place) -> None:
    async with working(Worker(place.services)):
        await place.book()
        await eventually(place.is_sent)
        await eventually(lambda: is_empty(place))
        async with place.services.db.connection() as own:
            await own.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database() AND usename = current_user"
            )
        await place.book()
        await eventually(place.is_sent)


async def test_sessions_are_opened_at_the_start(place: Place) -> None:
    product_id = await place.one("SELECT id FROM catalogue.product")
    template = Template(
        product_id=product_id,
        valid_from=date(2026, 1, 1),
        sessions=(PlannedSession(time(9), time(11), 5),),
    )
    await catalogue.upsert_templates(place.tx, [template])

    async def is_opened() -> bool:
        return await place.one("SELECT count(*) FROM booking.slot") == 1 + 32

    async with working(Worker(place.services)):
        await eventually(is_opened)


async def test_sigterm_ends_the_process(place: Place) -> None:
    variables = {
        "WENYUE_DATABASE_URL": place.url,
        "WENYUE_HOME": str(place.home),
        "WENYUE_DATABASE_POOL": "6",
    }
    await place.book()
    command = [sys.executable, "-c", "from wenyue.app import run_worker; run_worker()"]
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | variables, stderr=subprocess.PIPE
    )
    try:
        await eventually(place.is_judged)  # by its clock nobody came, which another's phone does not hear
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, errors.decode()) == (0, "")


async def test_the_texts_of_one_batch_become_jobs_of_bounded_size(place: Place) -> None:
    for _ in range(60):
        await place.book()
    await place.tell(Worker(place.services))
    cursor = await place.tx.execute(
        "SELECT task_name, jsonb_array_length(args -> 'booking_ids') FROM procrastinate_jobs ORDER BY id"
    )
    assert await cursor.fetchall() == [(SEND, 50), (SEND, 10)]


async def test_an_upgrade_loses_no_note_and_tells_nobody_twice(place: Place) -> None:
    """Notes that wait, a job that an earlier worker added, and a web process of the earlier version that still writes notes."""
    waiting, of_job, late = [await place.book() for _ in range(3)]
    await place.tx.execute("TRUNCATE events.event")  # as the earlier version wrote it:
    note = queries("wenyue.booking", "later.sql")["note_of_earlier_version"]
    async with place.services.db.connection() as tx:
        await tx.execute(note, {"kind": 1, "ids": [waiting], "at": world.START})
    jobs = JobQueue(place.services.db)
    jobs.define(DELIVER, nobody)
    async with place.services.db.transaction() as tx:
        await jobs.add(tx, DELIVER, [{"kind": 1, "booking_ids": [str(of_job)]}])
    transport = Slow()
    transport.gate.set()

    async def are_told() -> bool:
        return len(transport.sent) == 3

    async with working(Worker(place.services, sms=transport)):
        async with place.services.db.connection() as tx:
            await tx.execute(note, {"kind": 1, "ids": [late], "at": world.START})
        await eventually(are_told)
        await eventually(lambda: is_empty(place))
    told = "SELECT count(*), count(DISTINCT booking_id) FROM notifications.message WHERE channel = %s"
    for channel in ("inapp", "sms"):
        assert await (await place.tx.execute(told, [channel])).fetchall() == [(3, 3)]
    assert await place.one("SELECT count(DISTINCT booking_id) FROM gate.term") == 3


async def nobody(_arguments: Mapping[str, object], _is_last_try: bool) -> None:  # noqa: FBT001 - a job's shape
    raise AssertionError("this worker does no jobs")


async def test_what_is_told_again_is_sent_once(place: Place) -> None:
    for _ in range(3):
        await place.book()
    worker = Worker(place.services)
    await place.tell(worker)
    tables = ("notifications.message", "gate.term", "procrastinate_jobs", "abuse.finding")
    before = [await place.one(f"SELECT count(*) FROM {table}") for table in tables]
    await place.tx.execute("UPDATE events.subscriber SET done = '1:1:', target = NULL")
    await place.tell(worker)
    assert [await place.one(f"SELECT count(*) FROM {table}") for table in tables] == before
    assert before[0] == 6


async def test_an_account_that_books_for_many_persons_is_seen_when_it_does(place: Place) -> None:
    detector = place.services.abuse
    detector.rules = {**detector.rules, abuse.Pattern.MANY_PERSONS: abuse.PatternRule(2, 86_400)}
    card, worker = await world.card(place.tx, 7), Worker(place.services)
    findings = "SELECT pattern, subject, count FROM abuse.finding"
    for people in ((card.holder_key,), (world.person(8),)):
        assert await (await place.tx.execute(findings)).fetchall() == []
        request = world.request(card, place.slot_id, people=people)
        answer = await place.services.engine.book(request)
        assert answer.outcome is Outcome.CONFIRMED
        await place.tell(worker)
    subject = detector.subject("account", card.holder_id)
    assert await (await place.tx.execute(findings)).fetchall() == [("many-persons", subject, 2)]
