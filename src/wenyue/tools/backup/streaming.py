"""The write-ahead log, fetched through a replication slot into the backup folder.

The server keeps what was not fetched yet, at most `max_slot_wal_keep_size`; beyond that it drops the slot's log and goes on.
So a full or missing backup disk never stops it: the run of log ends, the next backup is a full one and begins another.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from wenyue.infra.fault import SetupError
from wenyue.tools.backup.folder import RUN, Folder, write
from wenyue.tools.backup.model import Backup, Stream
from wenyue.tools.backup.programs import ProgramFault, as_fault, run
from wenyue.tools.backup.rules import is_segment, segment_number, thinned
from wenyue.tools.backup.source import Source
from wenyue.tools.backup.sums import sha256_of
from wenyue.tools.backup.vouching import trust_of, write_vouched

PARTIAL: Final = ".partial"
_GOOD: Final = {"reserved", "extended", "unreserved"}


def current_run(folder: Folder, source: Source, progress: Callable[[str], None]) -> str:
    """Name of the run of log that the server still keeps for us; a new one begins when it does not."""
    names = runs(folder)
    if names:
        status = source.slot_status(names[-1])
        is_ours = _is_ours(folder.log / names[-1] / "index.json", source)
        if status in _GOOD and is_ours:
            return names[-1]
        progress(
            "the log since the last backup is not complete any more, a new full backup begins it anew · "
            "日志已中断, 将重新做全量备份"
            if is_ours
            else "the log so far has no keyed note of this installation, a new full backup begins it anew · "
            "已有日志没有本系统签注, 将重新做全量备份"
        )
        source.run("drop_slot", slot=names[-1])
    number = int(names[-1].split("_")[1]) + 1 if names else 1
    name = f"wenyue_{number:06d}_{secrets.token_hex(4)}"
    folder.log.mkdir(mode=0o700, exist_ok=True)
    (folder.log / name).mkdir(mode=0o700)
    source.run("make_slot", slot=name)
    return name


def runs(folder: Folder) -> list[str]:
    """The runs of log in the folder, oldest first."""
    if not folder.log.is_dir():
        return []
    return sorted(entry.name for entry in folder.log.iterdir() if RUN.fullmatch(entry.name))


def fetch(folder: Folder, source: Source, name: str) -> datetime:
    """Fetch everything up to now; return the instant that the log has now reached. Raises SetupError.

    Two commits mark the end: the first is the instant, the second lies behind it, so that the fetch surely has the first.
    """
    instant = source.mark()
    position = source.position()
    source.mark()
    target = folder.log / name
    text = f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"
    arguments = ["--directory", str(target), "--slot", name, "--endpos", text, "--no-loop", "--no-password"]
    try:
        run(source.programs, "pg_receivewal", arguments, url=source.url)
    except ProgramFault as fault:
        if "could not connect" not in fault.says and source.slot_status(name) == "lost":
            raise SetupError(
                "the server could not keep its log long enough: take a backup now (`wenyue backup`), it begins anew",
                "日志已被覆盖, 请立即重新备份",
            ) from fault
        raise as_fault(fault, folder.path) from fault
    stream = folder.stream(name)
    for path in sorted(target.iterdir()):
        if is_segment(path.name) and path.name not in stream.segments:
            stream.segments[path.name] = (path.stat().st_size, sha256_of(path))
    stream.marks = thinned([*stream.marks, (instant, position)])
    _write_index(target / "index.json", stream, source)
    return instant


def _is_ours(index: Path, source: Source) -> bool:
    """Whether this installation's keys vouch for a run, or there is nothing to vouch for, or with."""
    trust = trust_of(source.home, {})
    return not trust.keys or not index.exists() or trust.knows(index)


def _write_index(index: Path, stream: Stream, source: Source) -> None:
    """Vouch for the index again, but never for one that somebody else wrote."""
    if _is_ours(index, source):
        write_vouched(index, stream, source.home)
    else:
        write(index, stream)


def held_files(folder: Folder, name: str) -> dict[str, Path]:
    """Segments and histories of a run, by the name that the server knows them under."""
    found: dict[str, Path] = {}
    target = folder.log / name
    for path in sorted(target.iterdir()) if target.is_dir() else []:
        plain = path.name.removesuffix(PARTIAL)
        if (is_segment(plain) or plain.endswith(".history")) and (path.name == plain or plain not in found):
            found[plain] = path
    return found


def prune(folder: Folder, source: Source, backups: Sequence[Backup]) -> None:
    """Delete the log that no kept backup needs: whole runs, and what lies before the oldest backup of a run."""
    all_runs = runs(folder)
    for name in all_runs:
        firsts = [one for one in backups if one.stream == name]
        target = folder.log / name
        if not firsts and name != all_runs[-1]:
            source.run("drop_slot", slot=name)
            for path in target.iterdir():
                path.unlink()
            target.rmdir()
            continue
        if not firsts:
            continue
        first = min(firsts, key=lambda one: one.start_lsn)
        stream = folder.stream(name)
        below = first.start_lsn // first.segment_bytes
        gone = [one for one in stream.segments if segment_number(one, first.segment_bytes) < below]
        for segment in gone:
            del stream.segments[segment]
        stream.marks = [mark for mark in stream.marks if mark[1] >= first.start_lsn]
        _write_index(target / "index.json", stream, source)
        for segment in gone:
            (target / segment).unlink(missing_ok=True)
