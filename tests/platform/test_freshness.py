"""No role goes on with old facts unseen (security_C1): the process, the live page and the monitor say so."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import time

import psycopg
import pytest

from tests.support.clock import Clock
from tests.support.database import DbUrls
from tests.support.room_fixtures import RELEASE, RoomFixtures, at_the_room
from tests.support.watched import Recorder, away, scene_for
from wenyue.monitoring import Book, Monitor, old_facts
from wenyue.platform.database.freshness import BOUND_S, FACTS_MAX, Freshness
from wenyue.telemetry import Exchange, Snapshot
from wenyue.waiting_room import WaitingRooms, advance_waiting_rooms
from wenyue.web.console.live import look
from wenyue.web.console.words import RUNBOOKS, state_of

pytestmark = pytest.mark.anyio
NOBODY = 4_194_304 + 1  # above the greatest number of a process


class Steady:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def steady() -> Steady:
    return Steady()


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[RoomFixtures]:
    async with at_the_room(make_database(), tmp_path) as made:
        yield made


def old(freshness: Freshness) -> list[str]:
    return [one.name for one in freshness.ages() if one.is_old]


def test_what_is_not_renewed_is_old_and_what_fails_is_old_soon(
    steady: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    freshness = Freshness(steady)
    freshness.expect("rules")
    freshness.expect("task_daily", 90_000.0)
    steady.now += BOUND_S
    freshness.bad("task_daily")
    assert old(freshness) == []
    steady.now += 1
    assert old(freshness) == ["rules"]
    freshness.good("rules")
    steady.now += BOUND_S
    freshness.bad("task_daily")
    assert old(freshness) == ["task_daily"]
    for _ in range(2):
        freshness.log_changes()
    freshness.good("task_daily")
    freshness.log_changes()
    assert [record.message for record in caplog.records] == [
        "this process goes by old facts: task_daily, 41 s old",
        "renewed again: task_daily",
    ]


def test_what_rests_is_not_old(steady: Steady) -> None:
    freshness = Freshness(steady)
    freshness.expect("task_expire_holds")
    freshness.rest("task_expire_holds")
    steady.now += 10 * BOUND_S
    assert [(one.age_s, one.is_old) for one in freshness.ages()] == [(0.0, False)]
    freshness.good("task_expire_holds")
    steady.now += BOUND_S + 1
    assert old(freshness) == ["task_expire_holds"]


def test_what_nobody_expects_is_not_kept(steady: Steady) -> None:
    freshness = Freshness(steady)
    freshness.good("any")
    freshness.bad("any")
    assert list(freshness.ages()) == []
    for number in range(FACTS_MAX):
        freshness.expect(f"fact_{number}")
    with pytest.raises(ValueError, match="facts"):
        freshness.expect("one_more")


async def test_security_C1_a_process_whose_signal_cannot_be_written_says_so(
    fixtures: RoomFixtures, steady: Steady
) -> None:
    await fixtures.open()
    freshness = Freshness(steady)
    web = WaitingRooms(fixtures.db, fixtures.vault, fixtures.clock, lambda: fixtures.signal, freshness)
    await web.start(writes_signals=True)
    await web.stop()
    async with await psycopg.AsyncConnection.connect(fixtures.owner_url, autocommit=True) as owner:
        await owner.execute("ALTER TABLE waiting_room.load_signal ADD CHECK (limit_now < 0) NOT VALID")
    steady.now += BOUND_S + 1
    await web.try_to_refresh()
    assert old(freshness) == ["room_signal"]


async def test_security_C1_a_keeper_that_hears_no_web_process_says_so(
    fixtures: RoomFixtures, steady: Steady
) -> None:
    await fixtures.open()
    web, freshness = await fixtures.web(), Freshness(steady)
    freshness.expect("web_signals")

    async def keep() -> list[str]:
        async def left(*_: object) -> None:
            return None

        steady.now += BOUND_S + 1
        async with fixtures.db.transaction() as tx:
            await advance_waiting_rooms(
                tx, fixtures.vault, fixtures.clock(), places_left=left, freshness=freshness
            )
        return old(freshness)

    assert await keep() == []
    fixtures.clock.now = RELEASE + timedelta(seconds=60)
    assert await keep() == ["web_signals"]
    await fixtures.look(web)
    assert await keep() == []


def figures(folder: Path, process: str, at: float, **old_s: float) -> None:
    """A process's figures as `telemetry.Exchange` leaves them."""
    gauges = {"facts_age_seconds": old_s, "facts_old": dict.fromkeys(old_s, 1)}
    folder.mkdir(exist_ok=True)
    told = {"process": process, "role": process.partition("-")[0], "at": at, "gauges": gauges}
    (folder / f"{process}.json").write_text(json.dumps(told), encoding="utf-8")


async def test_security_C1_the_monitor_tells_old_facts_and_silent_processes(tmp_path: Path) -> None:
    folder, clock, out = tmp_path / "metrics", Clock(RELEASE), Recorder()
    scene = replace(away(scene_for("", tmp_path)), figures=folder, clock=clock)
    monitor = Monitor(scene, Book(tmp_path / "monitor"), [out])
    at = clock().timestamp()
    figures(folder, "web-1", at, room_signal=31.0)
    figures(folder, f"web-{NOBODY}", at - 60)  # it ended
    (folder / "web-2.json").write_text("{", encoding="utf-8")
    assert [(one.process, one.name) for one in old_facts(folder, at)] == [("web-1", "room_signal")]
    assert await monitor.is_newly_old()
    await monitor.round()
    assert "fired freshness:web-room_signal" in out.subjects()
    assert not await monitor.is_newly_old()
    figures(folder, "worker-1", at - 60)  # process 1 always lives
    assert await monitor.is_newly_old()
    await monitor.round()
    assert "fired freshness:worker-figures" in out.subjects()


async def test_a_process_without_a_database_tells_that_alone(tmp_path: Path) -> None:
    figures(tmp_path, "web-1", 1_000.0, rules=31.0)
    told = json.loads((tmp_path / "web-1.json").read_text(encoding="utf-8"))
    told["gauges"]["database_away"] = {"": 1}
    (tmp_path / "web-1.json").write_text(json.dumps(told), encoding="utf-8")
    assert old_facts(tmp_path, 1_000.0) == []


async def test_security_C1_the_live_page_says_what_is_old(tmp_path: Path, steady: Steady) -> None:
    freshness = Freshness(steady)
    exchange = Exchange(tmp_path, "web", [], freshness=freshness)
    freshness.expect("room_signal")
    worker = Snapshot(process="worker-1", role="worker", at=0.0)

    def state(locale: str) -> tuple[str, str, str, str]:
        live = look([], [exchange.snapshot(), worker], 1_000.0, "1h", "Asia/Shanghai")
        said = state_of(live, "en" if locale == "en" else "zh-CN", "")
        return said.tone, said.title, said.text, said.runbook

    assert state("en")[0] == "good"
    steady.now += 31
    assert state("en") == (
        "warn",
        "A process is using outdated data",
        "web: load signal for the waiting rooms not updated for 31 s.",
        RUNBOOKS["old"],
    )
    assert state("zh")[2] == "网页：给候场队列的负载信号已31秒没有更新。"


async def test_a_process_that_lives_and_is_silent_is_shown_for_an_hour(tmp_path: Path) -> None:
    figures(tmp_path / "metrics", "web-1", time() - 60)  # process 1 always lives
    figures(tmp_path / "metrics", f"web-{NOBODY}", time() - 60)
    figures(tmp_path / "metrics", "worker-1", time() - 4_000)
    _, *others = await Exchange(tmp_path, "worker", []).snapshots()
    assert [(one.process, one.gauges["facts_old"]) for one in others] == [("web-1", {"figures": 1})]
