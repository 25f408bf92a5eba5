"""The replication slots that this home made, and for which backup folder: HOME/backup-slots/SLOT says the folder's path.

The folder's own runs of log do not say it: whoever removes them, or the folder, would leave a slot behind each time. The server
has few of them, and keeps log for each.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

import psycopg

from wenyue.ops.backup.folder import RUN, put, read_bytes
from wenyue.ops.backup.source import SQL, Source

FOLDER: Final = "backup-slots"
ABSENT_MAX: Final = 2  # disks that take turns at one path, or one that was not there for a while
_PATH_BYTES_MAX: Final = 4096


def remember(home: Path, slot: str, folder: Path) -> None:
    """Say, before a slot is made, which backup folder it is for. Raises OSError."""
    notes = home / FOLDER
    notes.mkdir(mode=0o700, parents=True, exist_ok=True)
    put(notes / slot, os.fsencode(folder))


def forget(home: Path, slot: str) -> None:
    """There is no such slot. Raises OSError."""
    (home / FOLDER / slot).unlink(missing_ok=True)


def drop_older(source: Source, folder: Path, there: Collection[str]) -> None:
    """Drop the slots that this home made for a backup folder, before it begins another run of log. Raises OSError.

    A run that was followed by another needs none. Of runs that are not `there` the newest ABSENT_MAX keep theirs.
    """
    made = {slot: source.slot_status(slot) for slot in _made_for(source.home, folder)}
    useful = [slot for slot, status in made.items() if status not in {None, "lost"} and slot not in there]
    for slot in made:
        if slot not in useful[-ABSENT_MAX:]:
            source.run_statement("drop_slot", slot=slot)
            if source.slot_status(slot) is None:
                forget(source.home, slot)


def _made_for(home: Path, folder: Path) -> list[str]:
    """The oldest first."""
    found: list[tuple[int, str]] = []
    for note in (home / FOLDER).glob("wenyue_*"):
        with suppress(OSError):
            if RUN.fullmatch(note.name) and read_bytes(note, _PATH_BYTES_MAX) == os.fsencode(folder):
                found.append((note.stat().st_mtime_ns, note.name))
    return [name for _, name in sorted(found)]


def unused(connection: psycopg.Connection, home: Path, default: Path) -> list[str]:
    """Slots of backups on the server whose run of log is in no backup folder that this home knows; `default`: its own one."""
    rows = connection.execute(SQL["slots"]).fetchall()
    names = [str(row[0]) for row in rows if RUN.fullmatch(str(row[0]))]
    return [
        name
        for name in names
        if not any(_may_be_there(one / "log" / name) for one in _folders(home, name, default))
    ]


def _may_be_there(path: Path) -> bool:
    """Also when nobody lets us look."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _folders(home: Path, slot: str, default: Path) -> list[Path]:
    with suppress(OSError):
        return [Path(os.fsdecode(read_bytes(home / FOLDER / slot, _PATH_BYTES_MAX))), default]
    return [default]
