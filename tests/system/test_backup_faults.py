"""What goes wrong with backups is one clear line, found before it matters, and leaves nothing half done."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.backup_site import Site, Terminal, a_copy_of_backups, a_folder, a_site, site, terminal
from tests.support.processes import await_end, await_true, descendants
from wenyue.ops.backup import existing
from wenyue.ops.backup import folder as folder_module
from wenyue.ops.backup.folder import Folder, require_room, write
from wenyue.ops.backup.model import Backup
from wenyue.ops.backup.programs import ProgramFault, run_program
from wenyue.ops.backup.streaming import runs
from wenyue.ops.backup.vouching import write_vouched
from wenyue.platform.embedded_server import base_folder, erase
from wenyue.platform.embedded_server.locks import held
from wenyue.platform.fault import SetupError

__all__ = ["site", "terminal"]


@pytest.fixture
def new(site: Site) -> Iterator[Path]:
    """A home that does not exist, and must not after a fault."""
    home = site.home.with_name(f"new-{time.monotonic_ns()}")
    yield home
    erase(home)


@pytest.fixture
def disk(site: Site, terminal: Terminal) -> Iterator[Path]:
    """A copy of the site's backups, to be damaged: a full and incremental ones, and finished segments between them.

    The source's newest log is not fetched for it.
    """
    if not site.backups.exists():
        site.book(3)
        terminal.good(site.home, "backup", "--full")
        site.book(3)
        terminal.good(site.home, "backup", "--incremental")
        site.switch()
        site.book(1)
        terminal.good(site.home, "backup", "--incremental")
    with a_copy_of_backups(site) as copy:
        yield copy


def flip(path: Path, offset: int | None = None) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if offset is None else offset] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def last(disk: Path) -> tuple[Folder, Backup]:
    folder = existing(disk)
    return folder, folder.backups()[-1]


def damage_file(disk: Path) -> None:
    _, backup = last(disk)
    files = [path for path in (disk / backup.name / "data" / "base").rglob("*") if path.is_file()]
    flip(max(files, key=lambda path: path.stat().st_size))


def damage_manifest(disk: Path) -> None:
    _, backup = last(disk)
    flip(disk / backup.name / "data" / "backup_manifest")


def remove_file(disk: Path) -> None:
    _, backup = last(disk)
    (disk / backup.name / "data" / "global" / "pg_control").unlink()


def damage_parent(disk: Path) -> None:
    first = existing(disk).backups()[0]
    flip(disk / first.name / "data" / "PG_VERSION", 0)


def damage_note(disk: Path) -> None:
    _, backup = last(disk)
    (disk / backup.name / "backup.json").write_text("{", encoding="utf-8")


def damage_log(disk: Path) -> None:
    folder, backup = last(disk)
    known = folder.stream(backup.stream).segments
    flip(folder.log / backup.stream / max(known))


@pytest.mark.parametrize(
    "damage", [damage_file, damage_manifest, remove_file, damage_parent, damage_note, damage_log]
)
def test_damage_is_found_before_anything_is_restored(
    disk: Path, site: Site, terminal: Terminal, new: Path, damage: Callable[[Path], None]
) -> None:
    damage(disk)
    line = terminal.bad(site.home, "restore", "--from", disk, "--into", new)
    assert "damaged" in line
    assert "damaged" in terminal.bad(site.home, "backup", "check", "--to", disk)
    assert not new.exists()
    assert not base_folder(new).exists()
    assert list(site.home.glob(".backup-check-*")) == []


@pytest.mark.parametrize("behind", [1, 2])
def test_a_missing_segment_is_named_with_the_time_that_is_still_reachable(
    disk: Path, site: Site, terminal: Terminal, new: Path, behind: int
) -> None:
    folder = existing(disk)
    first, _, newest = folder.backups()
    for one in folder.backups()[1:]:
        shutil.rmtree(disk / one.name)  # so that the log is needed
    gone = first.stop_lsn // first.segment_bytes + behind
    for path in (folder.log / newest.stream).glob(f"*{gone:08X}*"):
        path.unlink()
    line = terminal.bad(site.home, "restore", "--from", disk, "--into", new)
    assert f"segment {gone:X} of the log is missing" in line
    remedy = shlex.split(line.rpartition("with ")[2])
    assert terminal.good(site.home, "restore", "--from", disk, "--into", new, *remedy).count("bookings")
    shutil.rmtree(new)


def test_a_backup_that_is_old_from_the_future_or_missing_alarms(
    disk: Path, site: Site, terminal: Terminal
) -> None:
    assert "h old" in terminal.bad(site.home, "backup", "check", "--to", disk, "--max-age-hours", 0)
    _, backup = last(disk)
    future = datetime.now(UTC) + timedelta(hours=3)
    write(disk / backup.name / "backup.json", msgspec.structs.replace(backup, finished_at=future))
    assert "dated in the future" in terminal.bad(site.home, "backup", "check", "--to", disk)
    write(disk / "wenyue-backups.json", existing(site.backups).note())
    assert "dated in the future" in terminal.bad(site.home, "backup", "--to", disk)
    for one in existing(disk).backups():
        shutil.rmtree(disk / one.name)
    assert "no complete backup" in terminal.bad(site.home, "backup", "check", "--to", disk)
    assert "no backups in" in terminal.bad(site.home, "backup", "check", "--to", disk / "not")


def test_fewer_bookings_than_when_it_was_taken_alarm(disk: Path, site: Site, terminal: Terminal) -> None:
    _, backup = last(disk)
    more = {**backup.counts, "bookings": backup.counts["bookings"] + 1}
    write_vouched(disk / backup.name / "backup.json", msgspec.structs.replace(backup, counts=more), site.home)
    assert "there were" in terminal.bad(site.home, "backup", "check", "--to", disk)


def test_times_that_cannot_be_restored_are_refused(
    disk: Path, site: Site, terminal: Terminal, new: Path
) -> None:
    def refused(at: str) -> str:
        return terminal.bad(site.home, "restore", "--from", disk, "--into", new, "--to", at)

    assert "names no time zone" in refused("2026-11-22 12:30")
    assert "no time" in refused("yesterday")
    assert "is in the future" in refused("2126-11-22T12:30Z")
    assert "no complete backup existed" in refused("2020-01-01T00:00Z")
    now = datetime.now(UTC)
    assert "the log only reaches" in refused(now.isoformat())
    assert not new.exists()


def test_a_restore_never_touches_what_is_there(disk: Path, site: Site, terminal: Terminal) -> None:
    before = (site.home / "keys.json").read_bytes()
    assert "isn't empty" in terminal.bad(site.home, "restore", "--from", disk, "--into", site.home)
    assert (site.home / "keys.json").read_bytes() == before
    assert "is inside the backup folder" in terminal.bad(
        site.home, "restore", "--from", disk, "--into", disk / "x"
    )


def test_keys_of_another_installation_are_refused(
    disk: Path, site: Site, terminal: Terminal, new: Path, tmp_path: Path
) -> None:
    tmp_path.joinpath("keys.json").write_text("{}", encoding="utf-8")
    words = ("restore", "--from", disk, "--into", new)
    assert "doesn't have this backup's keys.json" in terminal.bad(site.home, *words, "--keys", tmp_path)
    assert not new.exists()


def test_another_version_is_refused(disk: Path, site: Site, terminal: Terminal, new: Path) -> None:
    for one in existing(disk).backups():
        write(disk / one.name / "backup.json", msgspec.structs.replace(one, server_version="17.2"))
    assert "PostgreSQL 17" in terminal.bad(site.home, "restore", "--from", disk, "--into", new)
    _, backup = last(disk)
    write(disk / backup.name / "backup.json", msgspec.structs.replace(backup, format=2))
    assert "newer wenyue" in terminal.bad(site.home, "restore", "--from", disk, "--into", new)


def test_unfit_destinations_are_refused(site: Site, terminal: Terminal, tmp_path: Path) -> None:
    inside = site.info.data / "backups"
    assert "is inside the database" in terminal.bad(site.home, "backup", "--to", inside)
    assert not inside.exists()
    (tmp_path / "file").touch()
    assert "cannot" in terminal.bad(site.home, "backup", "--to", tmp_path / "file")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "photos").mkdir()
    assert "contains other files (photos)" in terminal.bad(site.home, "backup", "--to", tmp_path / "full")
    assert "no database in" in terminal.bad(tmp_path / "nothing", "backup")
    assert not (tmp_path / "nothing").exists()
    if os.geteuid() != 0:  # root may write everywhere
        (tmp_path / "locked").mkdir(mode=0o500)
        assert "cannot use" in terminal.bad(site.home, "backup", "--to", tmp_path / "locked" / "x")


def test_a_disk_without_room_is_told_before_copying(tmp_path: Path) -> None:
    require_room(tmp_path, 1)
    with pytest.raises(SetupError, match="no space left for backups"):
        require_room(tmp_path, 1 << 62)


def test_one_backup_at_a_time(
    disk: Path, site: Site, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert disk.exists()
    monkeypatch.setattr(folder_module, "WAIT_S", 0.1)
    with held(site.backups / "backup.lock", note="process 7"):
        assert "another backup" in terminal.bad(site.home, "backup")


def test_what_a_killed_run_left_is_no_backup_and_goes(disk: Path, site: Site, terminal: Terminal) -> None:
    assert disk.exists()
    leftover = site.backups / ".partial-20260101T000000Z-full"
    half = site.backups / "20260101T000000Z-full"
    for path in (leftover, half):
        (path / "data").mkdir(parents=True)
    assert all("20260101" not in one.name for one in existing(site.backups).backups())
    terminal.good(site.home, "backup")
    assert not leftover.exists()
    assert not half.exists()


def test_a_killed_backup_takes_its_programs_along(disk: Path, site: Site) -> None:
    assert disk.exists()
    before = existing(site.backups).backups()
    command = [sys.executable, "-m", "wenyue.cli", "backup", "--full"]
    with subprocess.Popen(
        command, env=os.environ | {"WENYUE_HOME": str(site.home)}, stdout=subprocess.DEVNULL
    ) as process:
        await_true(lambda: bool(list(site.backups.glob(".partial-*/data"))))
        programs = descendants(process.pid)
        process.kill()
    for pid in programs:
        await_end(pid)
    assert existing(site.backups).backups() == before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_what_a_program_forked_ends_with_it(number: signal.Signals, tmp_path: Path) -> None:
    """As pg_basebackup forks the one that fetches the log, which waits for a word from it that never comes."""
    program = tmp_path / "bin" / "forks"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n/bin/sleep 300 &\nwait\n", encoding="ascii")
    program.chmod(0o700)
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored beneath a shell's `&`
        "from wenyue.ops.backup.programs import run_program; from pathlib import Path; run_program(Path(), 'forks', [])"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        await_true(lambda: any(_is_named("sleep", pid) for pid in descendants(process.pid)))
        family = descendants(process.pid)
        process.send_signal(number)
    for pid in family:
        await_end(pid, deadline_s=10)


def test_a_program_that_takes_too_long_ends_with_all_it_forked(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "forks"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n/bin/sleep 300 &\necho $! > {tmp_path}/pid\nwait\n", encoding="ascii")
    program.chmod(0o700)
    with pytest.raises(ProgramFault, match="status -9"):
        run_program(tmp_path, "forks", [], deadline_s=2.0)
    await_end(int((tmp_path / "pid").read_text(encoding="ascii")), deadline_s=10)


def _is_named(name: str, pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == name
    except OSError:
        return False


@pytest.mark.skipif(os.geteuid() != 0, reason="only as root the data lies outside of its home")
def test_the_data_of_a_removed_home_is_not_restored_over(
    disk: Path, site: Site, terminal: Terminal, new: Path
) -> None:
    base = base_folder(new)
    base.mkdir()
    try:
        assert "earlier installation" in terminal.bad(site.home, "restore", "--from", disk, "--into", new)
        assert base.exists()
    finally:
        base.rmdir()


def test_an_empty_installation_alarms(terminal: Terminal) -> None:
    with a_folder() as folder, a_site(folder) as empty:
        terminal.good(empty.home, "backup")
        assert runs(existing(empty.backups))
        assert "it is empty" in terminal.bad(empty.home, "backup", "check")
        assert "exclude each other" in terminal.bad(empty.home, "backup", "--full", "--incremental")
