"""The worker when something fails or ends: itself, a job, a transport, the database; and what it leaves undone then."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.database import DbUrls
from tests.support.worker_place import Place, Slow, eventually, worker_place, working
from wenyue.application.jobs.send_texts import TextsLeft
from wenyue.worker import Task, Worker

pytestmark = pytest.mark.anyio


@pytest.fixture
async def place(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Place]:
    async with worker_place(make_database(), tmp_path) as made:
        yield made


async def test_the_job_in_progress_is_finished_before_the_end(place: Place) -> None:
    await place.book()
    transport = Slow()
    worker = Worker(place.services, sms=transport)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run_worker(stop))
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
    running = asyncio.create_task(Worker(place.services, sms=transport).run_worker(stop))
    await asyncio.wait_for(transport.asked.wait(), 20)
    stop.set()
    await asyncio.wait_for(running, 30)  # the job itself would never end
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
        await eventually(place.is_idle)
        async with place.services.db.connection() as own:
            await own.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database() AND usename = current_user"
            )
        await place.book()
        await eventually(place.is_sent)


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
