"""Who writes into a backup folder makes whoever backs up, perhaps root, delete nothing elsewhere and write nothing there."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from tests.support.backup_site import Site, Terminal, a_terminal_with_a_backup, site
from wenyue.ops.backup import existing
from wenyue.ops.backup.folder import read_note, write
from wenyue.ops.backup.model import Stream
from wenyue.ops.backup.streaming import runs

__all__ = ["site"]


@pytest.fixture
def terminal(site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return a_terminal_with_a_backup(site, capsys, monkeypatch)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder elsewhere, with what nobody has twice."""
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "keys.json").write_text("{}")
    return folder


def test_security_ninth_F7_a_link_in_the_place_of_a_run_is_not_followed(
    site: Site, terminal: Terminal, victim: Path
) -> None:
    """Every file of the folder that it led to was deleted by the next backup."""
    link = site.backups / "log" / "wenyue_000000_00000000"
    link.symlink_to(victim)
    terminal.good(site.home, "backup")
    assert [one.name for one in victim.iterdir()] == ["keys.json"]
    link.unlink()


def test_security_ninth_F7_a_link_in_the_place_of_the_log_is_told(
    site: Site, terminal: Terminal, victim: Path
) -> None:
    log, aside = site.backups / "log", site.backups / "aside"
    log.rename(aside)
    log.symlink_to(victim)
    said = terminal.bad(site.home, "backup")
    assert "is a link" in said
    assert [one.name for one in victim.iterdir()] == ["keys.json"]
    log.unlink()
    aside.rename(log)
    terminal.good(site.home, "backup")


def test_security_ninth_F8_an_index_of_somebody_else_names_nothing_that_is_deleted(
    site: Site, terminal: Terminal, victim: Path
) -> None:
    """A name in it led out of the folder, and that file was deleted."""
    folder = existing(site.backups)
    [run] = runs(folder)[-1:]
    index = folder.log / run / "index.json"
    way = "000000010000000000000000"
    (folder.log / run / way).mkdir()
    name = f"{way}/{'../' * (len(folder.path.resolve().parts) + 2)}{victim.relative_to('/')}/keys.json"
    assert (folder.log / run / name).exists()
    stream = read_note(index, Stream)
    write(index, msgspec.structs.replace(stream, segments={name: (1, ""), **stream.segments}))
    terminal.good(site.home, "backup", "--keep", "1")
    assert [one.name for one in victim.iterdir()] == ["keys.json"]


def test_security_tenth_H5_notes_of_somebody_else_push_no_backup_out(site: Site, terminal: Terminal) -> None:
    """Copies of a note under later names counted among those that are kept, and the genuine ones were deleted."""
    folder = existing(site.backups)
    terminal.good(site.home, "backup", "--full")
    genuine = folder.backups()
    for day in range(1, 7):
        name = f"2099010{day}T000000.000Z-full"
        (site.backups / name).mkdir()
        forged = msgspec.structs.replace(
            genuine[-1], name=name, started_at=genuine[-1].started_at, finished_at=genuine[-1].finished_at
        )
        write(site.backups / name / "backup.json", forged)
    terminal.good(site.home, "backup", "--full", "--keep", "3")
    left = {one.name for one in folder.backups()}
    assert {one.name for one in genuine} & left == {one.name for one in genuine[-2:]}
    for one in site.backups.glob("2099*"):
        shutil.rmtree(one)


def test_security_tenth_H4_a_link_among_the_files_is_no_backup(
    site: Site, terminal: Terminal, victim: Path
) -> None:
    """One in pg_tblspc was accepted: the restored server worked outside its home."""
    newest = existing(site.backups).backups()[-1].name
    link = site.backups / newest / "data" / "pg_tblspc" / "99999"
    link.symlink_to(victim)
    assert "it is a link" in terminal.bad(site.home, "backup", "check")
    link.unlink()
    terminal.good(site.home, "backup", "check")
