"""What README and docs tell people to type is typed: in one scratch installation, in a sensible order, as it stands there.

The table is tests/support/doc_scenario.py. Placeholders stand for real things; a run is short and a file has few rows.
"""

from __future__ import annotations

import gzip
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
import typer.main

from tests.support.database import DbUrls
from tests.support.doc_commands import ROOT
from tests.support.doc_scenario import APART, SCENARIO, Step
from tests.support.processes import await_true
from wenyue import cli
from wenyue.core.clock import utc_now
from wenyue.ops.ports import free_port
from wenyue.platform.embedded_server import erase, find_running
from wenyue_lab.scale import showing
from wenyue_lab.scale.command import COSTS
from wenyue_lab.scale.model import UNITS, Costs, Unit

READY_S = 180.0  # a net: the demo is loaded meanwhile
RELEASED_S = 40.0
ROWS = 300
SETTINGS = {
    "WENYUE_HTTPS": "1",
    "WENYUE_WEB_WORKERS": "2",
    "WENYUE_MONITOR": "0",
    "WENYUE_STATUS": "0",
}


@dataclass
class Fixtures:
    """The installation, and what placeholders stand for."""

    home: Path
    work: Path
    names: dict[str, str] = field(default_factory=dict[str, str])

    def ask(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """As the owner of the schema."""
        server = find_running(self.home)
        assert server is not None
        with psycopg.connect(server.owner_url, autocommit=True) as owner:
            cursor = owner.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def text(self, step: Step) -> str:
        """The command as it is typed here."""
        text = step.text
        for placeholder, name in step.bound.items():
            if placeholder in text:
                text = text.replace(placeholder, name.format_map(self.names))
        return text


@contextmanager
def started(home: Path) -> Generator[None]:
    """`WENYUE_HTTPS=1 make up`, until the block ends; then Ctrl-C."""
    log = home.with_name("up.log")
    environment = os.environ | SETTINGS
    with (
        log.open("wb") as output,
        subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "make", "up"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as running,
    ):
        try:
            await_true(
                lambda: "https for other devices" in log.read_text(encoding="utf-8") or bool(running.poll()),
                deadline_s=READY_S,
            )
            assert "ready: http://127.0.0.1:" in log.read_text(encoding="utf-8")
            yield
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGINT)
            running.wait(timeout=READY_S)


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fixtures]:
    """A home that does not exist yet, and files to work with."""
    with tempfile.TemporaryDirectory(prefix="wy-") as folder:
        home, work = Path(folder, "home"), Path(folder, "work")
        work.mkdir()
        subprocess.run(
            ["scripts/bootstrap", "run"], cwd=ROOT, check=True
        )  # before a port is chosen: it may take long
        for name in ("PORT", "STATUS_PORT", "HTTPS_PORT"):
            monkeypatch.setenv(f"WENYUE_{name}", str(free_port()))
        monkeypatch.setenv("WENYUE_HOME", str(home))
        monkeypatch.setenv("COLUMNS", "300")
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        try:
            yield Fixtures(home, work, names_of(work))
        finally:
            for one in (home, *work.iterdir()):
                erase(one)


@pytest.fixture
def fixtures(scratch: Fixtures) -> Iterator[Fixtures]:
    """A fresh installation with the demo, which runs."""
    with started(scratch.home):
        yield scratch


def names_of(work: Path) -> dict[str, str]:
    """What the placeholders stand for from the beginning; files are written."""
    export, venues = work / "export.csv", work / "venues.csv"
    with gzip.open(ROOT / "tests" / "data" / "hotel-bookings-resort.csv.gz", "rt", encoding="utf-8") as rows:
        export.write_text("".join(next(rows) for _ in range(ROWS + 1)), encoding="utf-8")
    venues.write_text("province,name,latitude,longitude\n浙江,某某古镇,30.1,120.2\n", encoding="utf-8")
    day = utc_now().date()
    products, sessions = work / "products.csv", work / "sessions.csv"
    products.write_text("场馆,产品名称,价格\n某某古镇,日票,75\n", encoding="utf-8")
    sessions.write_text(
        f"场馆,产品,日期,开始时间,结束时间,容量\n某某古镇,日票,{day + timedelta(days=2)},09:00,17:00,100\n",
        encoding="utf-8",
    )
    return {
        "work": str(work),
        "export": str(export),
        "venues": str(venues),
        "products": str(products),
        "sessions": str(sessions),
        "map": str(ROOT / "examples" / "hotel-bookings.map.toml"),
        "backups": str(work / "backups"),
        "keys": str(work / "safe"),
        "first_day": f"{day + timedelta(days=3)}",
        "last_day": f"{day + timedelta(days=9)}",
    }


def a_release(fixtures: Fixtures) -> None:
    """A moment later: the room opens before it."""
    at = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(seconds=6)
    fixtures.names["release"] = at.strftime("%Y-%m-%dT%H:%M:%S")


def a_released_room(fixtures: Fixtures) -> None:
    """The worker has published the seed."""
    await_true(
        lambda: fixtures.ask("SELECT count(*) FROM waiting_room.room WHERE seed IS NOT NULL") != [(0,)],
        deadline_s=RELEASED_S,
    )


def a_partner(fixtures: Fixtures) -> None:
    """Somebody who said that they live."""
    fixtures.ask("SELECT monitoring.beat('ota:one', 60)")


def another_monitor(fixtures: Fixtures) -> None:
    """Of a machine that is gone."""
    fixtures.ask("SELECT monitoring.beat('monitor:elsewhere', 60)")


def another_block(fixtures: Fixtures) -> None:
    """The first one was lifted."""
    command = [sys.executable, "-m", "wenyue.cli", "abuse"]
    block = ["block", "guessed-secrets", "address:9.9.9.8", "--for", "1h", "--why", "rehearsal"]
    subprocess.run([*command, *block], check=True, capture_output=True)
    listed = subprocess.run([*command, "list"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"address:\S+", listed)
    assert found is not None, listed
    fixtures.names["subject"] = found.group()


def saved_keys(fixtures: Fixtures) -> None:
    """The file that `--keys-to` made."""
    [saved] = Path(fixtures.names["keys"]).glob("wenyue-keys-*.json")
    fixtures.names["saved"] = str(saved)


def unit_costs(fixtures: Fixtures) -> None:
    """As `wenyue scale measure` writes them."""
    units = {name: Unit(web_us=100, database_us=50, wal_bytes=1_000, out_bytes=500) for name in UNITS}
    fixtures.home.mkdir(exist_ok=True)
    showing.save(Costs(units, 10.0, 20_000, 0.02, 0.01, 140.0, 2), fixtures.home / COSTS)


READY: dict[str, Callable[[Fixtures], None]] = {
    "": lambda _: None,
    "a release": a_release,
    "a released room": a_released_room,
    "a partner": a_partner,
    "another block": another_block,
    "another monitor": another_monitor,
    "saved keys": saved_keys,
    "unit costs": unit_costs,
}
OF_THEIR_OWN = {"drill", "replay"}  # they start installations, which end with the process that started them
LEARNT = {  # what a command's output tells for later ones
    "room open": ("promise", r"([0-9a-f]{64})"),
    "abuse list": ("subject", r"(address:\S+)"),
    "incident open": ("number", r"(\S+)\s*$"),
}


def typed(text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """(status, output). `wenyue` runs in this process, as its entry point does; everything else in a shell."""
    words = shlex.split(text)
    with monkeypatch.context() as here:
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            here.setenv(name, value)
        if words[0] != "wenyue" or words[1] in OF_THEIR_OWN:
            done = subprocess.run(
                ["/bin/sh", "-c", text],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=READY_S,
                check=False,
            )
            return done.returncode, done.stdout + done.stderr
        here.setattr(sys, "argv", words)
        capsys.readouterr()
        before = signal.getsignal(signal.SIGTERM)
        command = typer.main.get_command(cli.app)
        try:
            status = cli.run_guarded(lambda: command.main(args=words[1:], prog_name="wenyue"))
        except SystemExit as end:
            status = int(end.code or 0)
        finally:
            signal.signal(signal.SIGTERM, before)
        printed = capsys.readouterr()
        return status, printed.out + printed.err


@pytest.mark.slow
def test_the_commands_of_the_documents_in_their_order(
    fixtures: Fixtures, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [problem for step in SCENARIO for problem in problems(step, fixtures, capsys, monkeypatch)]
    assert not found, "\n\n".join(found)


def groups() -> dict[str, list[Step]]:
    """Those that leave something for each other stand together: the drills, and the plans; every other alone."""
    found: dict[str, list[Step]] = {}
    for step in APART:
        together = [name for name in ("wenyue drill", "wenyue scale") if step.text.startswith(name)]
        found.setdefault(together[0] if together else step.text, []).append(step)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("group", list(groups()))
def test_the_commands_that_need_no_installation(
    group: str, scratch: Fixtures, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [problem for step in groups()[group] for problem in problems(step, scratch, capsys, monkeypatch)]
    assert not found, "\n\n".join(found)


def problems(
    step: Step, fixtures: Fixtures, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """What is wrong with one command, typed now."""
    READY[step.before](fixtures)
    try:
        text = fixtures.text(step)
    except KeyError as missing:
        yield f"`{step.text}` needs {missing} of an earlier command"
        return
    status, said = typed(text, capsys, monkeypatch)
    if status not in step.statuses or step.says not in said:
        yield f"`{text}` ended with status {status} and is to say {step.says!r}; it said:\n{said[-2000:]}"
    for words, (name, pattern) in LEARNT.items():
        found = re.search(pattern, said) if f" {words} " in f"{text} " else None
        if found is not None:
            fixtures.names[name] = found.group(1)


def is_at_work(role: str, home: Path, port: int) -> bool:
    """Whether a role did what only it does."""
    if role in {"web", "status"}:
        return answers(port, "/healthz" if role == "web" else "/status.json")
    return any(home.glob("metrics/worker-*" if role == "worker" else "monitor/state.json"))


def answers(port: int, path: str) -> bool:
    """Whether a page is there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


@pytest.mark.parametrize("role", ["web", "worker", "monitor", "status"])
def test_a_role_alone(role: str, tmp_path: Path, db_urls: DbUrls) -> None:
    port = free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WENYUE_") or name == "WENYUE_LANG"
    } | {
        "WENYUE_HOME": str(tmp_path),
        "WENYUE_DATABASE_URL": db_urls.app_url,
        "WENYUE_OWNER_DATABASE_URL": db_urls.owner_url,
        "WENYUE_PORT": str(port),
        "WENYUE_STATUS_PORT": str(port),
    }
    command = [sys.executable, "-m", "wenyue.cli"]
    subprocess.run([*command, "migrate", "--accept-keys"], env=environment, check=True, capture_output=True)
    with subprocess.Popen([*command, role], env=environment) as running:
        try:
            await_true(
                lambda: is_at_work(role, tmp_path, port) or running.poll() is not None, deadline_s=READY_S
            )
            assert running.poll() is None
        finally:
            running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=READY_S) in {0, -signal.SIGTERM}  # uvicorn ends as the signal says
