"""What a backup folder holds, as its notes say it. Instants are aware UTC, sizes bytes, positions (LSN) whole numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

FORMAT: Final = 1
SEGMENT_BYTES: Final = 16 * 1024 * 1024  # the size that the embedded server was made with

Kind = Literal["full", "incremental"]
# A note is read before anybody vouches for it: what nobody could reckon with makes it a damaged one.
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
SegmentBytes = Annotated[int, msgspec.Meta(ge=1 << 20, le=1 << 30)]
Version = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,4}\.")]


class FolderNote(msgspec.Struct, frozen=True, kw_only=True):
    """`wenyue-backups.json`: whose backups a folder holds. A folder serves one installation."""

    format: int
    source: str  # the home, or the server's address without its password
    system_id: str
    major: int


class Stream(msgspec.Struct, kw_only=True):
    """`index.json` of one gapless run of write-ahead log; `marks` say what instant each position had reached."""

    segments: dict[str, tuple[int, str]] = {}  # file name → (bytes, sha256)
    histories: dict[str, tuple[int, str]] = {}  # of timelines, likewise
    unfinished: tuple[str, int, str] | None = None  # the last segment: name, bytes so far, their sha256
    marks: list[tuple[Instant, int]] = []  # ascending

    def sums(self) -> dict[str, tuple[int, str]]:
        """Every file whose content is known: how many of its first bytes, and their sum."""
        last = {} if self.unfinished is None else {self.unfinished[0]: self.unfinished[1:]}
        return {**last, **self.histories, **self.segments}


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """`backup.json`: one complete backup. A folder without it is no backup."""

    format: int
    name: str
    kind: Kind
    parent: str | None  # the backup that an incremental one continues
    stream: str  # the run of log that leads on from here
    started_at: Instant
    finished_at: Instant
    start_lsn: int
    stop_lsn: int
    system_id: str
    server_version: Version
    segment_bytes: SegmentBytes
    database: str
    bytes: int
    files: int
    manifest_sha256: str  # of backup_manifest, which holds the sums of all other files
    log_sha256: dict[str, str]  # of the log that the backup carries itself; backup_manifest leaves it out
    counts: dict[str, int]  # rows when the backup began
    record: str = ""  # the newest seal when the backup began, as NO:DIGEST; an anchor of the record
    settings: dict[str, str]  # of the source, which recovery must not undercut
    key_prints: dict[str, str]  # key file → fingerprint, to find the file that belongs to this backup


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a restored database."""

    counts: dict[str, int]
    violations: tuple[str, ...]
    sealed_broken: int | None  # number of the first broken link of the record
