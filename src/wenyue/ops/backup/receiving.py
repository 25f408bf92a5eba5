"""Fetches log into a private folder of the home first: what is summed and vouched for is what the server sent.

Whoever can write into the backup folder could change a segment there before it is summed, or put one there that the next fetch
would take for its own. So nothing is read back from it, nor kept elsewhere: where a fetch begins is known by the server's slot
alone, and that goes on only when the folder has the log, and its index says so. HOME/backup-log/RUN/ is there during a fetch.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from wenyue.ops.backup.folder import sync_folder
from wenyue.ops.backup.model import Stream
from wenyue.ops.backup.programs import run_program
from wenyue.ops.backup.rules import PARTIAL, is_history, is_segment, parse_lsn, segment_number
from wenyue.ops.backup.source import Source
from wenyue.ops.backup.sums import copied
from wenyue.platform.embedded_server.owning import make_plain

FOLDER: Final = "backup-log"
STEP: Final = 4  # segments that arrive before they are stored
_BLOCK: Final = 1 << 20


def receive(source: Source, name: str, until: int, step: Callable[[Path], None]) -> None:
    """Fetch the run's log until a position lies behind; `step` stores what has arrived, now and then. Raises ProgramFault.

    LookupError: the server keeps no log for this run any more.
    """
    here = source.home / FOLDER / name
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(mode=0o700, parents=True)
    size = source.segment_bytes
    kept, first = source.one("slot_start", slot=name)
    _begin_with(here, str(first), size)
    begin = parse_lsn(str(kept))
    end = begin - begin % size
    try:
        while end < until:
            end = min(until, end + STEP * size)
            text = f"{end >> 32:X}/{end & 0xFFFFFFFF:X}"
            arguments = [
                "--directory",
                str(here),
                "--endpos",
                text,
                "--no-loop",
                "--no-password",
                "--no-sync",
            ]
            run_program(source.programs, "pg_receivewal", arguments, url=source.url)
            step(here)
            newest = _tidy(here, size)
            if newest > begin:
                source.run_statement(
                    "slot_goes_on", slot=name, position=f"{newest >> 32:X}/{newest & 0xFFFFFFFF:X}"
                )
    finally:
        shutil.rmtree(here, ignore_errors=True)


def publish(here: Path, target: Path, stream: Stream) -> None:
    """Copy what has arrived into the backup folder, and note its sums in `stream`."""
    for path in target.glob(f".*{PARTIAL}"):  # of a fetch that was killed
        path.unlink()
    for path in sorted(here.iterdir()):
        if is_segment(path.name):
            stream.segments[path.name] = _put(path, target / path.name, path.stat().st_size)
        elif is_history(path.name):
            stream.histories[path.name] = _put(path, target / path.name, path.stat().st_size)
        elif is_segment(plain := path.name.removesuffix(PARTIAL)) and (count := _written(path)):
            # The log only grows: whatever comes later, these bytes stay the first ones of the segment.
            stream.unfinished = (plain, *_put(path, target / path.name, count))
    if stream.unfinished is not None and stream.unfinished[0] in stream.segments:
        stream.unfinished = None


def _begin_with(here: Path, first: str, size: int) -> None:
    """pg_receivewal begins with the segment that it finds not full: an empty one tells it where, without the slot.

    With the slot it would let the server drop what it has received, before that is where it shall be.
    """
    with make_plain(here / f"{first}{PARTIAL}") as file:
        file.truncate(size)


def _tidy(here: Path, size: int) -> int:
    """Remove what is stored, but the newest, with which pg_receivewal goes on; return where that begins."""
    names = sorted(path.name for path in here.iterdir() if is_segment(path.name.removesuffix(PARTIAL)))
    for name in names[:-1]:
        (here / name).unlink()
    return segment_number(names[-1].removesuffix(PARTIAL), size) * size


def tidy(target: Path, stream: Stream) -> None:
    """After the index is on the disk: the folder needs no first bytes of what it has whole."""
    for path in target.glob(f"*{PARTIAL}"):
        if path.name.removesuffix(PARTIAL) in stream.segments:
            path.unlink()


def _put(path: Path, target: Path, count: int) -> tuple[int, str]:
    """Complete or not at all, and on the disk when this returns."""
    partial = target.with_name(f".{target.name}{PARTIAL}")
    partial.unlink(missing_ok=True)
    done = copied(path, partial, count)
    partial.rename(target)
    sync_folder(target.parent)
    return done


def _written(path: Path) -> int:
    """How much of a segment was received: behind that pg_receivewal leaves zeros."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            begin = max(0, end - _BLOCK)
            file.seek(begin)
            if block := file.read(end - begin).rstrip(b"\0"):
                return begin + len(block)
            end = begin
    return 0
