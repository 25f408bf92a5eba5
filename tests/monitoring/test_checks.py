"""Trouble is planted in a real database, and the monitor's round finds it; without trouble it finds nothing."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.watched import Watched, settled, watched
from wenyue import audit
from wenyue.core.clock import utc_now
from wenyue.monitoring import Memory, beat, open_alerts, retire, silence, silences
from wenyue.platform.keys import load_seal_keys

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Watched]:
    async with watched(make_database(), tmp_path) as made:
        yield made


async def test_a_sound_installation_is_quiet(fixtures: Watched) -> None:
    slots = [await fixtures.slot() for _ in range(25)]
    await fixtures.book(*slots[:1])
    await fixtures.book(slots[1], is_hold=False)
    fixtures.calm()
    checks = await fixtures.look()
    loud = {
        name: (one.problem, one.findings)
        for name, one in checks.items()
        if one.problem or any(f.severity.rank for f in one.findings)
    }
    assert loud == {}
    assert {
        "database",
        "replication",
        "holds",
        "events",
        "jobs",
        "no-shows",
        "record",
        "windows",
        "bookings",
    } <= set(checks)
    assert checks["windows"].says.startswith(
        "58 rows"
    )  # 25 days of venues with two pools each and two lines; the two booked now twice


async def test_work_that_waits_is_seen(fixtures: Watched) -> None:
    await fixtures.book(await fixtures.slot(), is_hold=True)
    fixtures.as_owner(
        "UPDATE booking.booking SET hold_until = now() - interval '61 seconds'",
        "UPDATE events.event SET at = now() - interval '61 seconds'",
        "UPDATE booking.slot SET ends_at = now() - interval '49 hours'",
    )
    assert await fixtures.says("holds") == ["holds warning"]
    assert await fixtures.says("no-shows") == ["no-shows warning"]


async def test_subscribers_that_are_behind_or_stuck_are_seen(fixtures: Watched) -> None:
    booking = await fixtures.book(await fixtures.slot())
    assert await fixtures.says("events") == ["events:nobody critical"]  # no worker has ever made one known
    fixtures.as_owner(
        "UPDATE events.event SET at = now() - interval '61 seconds'",
        "INSERT INTO events.subscriber (name, done) VALUES ('deaf', '1:1:'), ('alert', '1:1:')",
        "UPDATE events.subscriber SET done = pg_current_snapshot() WHERE name = 'alert'",
    )
    assert await fixtures.says("events") == ["events:deaf warning"]
    fixtures.as_owner(
        "UPDATE events.event SET at = now() - interval '11 minutes'",
        "UPDATE events.subscriber SET failures = 3, error = 'KeyError at gate.py:1', lost = 4, lost_at = now()"
        " WHERE name = 'deaf'",
        "INSERT INTO events.undelivered (subscriber, subject, event_id, tries, parked_at, since)"
        " SELECT 'alert', 'booking:1', n, 8, now(), now() FROM generate_series(1, 2) AS n",
    )
    found = (await fixtures.look())["events"]
    said = [(one.subject, one.severity.value) for one in found.findings]
    assert sorted(said) == [
        ("events:alert:parked", "warning"),
        ("events:deaf", "critical"),
        ("events:deaf:lost", "critical"),
    ]
    [behind] = [one for one in found.findings if one.subject == "events:deaf"]
    assert "1 event behind" in behind.text.say("en")
    assert "KeyError at gate.py:1" in behind.text.say("zh-CN")
    assert str(booking.id) not in repr(found)


async def test_jobs_that_wait_failed_or_were_left_behind_are_seen(fixtures: Watched) -> None:
    assert await fixtures.says("jobs") == []
    fixtures.as_owner(
        "INSERT INTO public.procrastinate_jobs (queue_name, task_name, status, scheduled_at)"
        " VALUES ('default', 'x', 'todo', now() - interval '3 minutes'), ('default', 'x', 'todo', now() + interval '1 hour')",
        "INSERT INTO public.procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'x', 'doing')",
        "INSERT INTO public.procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'x', 'failed')",
        """INSERT INTO public.procrastinate_events (job_id, type)
           SELECT id, 'failed' FROM public.procrastinate_jobs WHERE status = 'failed'""",
    )
    assert await fixtures.says("jobs") == [
        "jobs:abandoned warning",
        "jobs:age warning",
        "jobs:failed warning",
    ]


async def test_silent_partners_and_workers_are_seen(fixtures: Watched) -> None:
    await beat(fixtures.tx, "ota:one", 60)
    await beat(fixtures.tx, "worker:a", 60)
    assert await fixtures.says("partners") == []
    fixtures.as_owner("UPDATE monitoring.heartbeat SET at = now() - interval '181 seconds'")
    assert await fixtures.says("partners") == ["partners:ota:one warning"]
    assert await fixtures.says("worker") == ["worker critical"]
    assert await retire(fixtures.tx, "ota:one")
    assert not await retire(fixtures.tx, "ota:one")
    await beat(fixtures.tx, "worker:b", 60, "another one lives")
    assert await fixtures.says("partners") == []
    assert await fixtures.says("worker") == []
    with pytest.raises(psycopg.errors.CheckViolation):
        await beat(fixtures.tx, "No Such Name", 60)


async def test_the_record_is_watched(fixtures: Watched) -> None:
    await audit.record(
        fixtures.tx, [audit.Entry(utc_now() - timedelta(minutes=3), "test", "test.happened", "x")]
    )
    assert await fixtures.says("record") == ["record:unsealed warning"]
    await settled(fixtures.tx)
    async with fixtures.tx.transaction():
        assert await audit.seal(fixtures.tx, utc_now(), load_seal_keys(fixtures.scene.disks[0]))
    assert await fixtures.says("record") == []
    fixtures.as_owner("UPDATE audit.entry SET subject = 'y'")
    assert await fixtures.says("record") == []  # it was verified before, and is again a day later
    fixtures.memory = Memory()
    assert await fixtures.says("record") == ["record:broken critical"]


async def test_silences_are_shared_and_end(fixtures: Watched) -> None:
    await silence(fixtures.tx, "disk", utc_now() + timedelta(hours=1), "moving data")
    assert list(await silences(fixtures.tx)) == ["disk"]
    await silence(fixtures.tx, "disk", utc_now(), "")
    assert await silences(fixtures.tx) == {}
    assert await open_alerts(fixtures.tx) == {}
