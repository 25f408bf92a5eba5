"""Puts a restored cluster's data folder together. Nothing gets there whose copy was not compared with a vouched sum."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wenyue.ops.backup.folder import Folder
from wenyue.ops.backup.model import Backup
from wenyue.ops.backup.programs import ProgramFault, as_fault, run_program
from wenyue.ops.backup.rules import is_segment, segment_number
from wenyue.ops.backup.sums import copied, damaged, largest, require_listed, verify_copy
from wenyue.platform.embedded_server.owning import hand_over, make_plain, read_plain, write_plain
from wenyue.platform.embedded_server.place import Place

_COPY_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Piece:
    """One file of the log: as many of its first bytes as were received, and their sum; '' when the operator accepts any."""

    path: Path
    count: int
    checksum: str


def require_all_listed(folder: Folder, chain: Sequence[Backup]) -> None:
    """A look at every backup of a chain before anything is copied. Raises SetupError."""
    for one in chain:
        require_listed(folder, one)


def lay(
    folder: Folder,
    chain: Sequence[Backup],
    log: Mapping[str, Piece],
    place: Place,
    on_bytes: Callable[[int], None],
) -> None:
    """Make the data folder of `place` from a chain of backups and the log after it. Raises SetupError, OSError."""
    partial, copies = place.base / "data.partial", place.base / "chain.partial"
    for leftover in (partial, copies):
        if leftover.exists():
            shutil.rmtree(leftover)
    if len(chain) == 1:
        copy_backup(folder, chain[0], partial, on_bytes)
    else:
        _combine(folder, chain, place, (copies, partial), on_bytes)
    for name, piece in log.items():
        _lay_log(name, piece, partial / "pg_wal", chain[-1])
    for name in ("postgresql.auto.conf", "postmaster.pid", "postmaster.opts", "standby.signal"):
        (partial / name).unlink(missing_ok=True)
    write_plain(partial / "postgresql.conf", "include 'wenyue.conf'\n")
    for name in ("postgresql.auto.conf", "pg_ident.conf", "recovery.signal"):
        if not (partial / name).exists():
            write_plain(partial / name, "")
    hand_over(partial, place.account)
    partial.rename(place.data)


def copy_backup(folder: Folder, backup: Backup, target: Path, on_bytes: Callable[[int], None]) -> None:
    """A private copy of one backup, compared with its sums. Raises SetupError, OSError.

    No more is copied of a file than it may have: else it would fill the database's disk before its size is compared.
    """
    data = folder.path / backup.name / "data"
    known = largest(data, backup)

    def copy(source: str, copied_to: str) -> None:
        _copy(Path(source), Path(copied_to), known.get(os.path.relpath(source, data), 0) + 1)

    shutil.copytree(data, target, symlinks=True, copy_function=copy)
    verify_copy(target, backup, on_bytes)


def _combine(
    folder: Folder,
    chain: Sequence[Backup],
    place: Place,
    targets: tuple[Path, Path],
    on_bytes: Callable[[int], None],
) -> None:
    copies, partial = targets
    copies.mkdir(mode=0o700)
    for one in chain:
        copy_backup(folder, one, copies / one.name, on_bytes)
    sources = [str(copies / one.name) for one in chain]
    try:  # what is whole in the copies is linked: they are ours, and gone before the server starts
        run_program(place.programs, "pg_combinebackup", ["--link", "--output", str(partial), *sources])
    except ProgramFault as fault:
        raise as_fault(fault, place.base) from fault
    shutil.rmtree(copies)


def _lay_log(name: str, piece: Piece, folder: Path, base: Backup) -> None:
    """One segment or history. Where the backup has its own of that name, both must say the same as far as the backup goes."""
    fresh, own = folder.parent / "segment.partial", folder / name
    fresh.unlink(missing_ok=True)
    run_name = f"log {base.stream}"
    try:
        found = copied(piece.path, fresh, piece.count)
    except OSError as error:
        if str(error.filename) != str(piece.path):
            raise  # ours: no room, say
        raise damaged(run_name, piece.path, error.strerror or "unreadable") from error
    if piece.checksum and found != (piece.count, piece.checksum):
        raise damaged(run_name, piece.path, "its checksum differs")
    needed = _own_bytes(name, base) if own.exists() else 0
    if not _is_same(own, fresh, min(needed, piece.count)):
        raise damaged(run_name, piece.path, f"it is not the log that {base.name} has")
    if own.exists() and piece.count <= needed:
        fresh.unlink()  # the backup's own goes further
        return
    if is_segment(name):
        os.truncate(fresh, base.segment_bytes)  # the server's have this length, with zeros behind the end
    fresh.replace(own)


def _own_bytes(name: str, base: Backup) -> int:
    """How much of its own file of this name a backup needs: all, or until it was complete."""
    if not is_segment(name):
        return 1 << 62
    begin = segment_number(name, base.segment_bytes) * base.segment_bytes
    return max(0, min(base.segment_bytes, base.stop_lsn - begin))


def _is_same(one: Path, other: Path, count: int) -> bool:
    if not count:
        return True
    with read_plain(one) as first, read_plain(other) as second:
        while count > 0:
            block = first.read(min(count, _COPY_BYTES))
            if not block or block != second.read(len(block)):
                return False
            count -= len(block)
    return True


def _copy(source: Path, target: Path, most: int) -> None:
    """Copy the first `most` bytes of a file that is no link, and no more of it than its content. Raises OSError."""
    with read_plain(source) as file, make_plain(target) as copy:
        while most > 0 and (block := file.read(min(_COPY_BYTES, most))):
            copy.write(block)
            most -= len(block)
