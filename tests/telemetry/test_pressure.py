"""What waits in the database, as a worker tells it: holds past their time, notes, jobs, sessions about to sell out."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.api_site import ApiSite, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import NOW
from wenyue.booking import pressure
from wenyue.platform.jobs.waiting import waiting_jobs
from wenyue.telemetry import Exchange, metrics_text
from wenyue.worker import Worker

pytestmark = pytest.mark.anyio


@pytest.fixture
async def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def site(urls: DbUrls, tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(lambda: urls, tmp_path) as site:
        yield site


async def test_nothing_waits_at_first(site: ApiSite) -> None:
    async with site.app.services.db.transaction() as tx:
        found = await pressure(tx, NOW)
        assert await waiting_jobs(tx, NOW) == ({"todo": 0, "doing": 0, "failed": 0}, 0.0)
    assert (found.holds_overdue, found.holds_overdue_s) == (0, 0.0)


async def test_a_hold_past_its_time_and_a_tight_session_are_told(site: ApiSite, urls: DbUrls) -> None:
    who = await site.traveller()
    slot = (await site.slots("lake"))[0]
    held = await site.book(who, slot["slot_id"], hold=True)
    assert held.status_code == 201, held.text
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        await tx.execute(
            "UPDATE booking.pool SET sold = capacity - held - 7"
            " WHERE id = (SELECT pool_ids[1] FROM booking.slot WHERE id = %s)",
            (slot["slot_id"],),
        )
    later = NOW + timedelta(hours=1)
    async with site.app.services.db.transaction() as tx:
        found = await pressure(tx, later)
    assert found.holds_overdue == 1
    assert 30 * 60 < found.holds_overdue_s < 3600
    [scarce] = found.scarce
    assert (scarce.venue, scarce.left, scarce.capacity) == ({"zh-CN": "镜湖", "en": "Mirror Lake"}, 7, 400)
    assert (scarce.on_date.isoformat(), scarce.starts) == (slot["on_date"], "08:00")


async def test_the_worker_tells_it_and_how_its_tasks_do(site: ApiSite, tmp_path: Path) -> None:
    worker = Worker(site.app.services)
    exchange = Exchange(tmp_path / "own", "worker", [worker.figures.fill])
    for task in worker.tasks:
        if task.name.startswith("tell "):  # what the site was furnished with happened, too
            await task.run()
    [look] = [task for task in worker.tasks if task.name == "look at what waits"]
    assert exchange.snapshot().scarce is None, "nothing is told before it was looked at"
    assert await look.run() is False
    worker.figures.of("look at what waits").note(0.25, is_good=True)
    worker.figures.of("mark no-shows").note(0.5, is_good=False)
    text = metrics_text([exchange.snapshot()]).decode()
    process = f'process="{exchange.process}"'
    assert f'wenyue_worker_task_seconds_total{{{process},task="look_at_what_waits"}} 0.25' in text
    assert f'wenyue_worker_task_failures_total{{{process},task="mark_no_shows"}} 1.0' in text
    assert f'wenyue_jobs_waiting{{{process},state="todo"}} 0.0' in text
    for name in ("gate-index", "messages", "suspicious-accounts"):
        assert f'wenyue_events_oldest_seconds{{{process},subscriber="{name}"}} 0.0' in text
        assert f'wenyue_events_parked{{{process},subscriber="{name}"}} 0.0' in text
    assert 'task_last_success_seconds{process="' in text
    assert exchange.snapshot().scarce == []
