"""The write-ahead log, fetched through a replication slot into the backup folder.

The server keeps what was not fetched yet, at most `max_slot_wal_keep_size`; beyond that it drops the slot's log and goes on.
So a full or missing backup disk never stops it: the run of log ends, the next backup is a full one and begins another.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from psycopg.errors import ConfigurationLimitExceeded

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.backup import slots
from wenyue.ops.backup.folder import RUN, RUNS_MAX, Folder, decoded, inside, read_note, write
from wenyue.ops.backup.model import Backup, Stream
from wenyue.ops.backup.programs import ProgramFault, as_fault
from wenyue.ops.backup.receiving import publish, receive, tidy
from wenyue.ops.backup.rules import PARTIAL, is_history, is_segment, segment_number, thinned
from wenyue.ops.backup.source import Source
from wenyue.ops.backup.vouching import trust_of, write_vouched
from wenyue.platform.fault import SetupError

_GOOD: Final = {"reserved", "extended", "unreserved"}


def current_run(folder: Folder, source: Source, progress: Callable[[str], None]) -> str:
    """Name of the run of log that the server still keeps for us; a new one begins when it does not."""
    names = runs(folder)
    if names:
        status = source.slot_status(names[-1])
        is_ours = trust_of(source.home, {}).knows(folder.log / names[-1] / "index.json")
        if status in _GOOD and is_ours:
            slots.remember(source.home, names[-1], folder.path)
            return names[-1]
        progress(
            gettext("the log since the last backup is incomplete; a new full backup starts over")
            if is_ours
            else gettext(
                "the log so far has no keyed note of this installation; a new full backup starts over"
            )
        )
        source.run_statement("drop_slot", slot=names[-1])
    name = _next(folder, names)
    slots.drop_older(source, folder.path, names)
    folder.log.mkdir(mode=0o700, exist_ok=True)
    with inside(folder, "log") as log:
        (log / name).mkdir(mode=0o700)
    with inside(folder, "log", name) as target:
        write_vouched(target / "index.json", Stream(), source.home)
    slots.remember(source.home, name, folder.path)
    try:
        source.run_statement("make_slot", slot=name)
    except ConfigurationLimitExceeded as error:
        with inside(folder, "log") as log:
            shutil.rmtree(log / name)
        slots.forget(source.home, name)
        raise SetupError(
            Message(
                "the server has no replication slot left: drop the unused ones (`wenyue "
                "doctor` lists them), or raise max_replication_slots"
            ),
        ) from error
    return name


def _next(folder: Folder, names: Sequence[str]) -> str:
    """A name for a run of log that follows these. Raises SetupError: somebody put the last possible one there."""
    number = int(names[-1].split("_")[1]) + 1 if names else 1
    if number > RUNS_MAX:
        raise SetupError(
            Message("{log} has a number that can't be one of ours: remove it", log=folder.log / names[-1]),
        )
    return f"wenyue_{number:06d}_{secrets.token_hex(4)}"


def runs(folder: Folder) -> list[str]:
    """The runs of log in the folder, oldest first."""
    if not folder.log.is_dir():
        return []
    with inside(folder, "log") as log, os.scandir(log) as entries:
        return sorted(
            entry.name
            for entry in entries
            if RUN.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
        )


def fetch(folder: Folder, source: Source, name: str) -> datetime:
    """Fetch everything up to now; return the instant that the log has now reached. Raises SetupError.

    Two commits mark the end: the first is the instant, the second lies behind it, so that the fetch surely has the first.
    """
    instant = source.mark()
    position = source.position()
    source.mark()
    with inside(folder, "log", name) as target:
        _fetch(source, name, target, (instant, position))
    return instant


def _fetch(source: Source, name: str, target: Path, mark: tuple[datetime, int]) -> None:
    """Into the run's folder `target`, up to the mark."""
    stream, is_ours = _known(source, target)

    def step(here: Path) -> None:
        publish(here, target, stream)
        _write_index(target / "index.json", stream, source, is_ours=is_ours)
        tidy(target, stream)

    try:
        receive(source, name, mark[1], step)
    except LookupError as error:
        raise _not_kept() from error
    except ProgramFault as fault:
        if "could not connect" not in fault.says and source.slot_status(name) == "lost":
            raise _not_kept() from fault
        raise as_fault(fault, source.home) from fault
    stream.marks = thinned([*stream.marks, mark])
    _write_index(target / "index.json", stream, source, is_ours=is_ours)


def _not_kept() -> SetupError:
    return SetupError(
        Message(
            "the server couldn't keep its log long enough: take a backup now (`wenyue backup`) to start over"
        ),
    )


def _known(source: Source, target: Path) -> tuple[Stream, bool]:
    """What is known about a run, and whether this installation's keys vouch for that: then it is what they vouch for."""
    index = target / "index.json"
    content = trust_of(source.home, {}).vouched(index)
    if content is not None:
        return decoded(index, content, Stream), True
    return (read_note(index, Stream), False) if index.exists() else (Stream(), True)


def _write_index(index: Path, stream: Stream, source: Source, *, is_ours: bool) -> None:
    """Vouch for the index again, but never for one that somebody else wrote."""
    if is_ours:
        write_vouched(index, stream, source.home)
    else:
        write(index, stream)


def held_files(folder: Folder, name: str) -> dict[str, Path]:
    """Segments and histories of a run, by the name that the server knows them under."""
    found: dict[str, Path] = {}
    target = folder.log / name
    for path in sorted(target.iterdir()) if target.is_dir() else []:
        plain = path.name.removesuffix(PARTIAL)
        if (is_segment(plain) or is_history(path.name)) and (path.name == plain or plain not in found):
            found[plain] = path
    return found


def prune(folder: Folder, source: Source, backups: Sequence[Backup]) -> None:
    """Delete the log that no kept backup needs: whole runs, and what lies before the oldest backup of a run."""
    all_runs = runs(folder)
    for name in all_runs:
        firsts = [one for one in backups if one.stream == name]
        if firsts:
            with inside(folder, "log", name) as target:
                _prune_run(source, target, min(firsts, key=lambda one: one.start_lsn))
        elif name != all_runs[-1]:
            source.run_statement("drop_slot", slot=name)
            with inside(folder, "log") as log:
                shutil.rmtree(log / name)  # which follows no link


def _prune_run(source: Source, target: Path, first: Backup) -> None:
    """Only what our own index lists: another's might name any file."""
    stream, is_ours = _known(source, target)
    if not is_ours:
        return
    below = first.start_lsn // first.segment_bytes
    gone = [
        one for one in stream.segments if is_segment(one) and segment_number(one, first.segment_bytes) < below
    ]
    for segment in gone:
        del stream.segments[segment]
    stream.marks = [mark for mark in stream.marks if mark[1] >= first.start_lsn]
    write_vouched(target / "index.json", stream, source.home)
    for segment in gone:
        (target / segment).unlink(missing_ok=True)
