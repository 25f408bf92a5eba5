"""Who writes into a backup folder, and has no key, gets nothing of his replayed: no segment, no history, no end of the log."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.support.backup_site import Site, Terminal, a_copy_of_backups, booked, site, started, terminal
from wenyue.ops.backup import existing
from wenyue.ops.backup.folder import Folder, read_note, write
from wenyue.ops.backup.model import Backup, Stream
from wenyue.ops.backup.restoring import plan
from wenyue.ops.backup.streaming import runs
from wenyue.ops.backup.vouching import trust_of
from wenyue.platform.embedded_server import erase
from wenyue.platform.embedded_server.peer import own
from wenyue.platform.embedded_server.place import settle
from wenyue.platform.fault import SetupError

__all__ = ["site", "terminal"]


@pytest.fixture
def disk(site: Site, terminal: Terminal) -> Iterator[Path]:
    """A copy of the site's backups: a full one, and log after it."""
    if not site.backups.exists():
        site.book(2)
        terminal.good(site.home, "backup", "--full")
        site.book(1)
        site.switch()
        site.book(1)
        terminal.good(site.home, "backup", "fetch")
    with a_copy_of_backups(site) as copy:
        yield copy


@pytest.fixture
def new(site: Site) -> Iterator[Path]:
    home = site.home.with_name(f"new-{time.monotonic_ns()}")
    yield home
    erase(home)
    shutil.rmtree(home, ignore_errors=True)


def _log(disk: Path) -> Path:
    [name] = runs(existing(disk))
    return disk / "log" / name


def _fork(disk: Path, attacker: Path, terminal: Terminal) -> Path:
    """The attacker's: a copy of the folder restored without keys, with a table of his, on a timeline of his; its log."""
    backups = [one.name for one in existing(disk).backups()]
    words = [word for name in (*backups, f"log/{_log(disk).name}") for word in ("--accept-unsigned", name)]
    home = attacker / "home"
    attacker.mkdir()
    (attacker / "own").mkdir()
    terminal.good(attacker / "own", "restore", "--from", disk, "--without-keys", *words, "--into", home)
    with started(home) as info, psycopg.connect(info.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.evil (a int)")
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("INSERT INTO public.evil VALUES (1)")
    return settle(home, lambda _: None).data / "pg_wal"


def _has_evil(home: Path) -> bool:
    with (
        started(home) as info,
        psycopg.connect(info.superuser_url.replace("/postgres?", "/wenyue?")) as connection,
    ):
        answers = [
            connection.execute("SELECT to_regclass('public.evil')").fetchone(),
        ]
    return any(row is not None and row[0] is not None for row in answers)


@pytest.fixture
def attacker(site: Site) -> Iterator[Path]:
    folder = site.home.with_name(f"attacker-{time.monotonic_ns()}")
    yield folder
    erase(folder / "home")
    shutil.rmtree(folder, ignore_errors=True)


def test_security_eighth_F2_log_of_somebody_elses_timeline_is_not_replayed(
    disk: Path, site: Site, terminal: Terminal, attacker: Path, new: Path
) -> None:
    theirs, run = _fork(disk, attacker, terminal), _log(disk)
    planted = [path for path in theirs.iterdir() if path.name.startswith("00000002")]
    assert any(path.suffix == ".history" for path in planted)
    for path in planted:
        shutil.copyfile(path, run / path.name)
    out = terminal.good(site.home, "restore", "--from", disk, "--into", new)
    assert not _has_evil(new)
    assert "aren't in any index and are left out" in out
    assert f"--accept-unsigned log/{run.name}" in out
    with started(new) as info:
        assert booked(info.app_url) == booked(site.info.owner_url)


def test_security_eighth_F2_a_run_without_an_index_is_refused(
    disk: Path, site: Site, terminal: Terminal, attacker: Path, new: Path
) -> None:
    theirs, run = _fork(disk, attacker, terminal), _log(disk)
    for path in theirs.iterdir():
        if path.name.startswith("00000002"):
            shutil.copyfile(path, run / path.name)
    for note in run.glob("index.json*"):
        note.unlink()
    assert f"--accept-unsigned log/{run.name}" in terminal.bad(
        site.home, "restore", "--from", disk, "--into", new
    )
    assert f"log/{run.name}" in terminal.bad(site.home, "backup", "check", "--to", disk)
    # What the backup itself holds needs no log.
    terminal.good(site.home, "restore", "--from", disk, "--into", new, "--to", "backup")
    assert not _has_evil(new)


def test_security_eighth_F2_an_accepted_run_does_not_replace_what_the_backup_holds(
    disk: Path, site: Site, terminal: Terminal, new: Path
) -> None:
    run, backup = _log(disk), existing(disk).backups()[-1]
    write(run / "index.json", Stream())
    segment = min(backup.log_sha256)
    (run / segment).unlink(missing_ok=True)
    (run / segment).write_bytes(b"\1" * backup.segment_bytes)
    words = ("--accept-unsigned", f"log/{run.name}")
    line = terminal.bad(site.home, "restore", "--from", disk, "--into", new, *words)
    assert f"it is not the log that {backup.name} has" in line
    assert not new.exists()


def test_security_eighth_F2_the_unfinished_segment_is_vouched_for_as_far_as_it_was_received(
    disk: Path, site: Site, terminal: Terminal, new: Path
) -> None:
    run = _log(disk)
    index = read_note(run / "index.json", Stream)
    assert index.unfinished is not None
    name, count, _ = index.unfinished
    partial = run / f"{name}.partial"
    content = partial.read_bytes()
    assert len(content) == count
    # Whatever is behind that is not used: an attacker's records begin there.
    partial.write_bytes(content + b"\1" * 8192)
    terminal.good(site.home, "restore", "--from", disk, "--into", new)
    with started(new) as info:
        assert booked(info.app_url) == booked(site.info.owner_url)
    partial.write_bytes(content[:-8] + b"\1" * 8)
    line = terminal.bad(site.home, "backup", "check", "--to", disk)
    assert "its checksum differs" in line
    assert name in line
    # As a whole one, which no index lists as whole.
    partial.rename(run / name)
    assert "its checksum differs" in terminal.bad(site.home, "backup", "check", "--to", disk)


def test_security_eighth_F2_the_next_fetch_vouches_for_nothing_that_lay_in_the_folder(
    site: Site, terminal: Terminal
) -> None:
    target = site.home.with_name(f"fetched-{time.monotonic_ns()}")
    terminal.good(site.home, "backup", "--full", "--to", target)
    run = _log(target)
    before = read_note(run / "index.json", Stream)
    assert before.unfinished is not None
    last = before.unfinished[0]
    (run / f"{last}.partial").unlink()
    (run / last).write_bytes(b"\1" * (16 << 20))  # the very one that comes next, and one far ahead
    (run / f"{last[:-2]}F0").write_bytes(b"\1" * (16 << 20))
    (run / "00000002.history").write_text("1\t0/1\tevil\n", encoding="ascii")
    (run / f"{last}.partial").write_bytes(b"\1" * (16 << 20))
    site.book(1)
    site.switch()
    site.book(1)
    terminal.good(site.home, "backup", "fetch", "--to", target)
    index = read_note(run / "index.json", Stream)
    assert trust_of(site.home, {}).knows(run / "index.json")
    assert last in index.segments
    assert not index.histories
    assert all(not name.endswith("F0") for name in index.segments)
    assert b"\1" * 64 not in (run / last).read_bytes()
    assert not (run / f"{last}.partial").exists()
    write(
        target / "wenyue-backups.json", msgspec.structs.replace(existing(target).note(), source="/elsewhere")
    )
    assert "ok:" in terminal.good(site.home, "backup", "check", "--to", target)
    shutil.rmtree(target)


def test_security_eighth_F2_a_note_that_changes_between_two_looks_is_refused(disk: Path, site: Site) -> None:
    """A file server may answer each look otherwise."""
    folder: Folder = existing(disk)
    wanted = plan(folder, None)
    trust = trust_of(site.home, {})
    assert wanted.run is not None
    run = {wanted.base.stream: wanted.run}
    trust.require(folder, wanted.chain, run)
    seen: list[Backup] = [msgspec.structs.replace(wanted.base, manifest_sha256="0" * 64)]
    with pytest.raises(SetupError, match="was changed"):
        trust.require(folder, seen, run)
    with pytest.raises(SetupError, match="was changed"):
        trust.require(folder, wanted.chain, {wanted.base.stream: Stream()})


def test_security_eighth_F2_a_restored_home_keeps_its_timeline_through_backup_and_restore(
    disk: Path, site: Site, terminal: Terminal, new: Path
) -> None:
    terminal.good(site.home, "restore", "--from", disk, "--into", new)
    third = new.with_name(f"{new.name}-third")
    target = new.with_name(f"{new.name}-backups")
    try:
        with started(new) as info:
            terminal.good(new, "backup", "--full", "--to", target)
            there = booked(info.app_url)
            index = read_note(_log(target) / "index.json", Stream)
        assert list(index.histories) == ["00000002.history"]
        terminal.good(new, "restore", "--from", target, "--into", third)
        with started(third) as info:
            assert booked(info.app_url) == there
        assert own(settle(third, lambda _: None)).timeline == 3
    finally:
        erase(third)
        for folder in (third, target):
            with suppress(OSError):
                shutil.rmtree(folder)
