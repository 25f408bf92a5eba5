"""Who writes into a backup folder, and has no key, fills neither the database's disk nor anybody's memory, and takes no slots."""

from __future__ import annotations

import os
import resource
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.support.backup_site import Site, Terminal, a_copy_of_backups, a_folder, a_site
from wenyue.infra.fault import SetupError
from wenyue.tools.backup import existing, laying, restoring
from wenyue.tools.backup.folder import read, write
from wenyue.tools.backup.model import Backup

HUGE = 3 << 30  # sparse: it takes no room where it lies
MEMORY_BYTES = 1 << 30


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
def copy(site: Site, terminal: Terminal) -> Iterator[Path]:
    """A copy of the folder, to be damaged."""
    assert terminal
    with a_copy_of_backups(site) as made:
        yield made


@contextmanager
def little_memory() -> Generator[None]:
    """This process gets a gigabyte more than it has, and no other."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + MEMORY_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def a_data_file(folder: Path) -> Path:
    data = folder / existing(folder).backups()[-1].name / "data"
    return next(path for path in sorted(data.glob("base/*/*")) if path.name.isdigit())


def test_security_tenth_H1_a_file_that_was_made_huge_is_refused_before_it_is_copied(
    site: Site, copy: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of a sparse file filled the disk of the database, before its size was compared."""

    def nothing(*_: object) -> None:
        pytest.fail("something is copied")

    monkeypatch.setattr(restoring, "lay", nothing)
    os.truncate(a_data_file(copy), HUGE)
    assert "it is too large" in terminal.bad(site.home, "backup", "check", "--to", copy)


def test_security_tenth_H1_a_file_that_grows_after_the_look_is_copied_no_further(
    copy: Path, tmp_path: Path
) -> None:
    """Whoever answers for the folder may answer each look otherwise."""
    folder = existing(copy)
    victim, made = a_data_file(copy), tmp_path / "made"
    before = victim.stat().st_size
    os.truncate(victim, HUGE)
    (victim.parent / "more").touch()
    os.truncate(victim.parent / "more", HUGE)
    with pytest.raises(SetupError, match=r"it is too large|does not list it"):
        laying.copy_backup(folder, folder.backups()[-1], made, lambda _count: None)
    copied = made / victim.relative_to(copy / folder.backups()[-1].name / "data")
    assert copied.stat().st_size == before + 1
    assert copied.with_name("more").stat().st_size == 1


def notes(folder: Path) -> dict[str, Path]:
    """One of each kind."""
    newest = existing(folder).backups()[-1]
    beside, run = folder / newest.name, folder / "log" / newest.stream
    return {
        "folder": folder / "wenyue-backups.json",
        "backup": beside / "backup.json",
        "keyed": beside / "backup.json.hmac",
        "manifest": beside / "data" / "backup_manifest",
        "index": run / "index.json",
        "keyed index": run / "index.json.hmac",
    }


@pytest.mark.parametrize("kind", ["folder", "backup", "keyed", "manifest", "index", "keyed index"])
def test_security_tenth_H2_a_note_that_was_made_huge_is_read_no_further_than_such_a_note_can_be(
    kind: str, site: Site, copy: Path, terminal: Terminal
) -> None:
    """It was read whole, and the machine had no memory left for the database."""
    os.truncate(notes(copy)[kind], HUGE)
    reads_it = ["backup"] if kind == "folder" else ["backup", "check"]
    with little_memory():
        said = terminal.bad(site.home, *reads_it, "--to", copy)
    assert "is damaged" in said or "keyed note" in said


@pytest.mark.parametrize(
    "change",
    [{"started_at": "2026-01-01T00:00:00"}, {"segment_bytes": 0}, {"server_version": "new"}],
    ids=str,
)
def test_security_tenth_H2_a_note_that_nobody_could_reckon_with_is_told_as_a_damaged_one(
    change: dict[str, object], site: Site, copy: Path, terminal: Terminal
) -> None:
    """A time without a zone, segments of no length: a defect's traceback came instead of a line."""
    forged = copy / "20990101T000000.000Z-full"
    forged.mkdir()
    fields = msgspec.to_builtins(read(notes(copy)["backup"], Backup))
    write(forged / "backup.json", fields | {"name": forged.name} | change)
    assert f"{forged.name}/backup.json is damaged" in terminal.bad(site.home, "backup", "check", "--to", copy)
