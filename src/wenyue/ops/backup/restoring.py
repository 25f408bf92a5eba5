"""Restores a moment into a new home. The source and the backups are only read; a failed restore leaves nothing behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.backup import rules
from wenyue.ops.backup.checking import examine, require_sound
from wenyue.ops.backup.folder import Folder, require_room, write
from wenyue.ops.backup.keys import put
from wenyue.ops.backup.laying import Piece, lay, require_all_listed
from wenyue.ops.backup.model import Backup, Checked, Stream
from wenyue.ops.backup.recovering import Goal, recover
from wenyue.ops.backup.streaming import held_files
from wenyue.ops.backup.taking import ROOM_BYTES_MIN, Reporter
from wenyue.ops.backup.vouching import Trust
from wenyue.platform.embedded_server import base_folder, erase, hold_home
from wenyue.platform.embedded_server.binaries import MAJOR
from wenyue.platform.embedded_server.place import Place, as_setup_error, settle
from wenyue.platform.fault import SetupError

RESTORED_NOTE: Final = "restored.json"


@dataclass(frozen=True)
class Plan:
    """What will be restored from what."""

    folder: Folder
    chain: list[Backup]
    log: dict[str, Piece]  # segments and histories by their name
    run: Stream | None  # what its index says; None: no log is used
    left_out: list[str]  # files of the log that no index lists
    at: datetime | None  # None: everything there is
    reach_lsn: int  # at least as far must the replay come
    until: datetime  # the instant that is restored, as well as we know

    @property
    def base(self) -> Backup:
        """The newest backup of the chain."""
        return self.chain[-1]


def plan(
    folder: Folder,
    at: datetime | None,
    base_name: str | None = None,
    *,
    is_bare: bool = False,
    accepted: frozenset[str] = frozenset(),
) -> Plan:
    """Choose backup and log for the instant `at` (None: the latest). Raises SetupError when it cannot be reached.

    With `is_bare` no log is used: what the backup itself holds, for when the log is lost. Of the log only what its index
    lists is used, as far as that goes, unless `accepted` has `log/RUN`: then everything that lies there.
    """
    backups = folder.backups()
    if at is not None and at > datetime.now(UTC):
        raise SetupError(Message("{shown} is in the future: give a time that has passed", shown=shown(at)))
    if not backups:
        raise SetupError(Message("{path} has no complete backup", path=folder.path))
    base = _base(backups, at, base_name)
    chain = _chain(base, backups)
    if is_bare:
        return Plan(folder, chain, {}, None, [], None, base.stop_lsn, base.finished_at)
    run, held = folder.stream(base.stream), held_files(folder, base.stream)
    marks = [mark for mark in run.marks if mark[1] >= base.stop_lsn]
    reach = rules.reaches(marks, at)
    end = marks[-1][0] if marks else base.finished_at
    if reach is None and at is not None:
        raise SetupError(
            Message(
                "the log only reaches {shown}, not {wanted}: give an earlier time, or leave out --to",
                shown=shown(end),
                wanted=shown(at),
            ),
        )
    files = _pieces(held, run, base, takes_all=f"log/{base.stream}" in accepted)
    left_out = sorted(set(held) - set(files))
    reach = reach or base.stop_lsn
    _require_whole(files, base, marks, reach, left_out)
    numbered = {
        name: rules.segment_number(name, base.segment_bytes) for name in files if rules.is_segment(name)
    }
    first, last = base.start_lsn // base.segment_bytes, reach // base.segment_bytes
    log = {name: piece for name, piece in files.items() if first <= numbered.get(name, first) <= last + 1}
    has_run = bool(held) or (folder.log / base.stream / "index.json").exists()
    return Plan(folder, chain, log, run if has_run else None, left_out, at, reach, at or end)


def verify(wanted: Plan, report: Reporter, trust: Trust) -> None:
    """Ask whose backups these are, and look whether all is there that their notes list. Raises SetupError."""
    run = {} if wanted.run is None else {wanted.base.stream: wanted.run}
    trust.require(wanted.folder, wanted.chain, run)
    if wanted.left_out:
        report.print_line(
            gettext(
                "{n} log files aren't in any index and are left out, the first is "
                "{left_out}: a fetch was interrupted, or someone put them there (to use "
                "them: --accept-unsigned log/{stream})",
                n=len(wanted.left_out),
                left_out=wanted.left_out[0],
                stream=wanted.base.stream,
            )
        )
    require_all_listed(wanted.folder, wanted.chain)


def restore(
    wanted: Plan,
    home: Path,
    keys: dict[str, str],
    report: Reporter,
    *,
    trust: Trust,
    even_if_unsound: bool = False,
    is_scratch: bool = False,
) -> Checked:
    """Restore into `home`, which must be new or empty, what `trust` vouches for; return what was found there. Raises SetupError.

    With `even_if_unsound` a database whose invariants are broken is restored all the same: the source's own may be. A copy
    that its caller removes again (`is_scratch`) may lie on the backups' own disk.
    """
    home = home.expanduser().absolute()
    was_there = home.exists()
    _require_new(home, None if is_scratch else wanted.folder)
    try:
        verify(wanted, report, trust)
        with hold_home(home, f"restore, process {os.getpid()}"):  # nobody starts it half done
            place = settle(home, report.print_line)
            put(keys, home)  # before there is data: a start without them would make others
            size = sum(one.bytes for one in wanted.chain) + len(wanted.log) * wanted.base.segment_bytes
            whole = wanted.chain[0].bytes if len(wanted.chain) > 1 else 0  # beside the copies it is made of
            require_room(place.base, size + whole + ROOM_BYTES_MIN)
            _build(wanted, place, report)
            found = recover(place, _goal(wanted), report, examine)
            if not even_if_unsound:
                require_sound(found, wanted.base.counts)
            write(
                home / RESTORED_NOTE,
                {"until": wanted.until, "backup": wanted.base.name, "counts": found.counts},
            )
    except BaseException as error:
        _leave_nothing(home, was_there=was_there)
        if isinstance(error, OSError):
            raise as_setup_error(error, home) from error
        raise
    return found


def shown(at: datetime) -> str:
    """An instant for people: UTC and Beijing time beside it."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - reads a file; only messages need it

    local = at.astimezone(ZoneInfo("Asia/Shanghai"))
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z ({local:%Y-%m-%d %H:%M:%S}+08:00)"


def _base(backups: Sequence[Backup], at: datetime | None, name: str | None) -> Backup:
    if name is not None:
        named = next((one for one in backups if one.name == name), None)
        if named is None:
            raise SetupError(Message("backup {name} not found: see `wenyue backup list`", name=name))
        backups = [named]
    base = rules.base_for(backups, at)
    if base is None:
        raise SetupError(
            Message(
                "no complete backup existed at that time; the first is from {shown}: give a later time",
                shown=shown(backups[0].finished_at),
            ),
        )
    return base


def _chain(base: Backup, backups: Sequence[Backup]) -> list[Backup]:
    chain = rules.chain_of(base, {one.name: one for one in backups})
    if chain is None:
        raise SetupError(
            Message(
                "{name} builds on {parent}, which is missing: choose another with --base",
                name=base.name,
                parent=base.parent,
            ),
        )
    if (major := int(base.server_version.split(".")[0])) != MAJOR:
        raise SetupError(
            Message(
                "the backup is from PostgreSQL {major}, and this version of wenyue includes "
                "{major2}: restore it with PostgreSQL {major}'s own programs "
                "(pg_combinebackup, then its data folder)",
                major=major,
                major2=MAJOR,
            ),
        )
    return chain


def _require_whole(
    files: Mapping[str, Piece],
    base: Backup,
    marks: Sequence[tuple[datetime, int]],
    reach: int,
    left_out: Sequence[str],
) -> None:
    if reach <= base.stop_lsn:
        return  # the backup itself carries the log up to its end
    missing = rules.missing_segments(files, base.stop_lsn, reach, base.segment_bytes)
    if not missing:
        return
    hole = missing[0] * base.segment_bytes
    before = [instant for instant, lsn in marks if lsn <= hole]
    until = before[-1] if before else base.finished_at
    remedy = (
        f"--to {until.isoformat(timespec='microseconds')}" if before else f"--base {base.name} --to backup"
    )
    numbers = {rules.segment_number(one, base.segment_bytes) for one in left_out if rules.is_segment(one)}
    state = (
        f"has no keyed sum in {base.stream} (an older wenyue fetched it: --accept-unsigned log/{base.stream}, if you know that)"
        if missing[0] in numbers
        else f"is missing in {base.stream}"
    )
    raise SetupError(
        Message(
            "segment {missing} of the log {state}: a restore is possible only until {shown}, with {remedy}",
            shown=shown(until),
            missing=f"{missing[0]:X}",
            state=state,
            remedy=remedy,
        ),
    )


def _require_new(home: Path, folder: Folder | None) -> None:
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise SetupError(
            Message(
                "{home} isn't empty: a restore needs a new folder and never overwrites one; "
                "choose another --into",
                home=home,
            ),
        )
    if folder is not None and (home == folder.path or folder.path in home.parents):
        raise SetupError(Message("{home} is inside the backup folder: choose another --into", home=home))
    base = base_folder(home)
    if base.exists():  # as root: of a home that was removed; a failed restore would take it along
        raise SetupError(
            Message(
                "{base} still has the data of an earlier installation at {home}: choose another --into",
                base=base,
                home=home,
            ),
        )


def _leave_nothing(home: Path, *, was_there: bool) -> None:
    """Take back what a failed restore made; `home` was empty when it began."""
    erase(home)
    leftovers: list[Path] = list(home.iterdir()) if home.exists() else []
    for left in leftovers:
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    if not was_there and home.exists():
        home.rmdir()


def _build(wanted: Plan, place: Place, report: Reporter) -> None:
    """Put the data folder together: files, log, the server's account as their owner."""
    total = sum(one.bytes for one in wanted.chain)
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        report.bytes(gettext("checksums"), done, total)

    report.print_line(gettext("combining the files"))
    lay(wanted.folder, wanted.chain, wanted.log, place, count)
    report.bytes(gettext("checksums"), total, total)


def _pieces(held: Mapping[str, Path], run: Stream, base: Backup, *, takes_all: bool) -> dict[str, Piece]:
    """What of the log may be used: what the index lists, or all of it."""
    sums = run.sums()
    unknown = (base.segment_bytes, "")
    return {
        name: Piece(path, *sums.get(name, unknown))
        for name, path in held.items()
        if name in sums or takes_all
    }


def _goal(wanted: Plan) -> Goal:
    base = wanted.base
    timeline = rules.timeline_of([*base.log_sha256, *wanted.log])
    return Goal(wanted.at, base.start_lsn, wanted.reach_lsn, base.database, base.settings, timeline)
