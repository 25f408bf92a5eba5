"""Who writes into a backup folder, or has the server's account, gets nothing of root's: links, files that nobody lists, notes."""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

import wenyue
from tests.support.backup_site import Site, Terminal, a_copy_of_backups, site, terminal
from wenyue.ops.backup import existing
from wenyue.ops.backup.folder import read_note, write
from wenyue.ops.backup.model import Backup, Stream
from wenyue.platform.embedded_server import erase
from wenyue.platform.embedded_server.account import Account
from wenyue.platform.embedded_server.owning import change_plain, hand_over, read_plain, write_plain
from wenyue.platform.fault import SetupError

__all__ = ["site", "terminal"]
SECRET = "only root may read this"


@pytest.fixture
def disk(site: Site, terminal: Terminal) -> Iterator[Path]:
    """A copy of the site's backups: a full one, and an incremental one that continues it."""
    if not site.backups.exists():
        site.book(2)
        terminal.good(site.home, "backup", "--full")
        site.book(1)
        terminal.good(site.home, "backup", "--incremental")
    with a_copy_of_backups(site) as copy:
        yield copy


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    file = tmp_path / "mine"
    file.write_text(SECRET, encoding="utf-8")
    file.chmod(0o600)
    return file


def _last(disk: Path) -> Path:
    return disk / existing(disk).backups()[-1].name


def _link(disk: Path, mine: Path) -> str:
    (_last(disk) / "data" / "evil").symlink_to(mine)
    return "data/evil"


def _link_to_folder(disk: Path, mine: Path) -> str:
    (_last(disk) / "data" / "base" / "evil").symlink_to(mine.parent)
    return "base/evil"


def _link_for_a_listed_file(disk: Path, mine: Path) -> str:
    del mine
    file = _last(disk) / "data" / "PG_VERSION"
    shutil.copy(file, disk / "aside")
    file.unlink()
    file.symlink_to(disk / "aside")
    return "data/PG_VERSION"


def _file(disk: Path, mine: Path) -> str:
    del mine
    (_last(disk) / "data" / "pg_wal" / "00000001000000000000FFFF").write_text("x", encoding="utf-8")
    return "00000001000000000000FFFF"


def _queue(disk: Path, mine: Path) -> str:
    del mine
    os.mkfifo(_last(disk) / "data" / "queue")
    return "data/queue"


def _folder_is_a_link(disk: Path, mine: Path) -> str:
    del mine
    data = _last(disk) / "data"
    data.rename(disk / "aside")
    data.symlink_to(disk / "aside")
    return "/data"


@pytest.mark.parametrize(
    "plant", [_link, _link_to_folder, _link_for_a_listed_file, _file, _queue, _folder_is_a_link]
)
def test_security_third_what_the_manifest_does_not_list_is_refused(
    disk: Path, site: Site, terminal: Terminal, mine: Path, plant: Callable[[Path, Path], str]
) -> None:
    named = plant(disk, mine)
    before = mine.stat()
    line = terminal.bad(site.home, "backup", "check", "--to", disk)
    assert "is damaged" in line
    assert named in line
    new = site.home.with_name(f"new-{time.monotonic_ns()}")
    assert named in terminal.bad(site.home, "restore", "--from", disk, "--into", new)
    assert not new.exists()
    after = mine.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


def test_security_third_a_segment_of_the_log_that_is_a_link_is_not_read(
    disk: Path, site: Site, terminal: Terminal, mine: Path
) -> None:
    [folder] = (disk / "log").iterdir()
    for segment in [path for path in folder.iterdir() if path.name.startswith("0000")]:
        segment.unlink()
        segment.symlink_to(mine)
    assert f"{folder}/0000" in terminal.bad(site.home, "backup", "check", "--to", disk)


def test_security_third_a_backup_is_of_this_installation_or_is_named(
    disk: Path, site: Site, terminal: Terminal
) -> None:
    assert "ok:" in terminal.good(site.home, "backup", "check", "--to", disk)
    full, last = (disk / one.name for one in existing(disk).backups())
    (last / "backup.json.hmac").unlink()
    line = terminal.bad(site.home, "backup", "check", "--to", disk)
    assert "no keyed note: an older wenyue made it" in line
    named = ("--accept-unsigned", last.name)
    assert f"--accept-unsigned {last.name}" in line
    assert "ok:" in terminal.good(site.home, "backup", "check", "--to", disk, *named)
    (full / "backup.json.hmac").write_text("0" * 64, encoding="utf-8")
    line = terminal.bad(site.home, "backup", "check", "--to", disk, *named)
    assert "not by these keys" in line
    assert full.name in line


def test_security_third_a_note_and_an_index_that_were_changed_are_refused(
    disk: Path, site: Site, terminal: Terminal
) -> None:
    last = _last(disk)
    found = read_note(last / "backup.json", Backup)
    write(last / "backup.json", msgspec.structs.replace(found, counts={}))
    assert "not by these keys" in terminal.bad(site.home, "backup", "check", "--to", disk)
    write(last / "backup.json", found)
    [folder] = (disk / "log").iterdir()
    stream = read_note(folder / "index.json", Stream)
    write(folder / "index.json", msgspec.structs.replace(stream, segments={}))
    line = terminal.bad(site.home, "backup", "check", "--to", disk)
    assert f"log/{folder.name}" in line
    new = site.home.with_name(f"new-{time.monotonic_ns()}")
    assert "--accept-unsigned" in terminal.bad(site.home, "restore", "--from", disk, "--into", new)
    named = ("--accept-unsigned", f"log/{folder.name}")
    assert "restored in" in terminal.good(site.home, "restore", "--from", disk, "--into", new, *named)
    erase(new)
    shutil.rmtree(new)


@pytest.mark.parametrize("changed", [{"name": "../elsewhere"}, {"stream": "../../etc"}])
def test_security_third_a_note_leads_nowhere_else(
    disk: Path, site: Site, terminal: Terminal, changed: dict[str, str]
) -> None:
    note = _last(disk) / "backup.json"
    write(note, msgspec.structs.replace(read_note(note, Backup), **changed))
    assert "is damaged" in terminal.bad(site.home, "backup", "check", "--to", disk)


def test_security_third_what_an_older_version_began_is_not_continued(site: Site, terminal: Terminal) -> None:
    target = site.home.with_name(f"older-{time.monotonic_ns()}")
    terminal.good(site.home, "backup", "--full", "--to", target)
    for note in target.rglob("*.hmac"):
        note.unlink()
    said = terminal.good(site.home, "backup", "--to", target)
    assert "no keyed note of this installation" in said
    assert "ok:" in terminal.good(site.home, "backup", "check", "--to", target)
    assert [one.kind for one in existing(target).backups()] == ["full", "full"]


def _account() -> Account:
    is_root = os.geteuid() == 0
    return Account("one", 12_345 if is_root else os.getuid(), 12_345 if is_root else os.getgid(), is_root)


def test_security_third_owning_follows_no_link(tmp_path: Path, mine: Path) -> None:
    root = tmp_path / "data"
    (root / "base" / "1").mkdir(parents=True)
    (root / "base" / "1" / "2").write_text("2", encoding="utf-8")
    (root / "link").symlink_to(mine)
    (root / "base" / "folder").symlink_to(tmp_path)
    mine.chmod(0o640)
    before = mine.stat()
    hand_over(root, _account())
    assert (mine.stat().st_uid, mine.stat().st_mode) == (before.st_uid, before.st_mode)
    for path in (root, root / "base", root / "base" / "1", root / "base" / "1" / "2", root / "link"):
        assert path.lstat().st_uid == _account().uid
    assert stat.S_IMODE((root / "base" / "1").stat().st_mode) == 0o700
    assert stat.S_IMODE((root / "base" / "1" / "2").stat().st_mode) == 0o600
    os.link(mine, root / "second-name")
    with pytest.raises(SetupError, match="second-name"):
        hand_over(root, _account())


def test_security_third_writing_follows_no_link(tmp_path: Path, mine: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(mine)
    with pytest.raises(OSError, match="symbolic"):
        change_plain(link, "mine no more")
    with pytest.raises(OSError, match="symbolic"):
        read_plain(link)
    write_plain(link, "a file of its own")
    assert (mine.read_text(encoding="utf-8"), link.is_symlink()) == (SECRET, False)


def test_security_third_root_opens_nothing_by_name_in_a_folder_of_the_servers_account() -> None:
    follows = re.compile(
        r"(?:place\.data|partial) / [^)\n]*\)+\.(?:write_text|write_bytes|touch|open|chmod)\("
    )
    assert follows.search('(partial / "PG_VERSION").write_text(version)')  # what it would find
    source = Path(wenyue.__file__).parent
    files = [
        *source.glob("infra/server/*.py"),
        *source.glob("ops/backup/**/*.py"),
        *source.glob("ops/standby/*.py"),
    ]
    found = [
        f"{path.name}: {line}"
        for path in files
        for line in path.read_text("utf-8").splitlines()
        if follows.search(line)
    ]
    assert len(files) > 30
    assert found == []
