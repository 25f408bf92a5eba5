"""Who writes into a backup folder, and has no key, fills neither the database's disk nor anybody's memory, and takes no slots."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.support.backup_site import Site, Terminal, a_copy_of_backups, a_terminal_with_a_backup, site
from wenyue.monitoring.store import SLOT_IDLE_S
from wenyue.ops.backup import existing, laying, restoring
from wenyue.ops.backup.folder import read_note, write
from wenyue.ops.backup.model import Backup
from wenyue.ops.backup.slots import ABSENT_MAX, FOLDER, unused
from wenyue.ops.backup.streaming import runs
from wenyue.ops.doctor import Finding, Mark, examine
from wenyue.ops.ports import free_port
from wenyue.platform.config import load
from wenyue.platform.database.db import queries
from wenyue.platform.fault import SetupError

__all__ = ["site"]

HUGE = 3 << 30  # sparse: it takes no room where it lies
MEMORY_BYTES = 1 << 30


@pytest.fixture
def terminal(site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return a_terminal_with_a_backup(site, capsys, monkeypatch)


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
    fields = msgspec.to_builtins(read_note(notes(copy)["backup"], Backup))
    write(forged / "backup.json", fields | {"name": forged.name} | change)
    assert f"{forged.name}/backup.json is damaged" in terminal.bad(site.home, "backup", "check", "--to", copy)


def slots(site: Site) -> set[str]:
    with psycopg.connect(site.info.superuser_url, autocommit=True) as connection:
        rows = connection.execute("SELECT slot_name::text FROM pg_replication_slots").fetchall()
    return {row[0] for row in rows if row[0] != "wenyue_standby"}


def drop(site: Site, slot: str) -> None:
    with psycopg.connect(site.info.superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_drop_replication_slot(%s)", [slot])


def test_security_tenth_H3_a_log_that_is_removed_again_and_again_leaves_no_slots_behind(
    site: Site, terminal: Terminal, tmp_path: Path
) -> None:
    """Each time a slot stayed; after ten no backup into any folder was possible."""
    folder = tmp_path / "disk"
    before = slots(site)
    for _ in range(ABSENT_MAX + 3):
        terminal.good(site.home, "backup", "--to", folder)
        shutil.rmtree(folder / "log")
    left = slots(site) - before
    assert len(left) <= ABSENT_MAX + 1
    shutil.rmtree(folder)
    terminal.good(site.home, "backup", "--to", folder)
    assert before <= slots(site)
    assert len(slots(site) - before) <= ABSENT_MAX + 1


def test_security_tenth_H3_a_folder_that_was_away_goes_on_with_its_log(
    site: Site, terminal: Terminal, tmp_path: Path
) -> None:
    """Its disk was not mounted for a while, and backups went into what lay below."""
    folder, aside = tmp_path / "disk", tmp_path / "aside"
    terminal.good(site.home, "backup", "--to", folder)
    folder.rename(aside)
    terminal.good(site.home, "backup", "--to", folder)
    shutil.rmtree(folder)
    aside.rename(folder)
    terminal.good(site.home, "backup", "--to", folder)
    assert len(runs(existing(folder))) == 1


def test_security_tenth_H3_doctor_names_slots_that_no_folder_uses(
    site: Site, terminal: Terminal, tmp_path: Path
) -> None:
    def named() -> list[str]:
        with psycopg.connect(site.info.superuser_url, autocommit=True) as connection:
            return unused(connection, site.home, site.backups)

    def doctor() -> Finding:
        findings = examine(lambda: load({"WENYUE_HOME": str(site.home), "WENYUE_PORT": str(free_port())}))
        return next(one for one in findings if one.subject.startswith("backup slots"))

    terminal.good(site.home, "backup")
    terminal.good(site.home, "backup", "--to", tmp_path / "disk")
    [run] = runs(existing(tmp_path / "disk"))
    for other in named():  # of other tests
        drop(site, other)
    assert doctor().mark is Mark.GOOD
    shutil.rmtree(tmp_path / "disk")
    assert named() == [run]
    found = doctor()
    assert (found.mark, run in found.found) == (Mark.WARNING, True)
    assert f"pg_drop_replication_slot('{run}')" in found.remedy
    drop(site, run)
    assert doctor().mark is Mark.GOOD


def test_security_tenth_H3_a_slot_from_which_nothing_is_fetched_is_seen_by_the_monitors_own_role(
    site: Site, terminal: Terminal, tmp_path: Path
) -> None:
    terminal.good(site.home, "backup", "--to", tmp_path / "disk")
    [run] = runs(existing(tmp_path / "disk"))
    ask = queries("wenyue.monitoring", "store.sql")["promises"]
    with psycopg.connect(site.info.app_url, autocommit=True) as connection:

        def idle(least: int, seconds: float) -> list[str]:
            row = connection.execute(ask, {"idle_bytes": least, "idle_s": seconds}).fetchone()
            assert row is not None
            return row[2]

        assert run in idle(0, 0.0)
        assert run not in idle(1 << 50, 0.0)
        assert run not in idle(0, SLOT_IDLE_S)


def test_security_tenth_H3_a_run_with_the_last_number_is_told(
    site: Site, terminal: Terminal, tmp_path: Path
) -> None:
    """The run after it had a name that no reader of the folder took for one."""
    folder = tmp_path / "disk"
    terminal.good(site.home, "backup", "--to", folder)
    planted = folder / "log" / "wenyue_999999_00000000"
    planted.mkdir()
    assert str(planted) in terminal.bad(site.home, "backup", "--to", folder)
    planted.rmdir()
    terminal.good(site.home, "backup", "--to", folder)
    assert len(runs(existing(folder))) == 1  # it goes on with what it had


def test_security_tenth_H3_a_server_without_a_free_slot_is_told(
    site: Site, terminal: Terminal, tmp_path: Path
) -> None:
    folder, notes_before = tmp_path / "disk", set((site.home / FOLDER).glob("*"))
    with psycopg.connect(site.info.superuser_url, autocommit=True) as connection:
        made: list[str] = []
        with suppress(psycopg.errors.ConfigurationLimitExceeded):
            while True:
                name = f"others_{len(made)}"
                connection.execute("SELECT pg_create_physical_replication_slot(%s)", [name])
                made.append(name)
        said = terminal.bad(site.home, "backup", "--to", folder)
        for name in made:
            connection.execute("SELECT pg_drop_replication_slot(%s)", [name])
    assert "no replication slot left" in said
    assert not runs(existing(folder))
    assert set((site.home / FOLDER).iterdir()) == notes_before
    terminal.good(site.home, "backup", "--to", folder)
