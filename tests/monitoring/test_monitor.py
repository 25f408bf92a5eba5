"""The monitor's rounds: alerts leave by every way, survive a restart and a lost database, and are handed over."""

import asyncio
import json
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from tests.support.database import DbUrls
from tests.support.watched import Recorder, Watched, away, scene_for, watched
from wenyue.core.clock import utc_now
from wenyue.monitoring import (
    Alert,
    Book,
    Memory,
    Monitor,
    Notice,
    Severity,
    make_checks,
    open_alerts,
    save_alert,
)
from wenyue.monitoring.alerts import BLIND_ROUNDS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Watched]:
    async with watched(make_database(), tmp_path) as made:
        yield made


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wenyue.monitoring.rounds.CONNECT_AGAIN_S", 0.01)


async def test_a_lost_database_is_told_from_the_home_alone(tmp_path: Path) -> None:
    out, book = Recorder(), Book(tmp_path / "monitor")
    scene = away(scene_for("", tmp_path))
    await Monitor(scene, book, [out]).round()
    assert out.subjects() == ["fired database"]
    again = Recorder()
    await Monitor(scene, book, [again]).round()  # a new process: it knows what was told
    assert again.told == []
    state = json.loads((tmp_path / "monitor" / "state.json").read_text(encoding="utf-8"))
    assert [one["subject"] for one in state["alerts"]] == ["database"]


async def test_an_alert_and_its_end_stand_in_the_history(fixtures: Watched, tmp_path: Path) -> None:
    out = Recorder()
    monitor = Monitor(fixtures.scene, Book(tmp_path / "monitor"), [out])
    await fixtures.book(await fixtures.slot())
    fixtures.calm()
    fixtures.as_owner("UPDATE booking.pool SET sold = sold + 1")
    await monitor.round()
    assert "fired windows" in out.subjects()
    assert list(await open_alerts(fixtures.tx)) == ["windows"]
    fixtures.as_owner("UPDATE booking.pool SET sold = sold - 1")
    await monitor.round()
    await monitor.round()
    assert out.subjects()[-1] == "resolved windows"
    assert await open_alerts(fixtures.tx) == {}


async def test_an_alert_that_the_history_refuses_keeps_no_other_out(
    fixtures: Watched, tmp_path: Path
) -> None:
    scene = replace(fixtures.scene, urls=("http://127.0.0.1:1",))
    monitor = Monitor(scene, Book(tmp_path / "monitor"), [Recorder()])
    fixtures.as_owner("ALTER TABLE monitoring.alert ADD CHECK (subject NOT LIKE 'web:%')")
    await fixtures.book(await fixtures.slot())
    fixtures.calm()
    fixtures.as_owner("UPDATE booking.pool SET sold = sold + 1")
    await monitor.round()
    assert list(await open_alerts(fixtures.tx)) == ["windows"]


async def test_a_defect_of_one_check_is_told_and_blinds_no_other(tmp_path: Path) -> None:
    scene = replace(away(scene_for("", tmp_path)), certificates=(cast(str, 443),))
    checks = {one.name: one for one in await make_checks(scene, Memory())}
    assert checks["certificate"].problem == "TypeError"
    assert checks["database"].findings
    assert not checks["disk"].problem


async def test_another_monitor_goes_on_with_what_fires(fixtures: Watched, tmp_path: Path) -> None:
    await fixtures.book(await fixtures.slot())
    fixtures.calm()
    fixtures.as_owner("UPDATE booking.pool SET sold = sold + 1")
    one, two = Recorder(), Recorder()
    first = Monitor(replace(fixtures.scene, node="one"), Book(tmp_path / "a"), [one])
    second = Monitor(replace(fixtures.scene, node="two"), Book(tmp_path / "b"), [two])
    await first.round()
    await second.round()
    assert (one.subjects(), two.subjects()) == (["fired windows"], [])
    fixtures.as_owner("UPDATE monitoring.turn SET until = now() - interval '1 second'")
    await second.round()  # now it has the turn, and knows that people were told
    assert two.subjects() == []
    await first.round()
    fixtures.as_owner("UPDATE booking.pool SET sold = sold - 1")
    await second.round()
    await second.round()
    assert two.subjects() == ["resolved windows"]
    assert one.subjects() == ["fired windows"]
    said = two.told[0].alert.texts
    assert (said["zh-CN"][:7], said["en"][2:19]) == ("不变量被破坏 ", "broken invariants")


async def test_the_history_is_the_release_befores_too(fixtures: Watched) -> None:
    alert = Alert(
        "0b0a4d22-0000-4000-8000-000000000001", "web", "web", Severity.CRITICAL, {"en": "A"}, utc_now()
    )
    await save_alert(fixtures.tx, replace(alert, is_shared=True), "one", None)
    rows = await fixtures.tx.execute("SELECT says FROM monitoring.alert")
    assert await rows.fetchall() == [("A",)]
    fixtures.as_owner("UPDATE monitoring.alert SET texts = NULL")  # as that release writes it
    assert (await open_alerts(fixtures.tx))["web"].texts == {"en": "A"}


def test_the_book_of_alerts_is_the_release_befores_too(tmp_path: Path) -> None:
    alert = Alert("1", "disk:/srv", "disk", Severity.CRITICAL, {"zh-CN": "甲", "en": "A"}, utc_now(), told=2)
    book = Book(tmp_path)
    book.keep({alert.subject: alert})
    assert book.alerts() == {alert.subject: alert}
    [kept] = json.loads((tmp_path / "alerts.json").read_bytes())
    assert (kept["zh"], kept["en"], kept["told"]) == ("甲", "A", 2)
    del kept["texts"]
    (tmp_path / "alerts.json").write_text(json.dumps([kept]), encoding="utf-8")
    assert book.alerts() == {alert.subject: alert}


async def test_monitors_miss_each_other(fixtures: Watched, tmp_path: Path) -> None:
    out, stop = Recorder(), asyncio.Event()
    one = Monitor(replace(fixtures.scene, node="Host.1"), Book(tmp_path / "one"), [])
    other = Monitor(replace(fixtures.scene, node="host.2"), Book(tmp_path / "other"), [out])
    await other.round()  # it has the turn
    await one.round()
    fixtures.as_owner(
        "UPDATE monitoring.heartbeat SET at = now() - interval '181 seconds' WHERE partner = 'monitor:host.1'"
    )
    await other.round()
    assert out.subjects() == ["fired monitors:host.1"]
    stop.set()
    await one.run_rounds(stop)  # it ends in good order
    await other.round()
    await other.round()
    assert out.subjects()[1:] == ["resolved monitors:host.1"]


async def test_what_did_not_leave_is_tried_again(tmp_path: Path) -> None:
    shut, fine = Recorder("shut", is_shut=True), Recorder()
    monitor = Monitor(away(scene_for("", tmp_path)), Book(tmp_path / "monitor"), [shut, fine])
    await monitor.round()
    assert (shut.told, fine.subjects()) == ([], ["fired database"])
    shut.is_shut = False
    await monitor.round()
    assert shut.subjects() == ["fired database"]
    assert fine.subjects() == ["fired database"]


async def test_a_way_that_takes_long_keeps_no_other_waiting(tmp_path: Path) -> None:
    class After(Recorder):
        """Sends only when the way behind it has sent."""

        async def send(self, notice: Notice, /) -> None:
            await told.wait()
            await super().send(notice)

    class Fine(Recorder):
        async def send(self, notice: Notice, /) -> None:
            await super().send(notice)
            told.set()

    told = asyncio.Event()
    slow, fine = After("slow"), Fine()
    await Monitor(away(scene_for("", tmp_path)), Book(tmp_path / "monitor"), [slow, fine]).round()
    assert slow.subjects() == fine.subjects() == ["fired database"]


async def test_a_way_that_is_blocked_takes_a_bounded_part_of_a_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Blocked(Recorder):
        async def send(self, notice: Notice, /) -> None:
            asked.append(notice.alert.subject)
            if self.is_shut:
                await asyncio.Event().wait()
            await super().send(notice)

    monkeypatch.setattr("wenyue.monitoring.text_sender.SEND_DEADLINE_S", 0.2)
    asked: list[str] = []
    blocked = Blocked(is_shut=True)
    scene = replace(away(scene_for("", tmp_path)), urls=("http://127.0.0.1:1", "http://127.0.0.1:2"))
    monitor = Monitor(scene, Book(tmp_path / "monitor"), [blocked])
    await monitor.round()
    assert len(asked) == 1, "the others wait for the next round"
    blocked.is_shut = False
    await monitor.round()
    assert asked[-1] == asked[0], "what failed stands behind what was not tried"
    assert set(asked[1:]) >= {"database", *(f"web:{url}/readyz" for url in scene.urls)}
    assert sorted(blocked.subjects()) == sorted(f"fired {subject}" for subject in asked[1:])


async def test_a_home_that_cannot_be_written_does_not_stop_alerts(tmp_path: Path) -> None:
    (tmp_path / "monitor").write_text("a file where the folder should be", encoding="utf-8")
    out = Recorder()
    await Monitor(away(scene_for("", tmp_path)), Book(tmp_path / "monitor"), [out]).round()
    assert out.subjects() == ["fired database"]


@pytest.fixture
def hung(tmp_path: Path) -> Iterator[Path]:
    """A home on a disk that does not answer: what is opened there waits for somebody at the other end of a pipe."""
    book = tmp_path / "monitor"
    book.mkdir()
    pipes = [tmp_path / "selftest.json", book / "silences.json", book / f".alerts.json.{os.getpid()}"]
    for pipe in pipes:
        os.mkfifo(pipe)
    yield tmp_path
    for pipe in pipes:  # the disk answers: reading ends at once, writing has been taken
        os.close(os.open(pipe, os.O_RDWR))


async def test_a_home_that_hangs_is_told_and_keeps_nobody_from_being_told(
    fixtures: Watched, hung: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wenyue.monitoring.rounds.CHECK_DEADLINE_S", 0.3)
    monkeypatch.setattr("wenyue.monitoring.loop.HOME_DEADLINE_S", 0.1)
    out = Recorder()
    monitor = Monitor(fixtures.scene, Book(hung / "monitor"), [out])
    threads: list[int] = []
    async with asyncio.timeout(60):
        for _ in range(BLIND_ROUNDS):
            await monitor.round()
            threads.append(sum(one.name in {"backup", "silences", "book"} for one in threading.enumerate()))
    assert "fired monitor:backup" in out.subjects()
    assert threads == [3] * BLIND_ROUNDS, "what has not come back is not sent again"


async def test_a_time_server_that_cannot_be_looked_up_holds_no_round_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wenyue.monitoring.rounds.CHECK_DEADLINE_S", 0.1)
    monkeypatch.setattr("wenyue.monitoring.machine_checks.NTP_DEADLINE_S", 60.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        scene = replace(away(scene_for("", tmp_path)), ntp=f"127.0.0.1:{silent.getsockname()[1]}")
        async with asyncio.timeout(30):
            checks = {one.name: one for one in await make_checks(scene, Memory())}
    assert [one.subject for one in checks["clock"].findings] == ["clock:ntp-silent"]


async def test_it_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    stop, out = asyncio.Event(), Recorder()
    monitor = Monitor(away(scene_for("", tmp_path)), Book(tmp_path / "monitor"), [out])
    running = asyncio.create_task(monitor.run_rounds(stop))
    async with asyncio.timeout(20):
        while not out.told:
            await asyncio.sleep(0.01)
        stop.set()
        await running


def test_silences_of_this_machine_end(tmp_path: Path) -> None:
    book, now = Book(tmp_path), utc_now()
    assert book.silences(now) == {}
    book.silence("disk", now + timedelta(hours=1), "why", now)
    assert list(book.silences(now)) == ["disk"]
    assert book.silences(now + timedelta(hours=2)) == {}
    (tmp_path / "silences.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "alerts.json").write_text("{", encoding="utf-8")
    assert (book.silences(now), book.alerts()) == ({}, {})
    mistyped = '{"disk": {"until": "2099-01-01T00:00:00", "why": "no zone"}}'
    (tmp_path / "silences.json").write_text(mistyped, encoding="utf-8")
    assert book.silences(now) == {}
