"""Restores a moment into a new home. The source and the backups are only read; a failed restore leaves nothing behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from wenyue.infra.fault import SetupError
from wenyue.infra.server import base_folder, erase, hold_home
from wenyue.infra.server.binaries import MAJOR
from wenyue.infra.server.owning import hand_over, make_plain, read_plain, write_plain
from wenyue.infra.server.place import Place, as_setup_error, settle
from wenyue.tools.backup import rules
from wenyue.tools.backup.checking import examine, require_sound
from wenyue.tools.backup.folder import Folder, require_room, write
from wenyue.tools.backup.keys import put
from wenyue.tools.backup.model import Backup, Checked
from wenyue.tools.backup.programs import ProgramFault, as_fault, run
from wenyue.tools.backup.recovering import Goal, recover
from wenyue.tools.backup.streaming import held_files
from wenyue.tools.backup.sums import require_plain, verify_backup, verify_log
from wenyue.tools.backup.taking import ROOM_BYTES_MIN, Reporter
from wenyue.tools.backup.vouching import Trust

RESTORED_NOTE: Final = "restored.json"
_COPY_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Plan:
    """What will be restored from what."""

    folder: Folder
    chain: list[Backup]
    log: dict[str, Path]  # segments by their name
    at: datetime | None  # None: everything there is
    reach_lsn: int  # at least as far must the replay come
    until: datetime  # the instant that is restored, as well as we know

    @property
    def base(self) -> Backup:
        """The newest backup of the chain."""
        return self.chain[-1]


def plan(folder: Folder, at: datetime | None, base_name: str | None = None, *, is_bare: bool = False) -> Plan:
    """Choose backup and log for the instant `at` (None: the latest). Raises SetupError when it cannot be reached.

    With `is_bare` no log is used: what the backup itself holds, for when the log is lost.
    """
    backups = folder.backups()
    if at is not None and at > datetime.now(UTC):
        raise SetupError(f"{shown(at)} is in the future: give a time that has passed", "不能恢复到未来的时间")
    if not backups:
        raise SetupError(f"{folder.path} has no complete backup", f"{folder.path} 中没有完整备份")
    base = _base(backups, at, base_name)
    chain = _chain(base, backups)
    if is_bare:
        return Plan(folder, chain, {}, None, base.stop_lsn, base.finished_at)
    marks = [mark for mark in folder.stream(base.stream).marks if mark[1] >= base.stop_lsn]
    reach = rules.reaches(marks, at)
    end = marks[-1][0] if marks else base.finished_at
    if reach is None and at is not None:
        raise SetupError(
            f"the log reaches until {shown(end)}, not until {shown(at)}: give an earlier time, or leave --to out",
            f"日志只到 {shown(end)}",
        )
    files = held_files(folder, base.stream)
    reach = reach or base.stop_lsn
    _require_whole(files, base, marks, reach)
    numbered = {
        name: rules.segment_number(name, base.segment_bytes) for name in files if rules.is_segment(name)
    }
    first, last = base.start_lsn // base.segment_bytes, reach // base.segment_bytes
    log = {name: path for name, path in files.items() if first <= numbered.get(name, first) <= last + 1}
    return Plan(folder, chain, log, at, reach, at or end)


def verify(wanted: Plan, report: Reporter, trust: Trust) -> None:
    """Ask whose backups these are, and compare everything that will be used with its checksum. Raises SetupError."""
    trust.require(wanted.folder, wanted.chain)
    total = sum(one.bytes for one in wanted.chain)
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        report.bytes("checksums · 校验", done, total)

    for one in wanted.chain:
        verify_backup(wanted.folder, one, count)
    report.bytes("checksums · 校验", total, total)
    verify_log(wanted.folder, wanted.base.stream, [path.name for path in wanted.log.values()])


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
            place = settle(home, report.say)
            put(keys, home)  # before there is data: a start without them would make others
            size = sum(one.bytes for one in wanted.chain) + sum(
                path.stat().st_size for path in wanted.log.values()
            )
            require_room(place.base, size + ROOM_BYTES_MIN)
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
            raise SetupError(f"there is no backup {name}: see `wenyue backup list`", f"没有备份 {name}")
        backups = [named]
    base = rules.base_for(backups, at)
    if base is None:
        raise SetupError(
            f"no backup was complete at that time, the first is of {shown(backups[0].finished_at)}: give a later time",
            "该时间之前没有完整备份",
        )
    return base


def _chain(base: Backup, backups: Sequence[Backup]) -> list[Backup]:
    chain = rules.chain_of(base, {one.name: one for one in backups})
    if chain is None:
        raise SetupError(
            f"{base.name} continues {base.parent}, which is missing: choose another with --base",
            "增量备份缺少前一份备份",
        )
    if (major := int(base.server_version.split(".")[0])) != MAJOR:
        raise SetupError(
            f"the backup is of PostgreSQL {major}, this wenyue carries {MAJOR}: restore it with the programs of "
            f"PostgreSQL {major} (pg_combinebackup, then its data folder)",
            f"备份版本 {major} 与程序版本 {MAJOR} 不符",
        )
    return chain


def _require_whole(
    files: dict[str, Path], base: Backup, marks: Sequence[tuple[datetime, int]], reach: int
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
    raise SetupError(
        f"segment {missing[0]:X} of the log is missing in {base.stream}: it can be restored until {shown(until)} only, "
        f"with {remedy}",
        f"日志缺失, 只能恢复到 {shown(until)}",
    )


def _require_new(home: Path, folder: Folder | None) -> None:
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise SetupError(
            f"{home} is not empty: a restore goes into a new folder, never over a living one; choose another --into",
            f"{home} 不是空目录, 恢复只能写入新目录",
        )
    if folder is not None and (home == folder.path or folder.path in home.parents):
        raise SetupError(
            f"{home} lies in the backup folder: choose another --into", "恢复目录不能放在备份目录内"
        )
    base = base_folder(home)
    if base.exists():  # as root: of a home that was removed; a failed restore would take it along
        raise SetupError(
            f"{base} still has the data of an earlier installation at {home}: choose another --into",
            f"{base} 中仍有旧数据",
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
    partial = place.base / "data.partial"
    if partial.exists():
        shutil.rmtree(partial)
    report.say("putting the files together · 正在合并数据文件")
    sources = [str(wanted.folder.path / one.name / "data") for one in wanted.chain]
    if len(sources) == 1:
        shutil.copytree(sources[0], partial, symlinks=True, copy_function=_copy)
        require_plain(
            partial, wanted.base
        )  # what was copied, whatever happened beside us since it was looked at
    else:
        try:
            run(place.programs, "pg_combinebackup", ["--output", str(partial), *sources])
        except ProgramFault as fault:
            raise as_fault(fault, place.base) from fault
    for name, path in wanted.log.items():
        (partial / "pg_wal" / name).unlink(
            missing_ok=True
        )  # the backup's own may be there, as far as it went
        _copy(path, partial / "pg_wal" / name)
    for name in ("postgresql.auto.conf", "postmaster.pid", "postmaster.opts", "standby.signal"):
        (partial / name).unlink(missing_ok=True)
    write_plain(partial / "postgresql.conf", "include 'wenyue.conf'\n")
    for name in ("postgresql.auto.conf", "pg_ident.conf", "recovery.signal"):
        if not (partial / name).exists():
            write_plain(partial / name, "")
    hand_over(partial, place.account)
    partial.rename(place.data)


def _copy(source: str | Path, target: str | Path) -> None:
    """Copy one file that is no link, and no more of it than its content."""
    with read_plain(Path(source)) as file, make_plain(Path(target)) as copy:
        shutil.copyfileobj(file, copy, _COPY_BYTES)


def _goal(wanted: Plan) -> Goal:
    base = wanted.base
    return Goal(wanted.at, base.start_lsn, wanted.reach_lsn, base.database, base.settings)
