"""Who writes into a backup folder makes whoever backs up, perhaps root, delete nothing elsewhere and write nothing there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.support.backup_site import Site, Terminal, a_folder, a_site
from wenyue.tools.backup import existing
from wenyue.tools.backup.folder import read, write
from wenyue.tools.backup.model import Stream
from wenyue.tools.backup.streaming import runs


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with a_folder() as folder, a_site(folder) as made:
        yield made


@pytest.fixture
def terminal(site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Of an operator whose folder has a full backup already."""
    one = Terminal(capsys, monkeypatch)
    if not site.backups.exists():
        site.book(1)
        one.good(site.home, "backup", "--full")
    return one


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
    assert "leads through a link" in said
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
    stream = read(index, Stream)
    write(index, msgspec.structs.replace(stream, segments={name: (1, ""), **stream.segments}))
    terminal.good(site.home, "backup", "--keep", "1")
    assert [one.name for one in victim.iterdir()] == ["keys.json"]
