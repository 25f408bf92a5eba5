"""`wenyue up` with monitor and status page: everything else is killed, and they go on saying so."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
import typer
from typer.testing import CliRunner, Result

from tests.support.processes import await_end, await_true, descendants
from tests.support.watched import scene_for
from wenyue.monitoring import Memory
from wenyue.monitoring import make_checks as look_at
from wenyue.ops import monitoring, status
from wenyue.ops.monitor_process import status_socket, watchers
from wenyue.ops.ports import free_port
from wenyue.ops.processes import send
from wenyue.platform.config import load
from wenyue.platform.embedded_server import erase, find_running
from wenyue.platform.fault import SetupError
from wenyue.web.status.server import Place, StatusPage

COMMAND = [sys.executable, "-m", "wenyue.cli"]
READY_S = 90.0


class Installation:
    """One home with its `wenyue up`, monitor and status page included."""

    def __init__(self, home: Path) -> None:
        self.home, self.log = home, home.with_name("up.log")
        self.port, self.status_port = free_port(), free_port()
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("WENYUE_") or name == "WENYUE_LANG"
        }
        own = {"WENYUE_HOME": str(home), "WENYUE_PORT": str(self.port), "WENYUE_DEMO": "0"}
        self.environment = (
            clean | own | {"WENYUE_WEB_WORKERS": "1", "WENYUE_STATUS_PORT": str(self.status_port)}
        )
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "up"], env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        await_true(lambda: b"ready: " in self.log.read_bytes(), deadline_s=READY_S)

    def role(self, word: str) -> list[int]:
        """The processes whose command line has the word."""
        found: list[int] = []
        for pid in descendants(self.process.pid):
            try:
                if word in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0"):
                    found.append(pid)
            except OSError:
                continue
        return found

    def says(self, path: str) -> bytes | None:
        """What the status page answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.status_port}{path}", timeout=30) as answer:
                return answer.read()
        except OSError:
            return None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command beside it."""
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="module")
def site() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="wy-") as folder:
        one = Installation(Path(folder, "home"))
        yield one
        one.process.send_signal(signal.SIGCONT)
        one.process.terminate()
        one.process.wait(timeout=60)
        erase(one.home)


def test_monitor_and_status_page_beside_everything_else(
    site: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One installation, seen from all sides: starting it is what takes time."""
    everything_is_killed_and_the_page_lives_and_says_so(site)
    the_monitor_looks_once_for_people(site)
    operators_write_incidents(site)
    silences_are_written_and_lifted(site)
    a_taken_port_that_nobody_asked_for_is_done_without(site)
    a_standby_that_is_promised_is_missed_and_then_seen(site, monkeypatch, tmp_path)


def everything_is_killed_and_the_page_lives_and_says_so(site: Installation) -> None:
    """The supervisor is stopped meanwhile, so that nothing is started again before it was seen missing."""
    await_true(lambda: site.says("/") is not None)
    place = Place(site.home.with_name("other"), f"http://127.0.0.1:{site.port}", "")
    watched = StatusPage(place, every_s=0.1, probe_s=0.5)

    def state() -> str:
        asyncio.run(watched.tick())
        return json.loads(watched.shelf.pages["/status.json"].plain[1])["state"]

    def incidents() -> list[bool]:
        """Whether each is over."""
        told = json.loads(watched.shelf.pages["/status.json"].plain[1])["incidents"]
        return [one["closed_at"] is not None for one in told]

    await_true(lambda: state() == "ok")
    server = find_running(site.home)
    assert server is not None
    page_process = site.role("wenyue.web.status")
    os.kill(site.process.pid, signal.SIGSTOP)
    victims = [*site.role("web"), *site.role("worker"), *site.role("monitor"), server.pid]
    assert len(victims) >= 3
    assert send(victims, signal.SIGKILL) >= 3
    for pid in victims:
        await_end(pid)
    await_true(lambda: state() == "down" and incidents() == [False, False])
    page = site.says("/")
    assert page is not None
    assert "稳约" in page.decode()
    assert site.role("wenyue.web.status") == page_process
    os.kill(site.process.pid, signal.SIGCONT)
    await_true(lambda: state() == "ok" and incidents() == [True, True], deadline_s=READY_S)
    assert site.role("wenyue.web.status") == page_process
    await_true(lambda: site.role("monitor") != [])


def the_monitor_looks_once_for_people(site: Installation) -> None:
    await_true((site.home / "monitor" / "state.json").exists)
    shown = site.command("monitor", "once")
    assert shown.returncode in {0, 1}, shown.stdout + shown.stderr
    for word in ("database", "windows", "record", "clock"):
        assert word in shown.stdout
    assert run(site, monitoring.app, "full").exit_code == 0


def run(site: Installation, app: typer.Typer, *arguments: str) -> Result:
    """A command, in this process."""
    environment = {name: value for name, value in site.environment.items() if name.startswith("WENYUE_")}
    return CliRunner().invoke(app, arguments, env=environment)


def operators_write_incidents(site: Installation) -> None:
    words = {
        "--title-zh": "西门闸机维护",
        "--title-en": "West gates",
        "--zh": "请走南门",
        "--en": "Use the south door",
    }
    both = ("--zh", "好了", "--en", "Done")
    all_words = [part for pair in words.items() for part in pair]
    opened = run(site, status.app, "incident", "open", "entry", *all_words)
    assert opened.exit_code == 0, opened.output
    number = opened.output.strip()
    await_true(lambda: "西门闸机维护".encode() in (site.says("/") or b""))
    assert b"Use the south door" in (site.says("/en") or b"")
    assert run(site, status.app, "incident", "update", number, *both).exit_code == 0
    assert run(site, status.app, "incident", "close", number, *both).exit_code == 0
    assert isinstance(run(site, status.app, "incident", "close", number, *both).exception, SetupError)
    assert number in run(site, status.app, "incident", "list").output
    assert "booking" in str(run(site, status.app, "incident", "open", "moon", *all_words).exception)


def silences_are_written_and_lifted(site: Installation) -> None:
    done = run(site, monitoring.app, "silence", "disk", "--for", "30m", "--why", "moving data")
    assert "silent on all nodes" in " ".join(done.output.split())
    assert "moving data" in run(site, monitoring.app, "once").output
    assert "not silent" in run(site, monitoring.app, "silence", "disk", "--for", "0m").output
    for wrong, words in (
        (("silence", "moon"), "isn't a check"),
        (("silence", "disk", "--for", "9d"), "isn't a time span"),
        (("retire", "moon"), "no heartbeat is expected"),
    ):
        assert words in str(run(site, monitoring.app, *wrong).exception)


def a_taken_port_that_nobody_asked_for_is_done_without(site: Installation) -> None:
    said: list[str] = []
    environment = {"WENYUE_STATUS_PORT": str(site.status_port)}
    settings = load(environment)
    assert status_socket(settings, said.append) is None
    assert str(site.status_port) in said[0]
    assert [one.name for one in watchers(settings, {}, None)] == ["monitor"]
    assert status_socket(load({"WENYUE_STATUS": "0"}), said.append) is None
    os.environ |= environment
    try:
        with pytest.raises(SetupError):
            status_socket(settings, said.append)
    finally:
        del os.environ["WENYUE_STATUS_PORT"]


def a_standby_that_is_promised_is_missed_and_then_seen(
    site: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("wenyue.monitoring.store.PUSH_DEADLINE_S", 0.5)
    await_true(lambda: find_running(site.home) is not None)
    server = find_running(site.home)
    assert server is not None
    scene = scene_for(server.app_url, tmp_path)

    def promise(name: LiteralString) -> None:
        with psycopg.connect(server.superuser_url, autocommit=True) as owner:
            owner.execute("SET synchronous_commit = local")
            owner.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
            owner.execute("SELECT pg_reload_conf()")

    def found() -> list[str]:
        return sorted(
            one.subject
            for check in asyncio.run(look_at(scene, Memory()))
            for one in check.findings
            if one.check in {"database", "replication"} and not one.subject.endswith("slow")
        )

    try:
        promise("two")
        await_true(lambda: found() == ["database:write", "replication:sync"])
        program, url = (
            server.programs / "bin" / "pg_receivewal",
            f"{server.superuser_url}&application_name=two",
        )
        follower = subprocess.Popen(
            [program, "-d", url, "-D", tmp_path, "--synchronous"], stderr=subprocess.DEVNULL
        )
        try:
            await_true(lambda: found() == [])
        finally:
            follower.terminate()
            follower.wait(timeout=30)
    finally:
        promise("")
    await_true(lambda: found() == [])
