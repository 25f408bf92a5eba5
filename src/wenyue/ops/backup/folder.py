"""The folder that holds one installation's backups. What is in it is complete: everything arrives by one rename.

wenyue-backups.json      whose backups these are
NAME/backup.json         one backup's note, written last; NAME/backup.json.hmac: whose it is (`vouching`)
NAME/data/               the server's files as it sent them (`unpacking`)
log/RUN/                 a gapless run of write-ahead log, with index.json
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from wenyue.locale import Message
from wenyue.ops.backup.model import FORMAT, Backup, FolderNote, Stream
from wenyue.ops.backup.programs import no_room
from wenyue.ops.backup.rules import CLOCK_TOLERANCE
from wenyue.ops.backup.source import Source
from wenyue.platform.embedded_server.locks import LockHeldError, held
from wenyue.platform.embedded_server.owning import read_plain
from wenyue.platform.fault import SetupError

NOTE: Final = "wenyue-backups.json"
INDEX: Final = "index.json"  # of a run of log
REPORT: Final = "selftest.json"  # lies in the default folder, also when that holds nothing else yet
WAIT_S: Final = 3.0  # a fetch of the log lasts less; a backup is not waited for
BACKUPS_MAX: Final = 10_000
NOTE_BYTES_MAX: Final = 4 << 20  # a backup that carries 35,000 segments of log has as much
INDEX_BYTES_MAX: Final = 64 << 20  # half a million segments, 8 TB of log
RUN: Final = re.compile(r"wenyue_(\d{6})_[0-9a-f]{8}")  # of log, as its slot is called
RUNS_MAX: Final = 999_999
_Note = TypeVar("_Note")


@dataclass(frozen=True)
class Folder:
    """A backup folder that exists."""

    path: Path

    @property
    def log(self) -> Path:
        """Where the runs of log are."""
        return self.path / "log"

    def backups(self) -> list[Backup]:
        """The complete backups, oldest first. Raises SetupError for a damaged note."""
        notes = sorted(self.path.glob("*/backup.json"))[-BACKUPS_MAX:]
        found = [_named(note) for note in notes]
        return sorted(found, key=lambda one: one.started_at)

    def note(self) -> FolderNote:
        """Whose backups these are."""
        return read_note(self.path / NOTE, FolderNote)

    def stream(self, name: str) -> Stream:
        """What is known about a run of log; empty when nothing was fetched yet."""
        path = self.log / name / INDEX
        return read_note(path, Stream) if path.exists() else Stream()


def existing(path: Path) -> Folder:
    """The folder to restore from. Raises SetupError when it holds no backups."""
    path = path.expanduser().absolute()
    with told(path):
        is_there = (path / NOTE).is_file()
    if not is_there:
        raise SetupError(
            Message(
                "no backups in {path}: take one with `wenyue backup --to {path}`, or give "
                "the right folder with --from",
                path=path,
            ),
        )
    return Folder(path)


@contextmanager
def for_writing(path: Path, source: Source) -> Generator[Folder]:
    """The folder to back up into, made if need be, held for one writer. Raises SetupError."""
    path = path.expanduser().absolute()
    _refuse_inside_data(path, source)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(path / "backup.lock", wait_s=WAIT_S, note=f"process {os.getpid()}"):
            folder = Folder(path)
            _claim(folder, source)
            _remove_leftovers(folder)
            _refuse_future(folder)
            yield folder
    except LockHeldError as error:
        raise SetupError(
            Message(
                "another backup to {path} is already running ({note}): wait until it finishes",
                path=path,
                note=error.note or "starting",
            ),
        ) from error
    except OSError as error:
        raise as_fault(error, path) from error


@contextmanager
def inside(folder: Folder, *names: str) -> Generator[Path]:
    """A folder below the backup folder, held open: a path that leads to it whatever is done to its name meanwhile.

    Whoever can write into the backup folder could put a link there, and what we write and delete, perhaps as root, would be
    somebody else's. Raises SetupError: there is one.
    """
    descriptor = os.open(folder.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            try:
                below = os.open(
                    name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor
                )
            except OSError as error:
                if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
                    raise
                raise SetupError(
                    Message(
                        "{joinpath} is a link or isn't a folder: remove it, it isn't ours",
                        joinpath=folder.path.joinpath(*names),
                    ),
                ) from error
            os.close(descriptor)
            descriptor = below
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


@contextmanager
def told(path: Path) -> Generator[None]:
    """Failed file operations below `path` become their one line."""
    try:
        yield
    except OSError as error:
        raise as_fault(error, path) from error


def as_fault(error: OSError, path: Path) -> SetupError:
    """The one line for a failed file operation in a backup folder."""
    where = error.filename or path
    if str(where).startswith("/proc/self/fd/"):  # of `inside`
        where = f"{path}/…/{Path(str(where)).name}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return no_room(path)
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST}:
        return SetupError(
            Message(
                "cannot use {where} ({strerror}): make it readable and writable for this user, or "
                "choose another folder",
                where=where,
                strerror=error.strerror,
            ),
        )
    return SetupError(
        Message("cannot use {where}: {strerror}", where=where, strerror=error.strerror or error)
    )


def require_room(path: Path, wanted: int) -> None:
    """Raise SetupError when `path` has fewer than `wanted` bytes free."""
    if shutil.disk_usage(path).free < wanted:
        raise no_room(path)


def read_note(path: Path, kind: type[_Note]) -> _Note:
    """A note. Raises SetupError when it is unreadable, or of a newer program."""
    try:
        return decoded(path, read_bytes(path, note_bytes_max(path)), kind)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise _damaged(path, error.strerror or "") from error
        raise SetupError(
            Message("cannot read {path} ({strerror})", path=path, strerror=error.strerror)
        ) from error


def decoded(path: Path, raw: bytes, kind: type[_Note]) -> _Note:
    """The note that stands in a file. Raises SetupError, which names the file."""
    try:
        head = msgspec.json.decode(raw, type=dict[str, object])
        if isinstance(number := head.get("format", FORMAT), int) and number > FORMAT:
            raise SetupError(
                Message(
                    "{path} was written by a newer wenyue (format {number}): use that version",
                    path=path,
                    number=number,
                ),
            )
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> SetupError:
    return SetupError(Message("{path} is damaged ({why}): use an older backup", path=path, why=why))


def note_bytes_max(path: Path) -> int:
    """How large a note of this name can be: the file, which somebody else may have made, is read no further."""
    return INDEX_BYTES_MAX if path.name == INDEX else NOTE_BYTES_MAX


def read_bytes(path: Path, most: int) -> bytes:
    """A file that is no link, and of at most `most` bytes (EFBIG). Raises OSError."""
    with read_plain(path) as file:
        if os.fstat(file.fileno()).st_size > most or len(content := file.read(most + 1)) > most:
            raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
        return content


def write(path: Path, note: object) -> None:
    """Write a note, 0600, complete or not at all, and on the disk when this returns."""
    put(path, encoded(note))


def encoded(note: object) -> bytes:
    """A note as it stands in its file."""
    return msgspec.json.format(msgspec.json.encode(note), indent=1)


def put(path: Path, content: bytes) -> None:
    """As `write`, any bytes."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _named(note: Path) -> Backup:
    """A backup's note, which names its own folder, and a run of log in this one: the rest of the program builds paths of them."""
    found = read_note(note, Backup)
    if found.name != note.parent.name or not RUN.fullmatch(found.stream):
        raise _damaged(note, f"it names {found.name} and the run {found.stream}")
    return found


def _refuse_inside_data(path: Path, source: Source) -> None:
    if source.data is None:
        return
    real, data = path.resolve(), source.data.resolve()
    if real == data or data in real.parents or real == data.parent:
        raise SetupError(
            Message(
                "{path} is inside the database it would back up: choose another folder, "
                "preferably on another disk",
                path=path,
            ),
        )


def _claim(folder: Folder, source: Source) -> None:
    """A folder serves one installation: two would delete each other's backups."""
    if not (folder.path / NOTE).exists():
        others = [one.name for one in folder.path.iterdir() if one.name not in {"backup.lock", REPORT}]
        if others:
            raise SetupError(
                Message(
                    "{path} contains other files ({others}): choose an empty folder",
                    path=folder.path,
                    others=min(others),
                ),
            )
        mine = FolderNote(format=FORMAT, source=source.name, system_id=source.system_id, major=source.major)
        write(folder.path / NOTE, mine)
        return
    note = folder.note()
    if (note.source, note.system_id) != (source.name, source.system_id):
        raise SetupError(
            Message(
                "{path} has the backups of {source}, not of {name}: choose another --to",
                path=folder.path,
                source=note.source,
                name=source.name,
            ),
        )


def _remove_leftovers(folder: Folder) -> None:
    """What an earlier run that was killed left half done: it never had the look of a backup."""
    for leftover in folder.path.glob(".partial-*"):
        shutil.rmtree(leftover)
    for half in folder.path.glob("20*T*Z-*"):
        if half.is_dir() and not (half / "backup.json").exists():  # a deletion that was interrupted
            shutil.rmtree(half)


def _refuse_future(folder: Folder) -> None:
    backups = folder.backups()
    if backups and backups[-1].finished_at > datetime.now(UTC) + CLOCK_TOLERANCE:
        raise SetupError(
            Message(
                "the last backup {name} is dated in the future: correct this machine's clock "
                "(or, if the clock was wrong then, delete {path})",
                name=backups[-1].name,
                path=folder.path / backups[-1].name,
            ),
        )
