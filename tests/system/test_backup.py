"""Backups end to end: what was booked is restored to the instant, into a new home, and the source stays as it is."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from uuid import UUID

import psycopg
import pytest

from tests.support.backup_site import Site, Terminal, a_folder, a_site, booked, started, terminal
from tests.support.database import with_database
from tests.support.processes import await_true
from wenyue.ops.backup import existing
from wenyue.ops.backup.streaming import runs
from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import erase

__all__ = ["terminal"]
RUNBOOK = Path(__file__).parents[2] / "docs" / "backups.md"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with a_folder() as made:
        yield made


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Site]:
    with a_site(folder) as made:
        yield made


@pytest.fixture
def new(folder: Path) -> Iterator[Path]:
    """A home that does not exist yet."""
    home = folder / f"new-{time.monotonic_ns()}"
    yield home
    erase(home)


def tree_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_runbook_brings_deleted_bookings_back(
    site: Site, terminal: Terminal, folder: Path, new: Path
) -> None:
    """The commands are those of docs/backups.md, read from there; between them people book, and one errs."""
    blocks = re.findall(r"```sh\n(.*?)```", RUNBOOK.read_text(encoding="utf-8"), re.DOTALL)
    daily, restoring, checking = blocks[:3]
    place = {"BACKUPS": str(folder / "disk"), "KEYS": str(folder / "safe"), "NEW": str(new)}

    def run(block: str, **more: str) -> str:
        program, *words = shlex.split(Template(block).substitute(place | more))
        assert program == "wenyue"
        return terminal.good(site.home, *words)

    first = site.book(5)
    assert "full" in run(daily)
    second = site.book(4)
    assert "incremental" in run(daily)
    third = site.book(3)
    at = datetime.now(UTC)
    assert "ok: " in run(checking)
    site.lose_bookings()
    site.book(1)
    now = booked(site.info.owner_url)
    said = run(restoring, TIME=at.isoformat())

    assert "12 bookings" in said
    with started(new) as restored:
        assert booked(restored.app_url) == {*first, *second, *third}
        with psycopg.connect(restored.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("DELETE FROM booking.booking")
    assert booked(site.info.owner_url) == now  # the source is as it was
    assert (new / "keys.json").read_bytes() == (site.home / "keys.json").read_bytes()
    shutil.rmtree(new)
    erase(new)
    # The last state is not sound: the mistake did not touch what the cards had used.
    words = ("restore", "--from", place["BACKUPS"], "--into", new)
    line = terminal.bad(site.home, *words)
    assert "used, its bookings use" in line
    assert "--even-if-unsound" in line
    assert not new.exists()
    assert "check failed" in terminal.good(site.home, *words, "--even-if-unsound")
    with started(new) as restored:
        assert booked(restored.app_url) == now
    site.mend()


def test_the_restored_home_is_backed_up_and_restored_like_any_other(
    site: Site, terminal: Terminal, new: Path, folder: Path
) -> None:
    site.book(2)
    terminal.good(site.home, "backup", "--full")
    expected = booked(site.info.owner_url)
    terminal.good(site.home, "restore", "--into", new)
    line = terminal.bad(new, "backup", "--to", site.backups)
    assert "has the backups of" in line
    again = folder / "again"
    with started(new):  # on a timeline of its own now
        terminal.good(new, "backup", "--full")
        terminal.good(new, "restore", "--into", again)
    with started(again) as restored:
        assert booked(restored.app_url) == expected
    erase(again)


def test_while_people_book_every_instant_is_a_true_one(
    site: Site, terminal: Terminal, folder: Path, new: Path
) -> None:
    """Whatever was acknowledged before the instant is there, whatever was asked for after it is not."""
    history: list[tuple[datetime, datetime, list[UUID]]] = []
    enough = threading.Event()

    def book() -> None:
        while not enough.is_set():
            asked = datetime.now(UTC)
            ids = site.book(2)
            history.append((asked, datetime.now(UTC), ids))

    people = threading.Thread(target=book)
    people.start()
    try:
        terminal.good(site.home, "backup", "--full", "--to", folder / "busy")
        terminal.good(site.home, "backup", "--incremental", "--to", folder / "busy")
        done = len(history)
        await_true(lambda: len(history) > done + 3)
    finally:
        enough.set()
        people.join()
    at = history[-2][1]  # acknowledged, and one more booking followed
    terminal.good(site.home, "restore", "--from", folder / "busy", "--to", at.isoformat(), "--into", new)
    with started(new) as restored:
        found = booked(restored.app_url)
    assert {one for _, told, ids in history if told <= at for one in ids} <= found
    assert not {one for asked, _, ids in history if asked > at for one in ids} & found
    assert len(history) > 5


def test_backups_are_private_and_hold_no_key(site: Site, terminal: Terminal, folder: Path) -> None:
    safe = folder / "vault"
    said = terminal.good(site.home, "backup", "--keys-to", safe)
    assert "keep it away" in said
    assert stat.S_IMODE(site.backups.stat().st_mode) == 0o700
    [saved] = safe.iterdir()
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    key = json.loads((site.home / "keys.json").read_text(encoding="utf-8"))["index"]
    assert key in saved.read_text(encoding="utf-8")
    password = json.loads((site.home / "database.json").read_text(encoding="utf-8"))["passwords"]["postgres"]
    for name, content in tree_of(site.backups).items():
        assert key.encode() not in content, name
        assert password.encode() not in content, name
    assert "can't be stored with" in terminal.bad(site.home, "backup", "--keys-to", site.backups / "keys")


def test_old_backups_and_their_log_go(site: Site, terminal: Terminal, folder: Path, new: Path) -> None:
    disk = folder / "short"
    terminal.good(site.home, "backup", "--full", "--to", disk)
    terminal.good(site.home, "backup", "--to", disk)
    site.switch()
    terminal.good(site.home, "backup", "--full", "--keep", "1", "--to", disk)
    kept = existing(disk).backups()
    assert [one.kind for one in kept] == ["full"]
    [run] = runs(existing(disk))
    oldest = min(path.name for path in (disk / "log" / run).iterdir() if path.name != "index.json")
    assert int(oldest[16:24], 16) == kept[0].start_lsn // kept[0].segment_bytes
    assert "complete at" in terminal.good(site.home, "backup", "list", "--to", disk)
    terminal.good(site.home, "restore", "--from", disk, "--into", new)


def test_lost_log_begins_a_new_run_and_the_old_one_stays_restorable(
    site: Site, terminal: Terminal, folder: Path, new: Path
) -> None:
    """Whatever the server could not keep is told; a full backup begins anew, the server never waited."""
    disk = folder / "gap"
    terminal.good(site.home, "backup", "--to", disk)
    before = booked(site.info.owner_url)
    at = existing(disk).backups()[0].finished_at
    [run] = runs(existing(disk))
    with psycopg.connect(site.info.superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_drop_replication_slot(%s)", [run])
    site.book(1)
    said = terminal.good(site.home, "backup", "--to", disk)
    assert "is incomplete" in said
    assert [one.kind for one in existing(disk).backups()] == ["full", "full"]
    terminal.good(site.home, "restore", "--from", disk, "--to", at.isoformat(), "--into", new)
    with started(new) as restored:
        assert booked(restored.app_url) == before


def test_following_keeps_the_folder_seconds_behind(site: Site, terminal: Terminal, folder: Path) -> None:
    disk = folder / "live"
    terminal.good(site.home, "backup", "--to", disk)
    [run] = runs(existing(disk))
    command = [sys.executable, "-m", "wenyue.cli", "backup", "follow", "--every", "1", "--to", str(disk)]
    environment = os.environ | {"WENYUE_HOME": str(site.home)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        site.book(1)
        booked_at = datetime.now(UTC)
        await_true(lambda: existing(disk).stream(run).marks[-1][0] > booked_at)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_server_of_the_operators_own(site: Site, terminal: Terminal, folder: Path, new: Path) -> None:
    """By URL, with a role that may replicate; its database has another name and another owner."""
    with psycopg.connect(site.info.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE ext LOGIN REPLICATION CREATEROLE PASSWORD 'open sesame'")
        connection.execute("CREATE ROLE poor LOGIN PASSWORD 'open sesame'")
        connection.execute("CREATE DATABASE ext_db TEMPLATE template0 OWNER ext")
    url = with_database(site.info.superuser_url, "ext_db")
    own = re.sub(r"//postgres:[^@]+@", "//ext:open%20sesame@", url)
    migrate(own)
    with psycopg.connect(own) as connection:
        connection.execute(
            "INSERT INTO catalogue.venue (code, name, kind)"
            """ VALUES ('x', '{"zh-CN": "山", "en": "hill"}', 'attraction')"""
        )
    home = folder / "operator"
    said = terminal.good(home, "backup", "--to", folder / "ext", WENYUE_DATABASE_URL=own)
    assert "open sesame" not in said
    assert "open" not in (folder / "ext" / "wenyue-backups.json").read_text(encoding="utf-8")
    said = terminal.good(home, "restore", "--from", folder / "ext", "--into", new, WENYUE_DATABASE_URL="")
    assert "1 venues" in said
    with started(new) as restored, psycopg.connect(restored.owner_url) as connection:
        connection.execute("ALTER TABLE booking.booking ADD COLUMN mine int")  # the new home's owner owns it
    poor = own.replace("//ext:", "//poor:")
    line = terminal.bad(home, "backup", "--to", folder / "poor", WENYUE_DATABASE_URL=poor)
    assert "ALTER ROLE" in line
