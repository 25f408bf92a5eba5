"""``wenyue up`` as a person meets it: it gets ready, collides clearly, ends cleanly, and leaves nothing."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.database import DbUrls
from tests.support.processes import await_end, await_true, descendants, is_living
from wenyue.cli import run_guarded
from wenyue.ops.ports import free_port
from wenyue.ops.processes import family
from wenyue.ops.sharing import taken_away
from wenyue.platform.database.db import DatabaseDown
from wenyue.platform.embedded_server import erase, find_running
from wenyue.platform.keys import load_keys
from wenyue.platform.supervisor import answers_ready

START_DEADLINE_S = 60.0
# Role → packages that it has no work for.
NEEDLESS = {
    "wenyue.cli": ("fastapi", "jinja2", "procrastinate", "psycopg", "pydantic", "rich"),
    "wenyue.ops.up": ("fastapi", "jinja2", "procrastinate", "psycopg_pool", "pydantic", "rich", "uvicorn"),
    "wenyue.app": ("attr", "procrastinate", "rich", "typer"),
    "wenyue.worker": ("fastapi", "jinja2", "pydantic", "rich", "segno", "starlette", "typer", "uvicorn"),
    "wenyue.web.status.__main__": ("fastapi", "procrastinate", "psycopg", "pydantic", "rich"),
    "wenyue.monitor": ("fastapi", "jinja2", "procrastinate", "pydantic", "rich", "typer"),
}
COMMAND = [sys.executable, "-m", "wenyue.cli"]

needs_app = pytest.mark.skipif(importlib.util.find_spec("wenyue.app") is None, reason="no application yet")


class Installation:
    """One home and port with its ``wenyue up``."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.port = free_port()
        self.log = home.with_name(f"{home.name}.log")
        self.variables = variables
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        """The variables of this installation, without those of the test session."""
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("WENYUE_") or name == "WENYUE_LANG"
        }
        own = {"WENYUE_HOME": str(self.home), "WENYUE_PORT": str(self.port), "WENYUE_DEMO": "0"}
        quiet = {"WENYUE_WEB_WORKERS": "2", "WENYUE_MONITOR": "0", "WENYUE_STATUS": "0"}
        return clean | own | quiet | self.variables

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command that is expected to end."""
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=START_DEADLINE_S,
            check=False,
        )

    def up(self) -> float:
        """Start and return the seconds until it said ``ready``."""
        started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "up"], env=self.environment(), stdout=log, stderr=subprocess.STDOUT
            )
        await_true(lambda: "ready: " in self.said() or not self.is_up(), deadline_s=START_DEADLINE_S)
        assert self.is_up(), self.said()
        return time.monotonic() - started

    def is_up(self) -> bool:
        """Whether the supervisor lives."""
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        """Everything that it printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal, wait for the end, return the status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=START_DEADLINE_S)

    def processes(self) -> list[int]:
        """All processes of the running installation."""
        assert self.process is not None
        return descendants(self.process.pid)


@pytest.fixture
def install() -> Iterator[Callable[..., Installation]]:
    """A function that prepares an installation in a folder of its own."""
    made: list[Installation] = []
    with tempfile.TemporaryDirectory(prefix="wy-") as folder:

        def make(name: str = "home", **variables: str) -> Installation:
            made.append(Installation(Path(folder, name), **variables))
            return made[-1]

        yield make
        for one in made:
            if one.is_up():
                one.end()
            erase(one.home)


def other_keys(folder: Path) -> str:
    """The key file of another installation."""
    load_keys(folder / "other")
    return (folder / "other" / "keys.json").read_text(encoding="utf-8")


@needs_app
def test_it_gets_ready_and_ends_without_a_trace(install: Callable[..., Installation]) -> None:
    one = install()
    one.up()
    assert f"ready: http://127.0.0.1:{one.port}" in one.said()
    assert f"http://127.0.0.1:{one.port}/console/live" in one.said()
    assert answers_ready("127.0.0.1", one.port)
    running = one.processes()
    assert len(running) > 4
    assert one.end() == 0, one.said()
    assert [pid for pid in running if is_living(pid)] == []
    assert find_running(one.home) is None
    one.variables["WENYUE_DEMO"] = "1"  # asked for too late: that was decided by the first start
    one.up()  # on everything that the first start made
    assert "demo" not in one.said()
    assert one.end(signal.SIGINT) == 0
    (one.home / "keys.json").rename(one.home / "lost.json")
    refused = one.run("up")  # with new keys every right PIN would be refused, and what is sealed be lost
    assert refused.returncode == 1
    assert "lacks keys.json" in refused.stderr
    assert not (one.home / "keys.json").exists()
    (one.home / "keys.json").write_text(other_keys(one.home.parent), encoding="utf-8")
    assert "isn't the key file of this database" in one.run("up").stderr


@needs_app
def test_suite_T2_a_warm_start_makes_nothing_again(install: Callable[..., Installation]) -> None:
    """What it costs is measured by `wenyue bench start`; here, that it does only what a start must."""
    one = install()
    assert "applied" in one.run("migrate").stdout
    one.up()
    before = one.said().partition("ready: ")[0].splitlines()
    # No database made, no migration applied, no process that died on the way.
    assert before == ["starting the database"]
    assert one.end() == 0


@needs_app
@pytest.mark.parametrize(("role", "needless"), NEEDLESS.items())
def test_suite_T2_a_process_loads_only_what_it_works_with(role: str, needless: tuple[str, ...]) -> None:
    """Most of a start is loading; each of these costs every start of its role a tenth of a second or more."""
    look_up = f"import sys, {role}; print(*sorted(name for name in sys.modules if '.' not in name))"
    loaded = subprocess.run([sys.executable, "-c", look_up], capture_output=True, text=True, check=True)
    assert set(loaded.stdout.split()) & set(needless) == set()


@needs_app
def test_kill_9_leaves_nothing(install: Callable[..., Installation]) -> None:
    one = install()
    one.up()
    running = one.processes()
    one.end(signal.SIGKILL)
    for pid in running:
        await_end(pid)
    one.up()  # and it starts again on what was left


@needs_app
def test_a_killed_database_comes_back(install: Callable[..., Installation]) -> None:
    one = install()
    one.up()
    server = find_running(one.home)
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    await_true(lambda: "the database ended unexpectedly" in one.said())
    await_true(lambda: answers_ready("127.0.0.1", one.port))
    assert one.end() == 0


@needs_app
def test_a_database_that_cannot_start_is_tried_again(install: Callable[..., Installation]) -> None:
    """Meanwhile web processes say that they are not ready, and the end is obeyed at once."""
    one = install()
    one.up()
    server = find_running(one.home)
    assert server is not None
    settings = server.data / "postgresql.auto.conf"
    kept = settings.read_text(encoding="utf-8")
    settings.write_text(kept + "no_such_setting = 1\n", encoding="utf-8")
    os.kill(server.pid, signal.SIGKILL)
    await_true(lambda: one.said().count("no_such_setting") >= 2)
    assert one.is_up()
    assert not answers_ready("127.0.0.1", one.port)
    settings.write_text(kept, encoding="utf-8")
    await_true(lambda: answers_ready("127.0.0.1", one.port))
    await_true(lambda: "the database is back after" in one.said())  # told after readiness
    assert "Traceback" not in one.said(), one.said()
    again = find_running(one.home)
    assert again is not None
    settings.write_text(kept + "no_such_setting = 1\n", encoding="utf-8")
    with taken_away(family(again.pid)):
        os.kill(again.pid, signal.SIGKILL)
        await_true(lambda: one.said().count("the database ended unexpectedly") == 2)
        assert one.end() == 0  # and waits less than the minutes that a start may take
    settings.write_text(kept, encoding="utf-8")


def test_a_role_that_starts_beside_a_database_that_goes_away_says_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def start() -> None:
        raise DatabaseDown("no connection")

    assert run_guarded(start) == 1
    assert capsys.readouterr().err.count("\n") == 1


@needs_app
def test_two_homes_run_side_by_side_and_one_home_once(install: Callable[..., Installation]) -> None:
    one, two = install("one"), install("two")
    one.up()
    two.up()
    assert answers_ready("127.0.0.1", one.port)
    again = Installation(one.home)
    refused = again.run("up")
    assert refused.returncode == 1
    assert f"http://127.0.0.1:{one.port}" in refused.stderr
    assert "already running" in refused.stderr


@needs_app
def test_an_operators_database_is_used(
    install: Callable[..., Installation], make_database: Callable[[], DbUrls]
) -> None:
    urls = make_database()
    one = install(WENYUE_DATABASE_URL=urls.app_url, WENYUE_OWNER_DATABASE_URL=urls.owner_url)
    one.up()
    assert answers_ready("127.0.0.1", one.port)
    assert one.end() == 0
    assert not (one.home / "database.json").exists()


def test_a_taken_port_is_one_line(install: Callable[..., Installation]) -> None:
    one = install()
    with socket.create_server(("127.0.0.1", one.port)):
        result = one.run("up")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert f"can't use port {one.port} on 127.0.0.1" in result.stderr
    assert result.stdout == ""


def test_a_database_that_is_down_is_one_line(install: Callable[..., Installation]) -> None:
    one = install(WENYUE_DATABASE_URL=f"postgresql://a:secret@127.0.0.1:{free_port()}/x")
    result = one.run("up")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "reach the database" in result.stderr
    assert "secret" not in result.stderr


def test_a_home_that_cannot_be_written_is_one_line(install: Callable[..., Installation]) -> None:
    one = install()
    one.home = Path("/proc/wenyue")
    result = one.run("up")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "WENYUE_HOME" in result.stderr


def test_a_mistyped_setting_is_one_line(install: Callable[..., Installation]) -> None:
    one = install(WENYUE_WEB_WORKERS="many")
    result = one.run("up")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "WENYUE_WEB_WORKERS='many'" in result.stderr


def test_migrate_runs_twice_and_stops_what_it_started(install: Callable[..., Installation]) -> None:
    one = install()
    first, second = one.run("migrate"), one.run("migrate")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "applied" in first.stdout
    assert "nothing to do" in second.stdout
    assert find_running(one.home) is None


def test_doctor_is_content_with_a_migrated_home(install: Callable[..., Installation]) -> None:
    one = install()
    one.run("migrate")
    result = one.run("doctor")
    assert result.returncode == 0, result.stdout
    assert "✗" not in result.stdout
    assert (
        "all good" in result.stdout or "0 faults" in result.stdout
    )  # next year's holidays may be unpublished


def test_help_lists_the_commands_without_importing_them(install: Callable[..., Installation]) -> None:
    result = install().run("--help")
    assert result.returncode == 0
    for name in ("up", "migrate", "doctor", "import", "replay", "bench"):
        assert f" {name} " in result.stdout


def test_a_terminal_without_chinese_gets_a_line_too(install: Callable[..., Installation]) -> None:
    one = install(PYTHONIOENCODING="ascii", WENYUE_LANG="zh-CN")
    one.home = Path("/proc/wenyue")
    result = one.run("up")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "WENYUE_HOME" in result.stderr
    assert "?" in result.stderr  # the Chinese, as far as this terminal can show it
