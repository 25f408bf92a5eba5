"""The newest backup is tried every day, and an empty, old or unreadable one is an alarm."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.support.backup_site import Site, Terminal, terminal
from tests.support.backup_site import site as empty_site
from tests.support.processes import await_true, is_living
from wenyue.ops.backup import existing
from wenyue.ops.backup.schedule import RETRY_AFTER, ZONE, Job, State, due

__all__ = ["empty_site", "terminal"]
AT = datetime(2026, 11, 22, 3, 30, tzinfo=ZONE)


@pytest.fixture(scope="module")
def site(empty_site: Site) -> Site:
    empty_site.book(3)
    return empty_site


def left(site: Site) -> dict[str, Any]:
    """What the monitor reads."""
    return json.loads((site.home / "backups" / "selftest.json").read_text(encoding="utf-8"))


def test_the_result_is_left_for_the_monitor(site: Site, terminal: Terminal) -> None:
    assert "no backups in" in terminal.bad(site.home, "backup", "selftest")
    first = left(site)
    assert (first["is_ok"], first["taken_at"]) == (False, None)
    assert "no backups in" in first["problem"]
    terminal.good(site.home, "backup")  # the note of a failed test is no other thing in the folder
    aside = site.home.with_name("elsewhere")
    assert "3 bookings" in terminal.good(site.home, "backup", "selftest", "--in", aside)
    good = left(site)
    assert (good["is_ok"], good["problem"], good["bookings"]) == (True, "", 3)
    assert good["backup"] == existing(site.backups).backups()[-1].name
    assert datetime.fromisoformat(good["at"]) - datetime.fromisoformat(good["taken_at"]) < timedelta(hours=1)
    assert list(aside.iterdir()) == []
    assert "3 bookings" in terminal.good(
        site.home, "backup", "selftest", "--in", site.backups
    )  # the larger disk
    assert not list(site.backups.glob(".backup-check-*"))


def test_an_old_and_an_unreadable_backup_alarm(site: Site, terminal: Terminal) -> None:
    disk = site.home.with_name("disk")
    terminal.good(site.home, "backup", "--to", disk)
    words = ("backup", "selftest", "--to", disk)
    assert "h old" in terminal.bad(site.home, *words, "--max-age-hours", "0")
    assert "h old" in left(site)["problem"]
    [one] = existing(disk).backups()
    (disk / one.name / "data" / "global" / "pg_control").unlink()
    assert "damaged" in terminal.bad(site.home, *words)
    assert left(site)["backup"] == one.name
    assert not left(site)["is_ok"]
    shutil.rmtree(disk)
    assert "no backups in" in terminal.bad(site.home, *words)


def test_a_server_of_the_operators_own_is_tried_too(site: Site, terminal: Terminal) -> None:
    """Backup, self-test and one venue's restore by URL."""
    with psycopg.connect(site.info.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE operator LOGIN SUPERUSER PASSWORD 'open sesame'")
    own = site.info.owner_url.replace("//wenyue_owner:", "//operator:")
    own = own.replace(own.split(":")[2].split("@")[0], "open%20sesame")
    home, disk = site.home.with_name("operator"), site.home.with_name("operators-disk")
    terminal.env = {"WENYUE_DATABASE_URL": own, "WENYUE_BACKUP_FOLDER": str(disk)}
    terminal.good(home, "backup")
    assert "3 bookings" in terminal.good(home, "backup", "selftest")
    with psycopg.connect(site.info.owner_url) as connection:
        connection.execute("DELETE FROM booking.place")
        connection.execute("DELETE FROM booking.line")
        connection.execute("DELETE FROM booking.booking")
    at = existing(disk).backups()[-1].finished_at.isoformat()
    assert "3 bookings restored" in terminal.good(home, "restore", "venue", "hill", "--to", at, "--yes")
    with psycopg.connect(site.info.superuser_url, autocommit=True) as connection:
        sessions = "SELECT FROM pg_stat_activity WHERE usename = 'operator'"  # until they end, temporary tables are theirs
        await_true(lambda: connection.execute(sessions).fetchone() is None)
        connection.execute("DROP ROLE operator")


def test_beside_up_backups_are_taken_and_tried_by_themselves(site: Site) -> None:
    disk = site.home.with_name("daily")
    (site.home / "backups" / "selftest.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "wenyue.cli", "backup", "keep"]
    environment = os.environ | {"WENYUE_HOME": str(site.home), "WENYUE_BACKUP_FOLDER": str(disk)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        report = site.home / "backups" / "selftest.json"
        await_true(report.exists, deadline_s=60)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == 10
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b"")
    assert not is_living(process.pid)
    assert left(site)["is_ok"]
    assert [one.kind for one in existing(disk).backups()] == ["full"]


def test_a_backup_is_due_once_a_day_and_a_full_one_once_a_week() -> None:
    day = timedelta(days=1)
    new = State()
    assert due(AT, new, 3) == [Job.FULL]
    assert due(AT, State(backup_tried_at=AT - RETRY_AFTER / 2), 3) == []  # it failed just now
    yesterday = State(
        backup_at=AT - day / 2, full_at=AT - day, backup="b", tested="b", tested_at=AT - day / 2
    )
    assert due(AT, yesterday, 3) == [Job.INCREMENTAL]
    assert due(AT - timedelta(hours=1), yesterday, 3) == []  # not before three
    assert due(AT.astimezone(UTC), yesterday, 3) == [Job.INCREMENTAL]  # whatever this machine's zone is
    week = State(backup_at=AT - day, full_at=AT - 7 * day, backup="b", tested="b", tested_at=AT)
    assert due(AT, week, 3) == [Job.FULL]


def test_a_new_backup_is_tried_and_the_last_one_every_day() -> None:
    done = State(backup_at=AT, full_at=AT, backup="new", tested="old", tested_at=AT - timedelta(days=1))
    assert due(AT, done, 3) == [Job.SELFTEST]
    tested = State(backup_at=AT, full_at=AT, backup="new", tested="new", tested_at=AT)
    assert due(AT, tested, 3) == []
    failed = State(backup_at=AT, full_at=AT, backup="new", tested="", tested_at=None, test_tried_at=AT)
    assert due(AT + RETRY_AFTER / 2, failed, 3) == []
    assert due(AT + RETRY_AFTER, failed, 3) == [Job.SELFTEST]
    stuck = State(
        backup_at=AT - timedelta(days=2),
        full_at=AT,
        backup="old",
        tested="old",
        tested_at=AT - timedelta(days=2),
        backup_tried_at=AT,
    )
    assert due(AT, stuck, 3) == [Job.SELFTEST]  # no newer one could be taken: the test says that it is old
