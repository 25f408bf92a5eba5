"""Takes one backup: log first, then the files, sums, note; complete or not there at all."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.folder import Folder, inside, require_room, sync_folder
from wenyue.ops.backup.keys import prints
from wenyue.ops.backup.model import FORMAT, Backup, Kind
from wenyue.ops.backup.programs import ProgramFault, as_fault, run_program
from wenyue.ops.backup.receiving import FOLDER
from wenyue.ops.backup.rules import continues, parse_lsn, superfluous
from wenyue.ops.backup.source import Source
from wenyue.ops.backup.streaming import current_run, fetch, prune
from wenyue.ops.backup.sums import LOG, MANIFEST, copied, manifest_bytes_max, stop_position
from wenyue.ops.backup.unpacking import LABEL, OddTarError, Sent, unpack
from wenyue.ops.backup.vouching import own_backups, trust_of, write_vouched
from wenyue.platform.fault import SetupError

INCREMENTAL_VERSION_MIN: Final = 17
ROOM_BYTES_MIN: Final = 64 * 1024 * 1024
_LOG: Final = PurePosixPath(LOG)
_START: Final = re.compile(r"START WAL LOCATION: ([0-9A-F]+/[0-9A-F]+)")


class Reporter(Protocol):
    """How a long step shows where it is."""

    def print_line(self, line: str) -> None:
        """One line."""

    def bytes(self, step: str, done: int, total: int) -> None:
        """A step has done so many bytes."""


@dataclass(frozen=True)
class Wish:
    """What was asked for: `kind` None means whatever is possible and cheaper; `keep` full backups stay."""

    kind: Kind | None = None
    keep: int = 3


def take(folder: Folder, source: Source, wish: Wish, report: Reporter) -> Backup:
    """One backup in `folder`, which is held. Raises SetupError; then nothing has the look of a backup."""
    stream = current_run(folder, source, report.print_line)
    backups = own_backups(folder, source.home)
    parent = _parent(folder, source, wish, stream, report)
    require_room(folder.path, ROOM_BYTES_MIN + (source.bytes if parent is None else 0))
    try:
        made = _take(folder, source, stream, parent, report)
    except ProgramFault as fault:
        is_summary = "summari" in fault.says or "requires" in fault.says
        if parent is None or wish.kind == "incremental" or not is_summary:
            raise as_fault(fault, folder.path) from fault
        report.print_line(
            gettext("an incremental backup isn't possible, taking a full one ({says})", says=fault.says)
        )
        try:
            made = _take(folder, source, stream, None, report)
        except ProgramFault as second:
            raise as_fault(second, folder.path) from second
    finally:
        if parent is not None:
            _private(source, parent).unlink(missing_ok=True)
    fetch(folder, source, stream)
    backups.append(made)
    for old in superfluous(backups, wish.keep):
        (folder.path / old.name / "backup.json").unlink()  # no backup any more, even if we are killed now
        shutil.rmtree(folder.path / old.name)
        report.print_line(gettext("deleted {name}", name=old.name))
    prune(folder, source, folder.backups())
    return made


def _parent(folder: Folder, source: Source, wish: Wish, stream: str, report: Reporter) -> Backup | None:
    """The backup that an incremental one may continue; None for a full one."""
    if wish.kind == "full":
        return None
    parent = continues(folder.backups(), stream)
    why = ""
    if source.major < INCREMENTAL_VERSION_MIN:
        why = f"PostgreSQL {source.major} has none, {INCREMENTAL_VERSION_MIN} is needed"
    elif source.settings.get("summarize_wal") != "on":
        why = "the server does not summarise its log: set summarize_wal = on (the embedded one: restart it once)"
    elif parent is None:
        why = "there is no backup that it could continue"
    elif not trust_of(source.home, {}).vouches_for(folder.path / parent.name / "backup.json", parent):
        why = f"{parent.name} has no keyed note of this installation"
    elif not _is_its_manifest(folder, source, parent):
        why = f"{parent.name} is damaged: its manifest was changed"
    if not why:
        return parent
    if wish.kind == "incremental":
        raise SetupError(Message("an incremental backup isn't possible: {why}; use --full", why=why))
    if parent is not None:
        report.print_line(
            gettext("taking a full backup, because an incremental one isn't possible: {why}", why=why)
        )
    return None


def _is_its_manifest(folder: Folder, source: Source, parent: Backup) -> bool:
    """Whether the parent's manifest is the one that was vouched for: a private copy is compared, which the server gets."""
    copy, manifest = _private(source, parent), folder.path / parent.name / "data" / MANIFEST
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy.unlink(missing_ok=True)
    try:
        _, found = copied(manifest, copy, manifest_bytes_max(parent))
    except OSError as error:
        if str(error.filename) != str(manifest):
            raise  # ours: no room, say
        return False
    if found != parent.manifest_sha256:
        copy.unlink()
    return copy.exists()


def _private(source: Source, parent: Backup) -> Path:
    return source.home / FOLDER / f"{parent.stream}.{MANIFEST}"


def _take(folder: Folder, source: Source, stream: str, parent: Backup | None, report: Reporter) -> Backup:
    started = datetime.now(UTC)
    kind: Kind = "full" if parent is None else "incremental"
    name = f"{started:%Y%m%dT%H%M%S}.{started.microsecond // 1000:03d}Z-{kind}"
    partial = folder.path / f".partial-{name}"
    if (folder.path / name).exists() or partial.exists():
        raise SetupError(Message("{name} already exists: try again in a second", name=name))
    counts, record = source.counts(), source.record()
    partial.mkdir(mode=0o700)
    try:
        with inside(folder, partial.name) as here:
            sent = _copy(source, parent, here / "data", report)
            note = _describe(source, sent, started)
            backup = Backup(
                format=FORMAT,
                name=name,
                kind=kind,
                parent=parent.name if parent else None,
                stream=stream,
                finished_at=source.mark(),
                counts=counts,
                record=record,
                key_prints=prints(source.home),
                **note,
            )
            write_vouched(here / "backup.json", backup, source.home)
        partial.rename(folder.path / name)
        sync_folder(folder.path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return backup


def _copy(source: Source, parent: Backup | None, target: Path, report: Reporter) -> Sent:
    """The server's files, and the log that they need, in `target`; what they are is known from what was sent."""
    # The run's slot keeps the log, until the end, where it is sent. To standard output it cannot come beside.
    arguments = ["--pgdata=-", "--format=tar", "--wal-method=fetch"]
    arguments += ["--checkpoint=fast", "--progress", "--no-password"]
    arguments += ["--manifest-checksums=SHA256", "--label=wenyue"]
    if parent is not None:
        arguments += ["--incremental", str(_private(source, parent))]
    step = gettext("incremental backup") if parent else gettext("full backup")
    found: list[Sent] = []
    try:
        run_program(
            source.programs,
            "pg_basebackup",
            arguments,
            url=source.url,
            on_bytes=lambda done, total: report.bytes(step, done, total),
            on_output=lambda tar: found.append(unpack(tar, target)),
        )
    except (OddTarError, EOFError) as error:
        raise _odd(error) from error
    report.bytes(step, source.bytes, source.bytes)  # an incremental one ends early: most blocks are unchanged
    return found[0]


def _odd(error: Exception) -> SetupError:
    return SetupError(
        Message(
            "the server didn't send a valid backup ({error}): try again, and check whether "
            "something between this machine and the database alters the traffic",
            error=error,
        ),
    )


def _describe(source: Source, sent: Sent, started: datetime) -> dict[str, Any]:
    """What the note says about the files that were sent."""
    label = sent.contents[LABEL].decode(errors="replace")
    try:
        files, stop = stop_position(sent.contents[MANIFEST], sent.files)
    except ValueError as error:
        raise _odd(error) from error
    begin = _START.search(label)
    if begin is None:
        raise _odd(ValueError(f"its {LABEL} is unreadable"))
    places = {PurePosixPath(path): checksum for path, (_, checksum) in sent.files.items()}
    log = {path.name: checksum for path, checksum in places.items() if path.parent == _LOG}
    return {
        "started_at": started,
        "start_lsn": parse_lsn(begin[1]),
        "stop_lsn": stop,
        "system_id": source.system_id,
        "server_version": f"{source.major}.{source.version % 10000}",
        "segment_bytes": source.segment_bytes,
        "database": source.database,
        "bytes": sum(size for size, _ in sent.files.values()),
        "files": files,
        "manifest_sha256": sent.files[MANIFEST][1],
        "log_sha256": dict(sorted(log.items())),
        "settings": source.settings,
    }
