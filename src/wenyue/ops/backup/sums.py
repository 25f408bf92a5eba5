"""Checksums: every file of a backup and every segment of its log is compared before anybody relies on it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from wenyue.locale import Message
from wenyue.ops.backup.folder import Folder, read_bytes
from wenyue.ops.backup.model import Backup
from wenyue.ops.backup.rules import parse_lsn
from wenyue.platform.embedded_server.owning import make_plain, read_plain
from wenyue.platform.fault import SetupError

MANIFEST: Final = "backup_manifest"
LOG: Final = "pg_wal"
_BLOCK: Final = 1 << 20
_ENTRY_BYTES_MAX: Final = 1024  # of one file in a manifest; names have at most 99 bytes
# pg_basebackup's own sum stands last in the manifest, over everything before it.
_OWN_SUM: Final = re.compile(rb'"Manifest-Checksum": "([0-9a-f]{64})"\}\s*$')


class _File(msgspec.Struct):
    size: int = msgspec.field(name="Size")
    path: str = msgspec.field(name="Path", default="")
    encoded: str = msgspec.field(name="Encoded-Path", default="")
    algorithm: str = msgspec.field(name="Checksum-Algorithm", default="")
    checksum: str = msgspec.field(name="Checksum", default="")


class _Range(msgspec.Struct):
    end: str = msgspec.field(name="End-LSN")


class _Manifest(msgspec.Struct):
    files: list[_File] = msgspec.field(name="Files")
    ranges: list[_Range] = msgspec.field(name="WAL-Ranges")


def sha256_of(path: Path, on_bytes: Callable[[int], None] = lambda _count: None) -> str:
    """The file's SHA-256, in hexadecimal."""
    digest = hashlib.sha256()
    with read_plain(path) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            on_bytes(len(block))
    return digest.hexdigest()


def copied(source: Path, target: Path, most: int) -> tuple[int, str]:
    """Copy the first `most` bytes of a plain file into a new one; return how many there were, and their sum.

    They are on the disk then. The sum is that of what was copied: the source may change beside us.
    """
    digest, count = hashlib.sha256(), 0
    with read_plain(source) as file, make_plain(target) as copy:
        while block := file.read(min(_BLOCK, most - count)):
            digest.update(block)
            copy.write(block)
            count += len(block)
        copy.flush()
        os.fsync(copy.fileno())
    return count, digest.hexdigest()


def stop_position(manifest: bytes, sent: Mapping[str, tuple[int, str]]) -> tuple[int, int]:
    """How many files a manifest that was sent lists, and the position where the backup is complete.

    Raises ValueError unless every file was sent as it is listed, and nothing else but log and the manifest itself.
    """
    found = _parsed(manifest)
    listed = {_path(file): (file.size, file.checksum) for file in found.files}
    if wrong := [path for path, sum_ in listed.items() if sent.get(path) != sum_]:
        raise ValueError(f"{min(wrong)} is not as its manifest says")
    others = {path for path in sent if path not in listed and path.rpartition("/")[0] != LOG}
    if more := others - {MANIFEST}:
        raise ValueError(f"its manifest does not list {min(more)}")
    return len(listed), max(parse_lsn(one.end) for one in found.ranges)


def require_listed(folder: Folder, backup: Backup) -> None:
    """A look before anything is copied: the manifest is the one that was vouched for, and the folder holds what it lists."""
    data = folder.path / backup.name / "data"
    try:
        _require(backup, data, is_good=not data.is_symlink() and data.is_dir(), why="it is a link")
        require_plain(data, backup, largest(data, backup))
    except OSError as error:
        raise damaged(
            backup.name, Path(str(error.filename or data)), error.strerror or "unreadable"
        ) from error


def verify_copy(data: Path, backup: Backup, on_bytes: Callable[[int], None]) -> None:
    """Compare every file of a private copy of one backup with its sum; there is no other. Raises SetupError naming the first.

    The copy, not the folder: whoever can write there could change a file between the sum and the copying.
    """
    try:
        require_plain(data, backup, largest(data, backup))
        for path, size, checksum in _listed(data, backup):
            place = data / path
            is_whole = place.is_file() and place.stat().st_size == size
            _require(backup, place, is_good=is_whole and sha256_of(place, on_bytes) == checksum)
        for name, checksum in backup.log_sha256.items():
            place = data / LOG / name
            _require(backup, place, is_good=place.is_file() and sha256_of(place) == checksum)
    except OSError as error:
        raise damaged(
            backup.name, Path(str(error.filename or data)), error.strerror or "unreadable"
        ) from error


def largest(data: Path, backup: Backup) -> dict[str, int]:
    """What a backup's data folder holds, by the path in it, and how many bytes each file may have. Raises SetupError, OSError."""
    log = dict.fromkeys(backup.log_sha256, backup.segment_bytes)
    return {
        **{path: size for path, size, _ in _listed(data, backup)},
        **{f"{LOG}/{name}": most for name, most in log.items()},
        **{f"{LOG}/archive_status/{name}.done": 0 for name in log},
        MANIFEST: manifest_bytes_max(backup),
    }


def manifest_bytes_max(backup: Backup) -> int:
    """How large a backup's manifest can be: the file, which somebody else may have made, is read no further."""
    return (1 << 16) + _ENTRY_BYTES_MAX * max(0, backup.files)


def require_plain(data: Path, backup: Backup, known: Mapping[str, int]) -> None:
    """A backup's data folder holds nothing but what is `known` (`largest`), and no link. Raises SetupError naming the first.

    There are no links: a server with tablespaces of its own is not backed up.
    """
    for place in (data.parent, data):
        _require(backup, place, is_good=not place.is_symlink() and place.is_dir(), why="it is a link")
    for folder, folders, files in os.walk(data, onerror=_raise):
        for name in sorted([*folders, *files]):
            path = Path(folder, name)
            inside = str(path.relative_to(data))
            found = path.lstat()
            if stat.S_ISLNK(found.st_mode):
                raise damaged(backup.name, path, "it is a link")
            if not stat.S_ISDIR(found.st_mode):
                is_known = inside in known and stat.S_ISREG(found.st_mode)
                _require(backup, path, is_good=is_known, why="the backup's manifest does not list it")
                _require(backup, path, is_good=found.st_size <= known[inside], why="it is too large")


def _raise(error: OSError) -> None:
    raise error


def _require(backup: Backup, path: Path, *, is_good: bool, why: str = "its checksum differs") -> None:
    if not is_good:
        raise damaged(backup.name, path, why if path.exists() or path.is_symlink() else "missing")


def damaged(name: str, path: Path, reason: str) -> SetupError:
    """The one line for a backup, or a run of log, that is not what was saved."""
    return SetupError(
        Message(
            "{name} is damaged: {path} ({reason}); restore from another backup (`wenyue backup "
            "list`, --base NAME) and take a full one now: `wenyue backup --full`",
            path=path,
            name=name,
            reason=reason,
        ),
    )


def _listed(data: Path, backup: Backup) -> Iterator[tuple[str, int, str]]:
    """Of the manifest that was vouched for: path, bytes and sum of each file. Raises SetupError, OSError."""
    manifest = data / MANIFEST
    raw = read_bytes(manifest, manifest_bytes_max(backup))
    _require(backup, manifest, is_good=hashlib.sha256(raw).hexdigest() == backup.manifest_sha256)
    try:
        found = _parsed(raw)
    except ValueError as error:
        raise damaged(backup.name, manifest, str(error)) from error
    for file in found.files:
        yield _path(file), file.size, file.checksum


def _path(file: _File) -> str:
    return file.path or unquote_to_bytes(re.sub("(..)", r"%\1", file.encoded)).decode(
        errors="surrogateescape"
    )


def _parsed(raw: bytes) -> _Manifest:
    """Raises ValueError when it is no manifest, or not whole."""
    own = _OWN_SUM.search(raw)
    try:
        found = msgspec.json.decode(raw, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("no manifest") from error
    body = raw[: raw.rindex(b"\n", 0, own.start()) + 1] if own else b""
    is_own = own is not None and hashlib.sha256(body).hexdigest() == own[1].decode()
    if not is_own or any(file.algorithm != "SHA256" for file in found.files):
        raise ValueError("its own checksum differs")
    return found
