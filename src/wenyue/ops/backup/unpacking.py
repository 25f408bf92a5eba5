"""Writes a base backup's files into the backup folder as they arrive: what is summed is what the server sent.

Whoever can write into that folder could change a file there before it is read again, so nothing of it is. What arrives is the
tar of `pg_basebackup --format=tar --pgdata=-`: folders, and files with names of at most 99 bytes; where the server has no
tablespaces there are no links.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Final

from wenyue.ops.backup.folder import sync_folder
from wenyue.ops.backup.sums import MANIFEST
from wenyue.platform.embedded_server.owning import read_plain

LABEL: Final = "backup_label"
_KEPT: Final = {MANIFEST, LABEL}  # their content is needed afterwards
_RECORD: Final = tarfile.BLOCKSIZE
_BLOCK: Final = 1 << 20


class OddTarError(ValueError):
    """What arrives is not the tar of a base backup; the message says why."""


@dataclass
class Sent:
    """What the server sent: each file's bytes and SHA-256 by its name, and the content of MANIFEST and LABEL."""

    files: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    folders: list[str] = field(default_factory=list[str])
    contents: dict[str, bytes] = field(default_factory=dict[str, bytes])


def unpack(tar: BufferedReader, target: Path) -> Sent:
    """Make `target` of a tar that is read to its end; everything is on the disk when this returns.

    Nothing that is there already is written, and no link followed. Needs as much memory however large the files are. Raises
    OddTarError, EOFError (it ended too early), OSError (the folder's).
    """
    target.mkdir(mode=0o700)
    sent, buffer = Sent(), memoryview(bytearray(_BLOCK))
    while member := _header(tar):
        parts = _parts(member.name)
        with ExitStack() as opened:
            folder = _enter(target, parts[:-1], opened)
            if member.isdir():
                os.mkdir(parts[-1], 0o700, dir_fd=folder)
                sent.folders.append("/".join(parts))
            elif member.type == tarfile.REGTYPE:
                name = "/".join(parts)
                kept = bytearray() if name in _KEPT else None
                file = _made(parts[-1], folder)
                opened.callback(os.close, file)
                sent.files[name] = _copied(tar, file, member.size, buffer, kept)
                if kept is not None:
                    sent.contents[name] = bytes(kept)
            else:
                raise OddTarError(f"{member.name!r} is neither a file nor a folder")
    while tar.readinto(buffer):
        pass  # the zeros behind the end
    if missing := _KEPT - set(sent.files):
        raise OddTarError(f"there is no {min(missing)} in it")
    _sync(target, sent)
    return sent


def _header(tar: BufferedReader) -> tarfile.TarInfo | None:
    """The next member; None at the end, which a record of zeros marks."""
    raw = tar.read(_RECORD)
    if len(raw) < _RECORD:
        raise EOFError("it ends too early")
    if not raw.strip(b"\0"):
        return None
    try:
        member = tarfile.TarInfo.frombuf(raw, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise OddTarError(f"a header is unreadable ({error})") from error
    if member.size < 0:
        raise OddTarError(f"{member.name!r} has no size")
    return member


def _parts(name: str) -> Sequence[str]:
    parts = name.removeprefix("./").removesuffix("/").split("/")
    if any(part in {"", ".", ".."} for part in parts):
        raise OddTarError(f"{name!r} is no name within it")
    return parts


def _enter(target: Path, parts: Sequence[str], opened: ExitStack) -> int:
    """The folder `parts` below `target`, step by step: a link that somebody put in its place is not followed."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = os.open(target, flags)
    opened.callback(os.close, folder)
    for part in parts:
        folder = os.open(part, flags, dir_fd=folder)
        opened.callback(os.close, folder)
    return folder


def _made(name: str, folder: int) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, stat.S_IRUSR | stat.S_IWUSR, dir_fd=folder)


def _copied(
    tar: BufferedReader, file: int, size: int, buffer: memoryview, kept: bytearray | None
) -> tuple[int, str]:
    """Copy one member's content, and leave the tar behind its padding; return its size and sum."""
    digest, left = hashlib.sha256(), size
    while left:
        count = tar.readinto(buffer[: min(left, len(buffer))])
        if not count:
            raise EOFError("it ends too early")
        block = buffer[:count]
        digest.update(block)
        if kept is not None:
            kept += block
        while block:
            block = block[os.write(file, block) :]
        left -= count
    padding = -size % _RECORD
    if len(tar.read(padding)) < padding:
        raise EOFError("it ends too early")
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)  # begins to write it out; `_sync` waits for that
    return size, digest.hexdigest()


def _sync(target: Path, sent: Sent) -> None:
    for name in sent.files:
        with read_plain(target / name) as file:
            os.fsync(file.fileno())
    for name in ("", *sent.folders):
        sync_folder(target / name)
