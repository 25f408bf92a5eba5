"""Pure decisions about backups: which chain, which log, what may go, what time is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from wenyue.ops.backup.model import Backup

INCREMENTS_MAX: Final = 24  # a longer chain restores slowly, and one broken link breaks what follows
MARKS_MAX: Final = 5_000
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
PARTIAL: Final = ".partial"  # behind the name of a segment that is not full yet
_HISTORY: Final = re.compile(r"[0-9A-F]{8}\.history")
_SEGMENT: Final = re.compile(r"[0-9A-F]{24}")
_ZONED: Final = re.compile(r"(?P<local>\S+(?:[ T]\S+)?) (?P<zone>[A-Za-z]+(?:/[A-Za-z_+-]+)+)")


class TimeUnclear(ValueError):
    """The text names no instant, or more than one; the message says how to write it."""


def chain_of(backup: Backup, known: dict[str, Backup]) -> list[Backup] | None:
    """The full backup and what leads to `backup`, in order; None when a link is missing."""
    chain = [backup]
    while chain[0].kind == "incremental":
        parent = known.get(chain[0].parent or "")
        if parent is None or parent in chain:
            return None
        chain.insert(0, parent)
    return chain


def continues(backups: Sequence[Backup], stream: str) -> Backup | None:
    """The newest backup if an incremental one may follow it: same run of log, chain whole and not too long."""
    if not backups:
        return None
    chain = chain_of(backups[-1], {one.name: one for one in backups})
    if chain is None or len(chain) > INCREMENTS_MAX or backups[-1].stream != stream:
        return None
    return backups[-1]


def superfluous(backups: Sequence[Backup], keep: int) -> list[Backup]:
    """What may be deleted when the newest `keep` full backups stay, with everything that continues them."""
    fulls = [one for one in backups if one.kind == "full"]
    if len(fulls) <= keep:
        return []
    oldest = fulls[-keep]
    return [one for one in backups if one.started_at < oldest.started_at]


def base_for(backups: Iterable[Backup], at: datetime | None) -> Backup | None:
    """The newest backup that was complete at `at` (None: now)."""
    fitting = [one for one in backups if at is None or one.finished_at <= at]
    return max(fitting, key=lambda one: one.finished_at, default=None)


def thinned(marks: list[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    """At most MARKS_MAX marks: every second one of the older half goes."""
    if len(marks) <= MARKS_MAX:
        return marks
    half = len(marks) // 2
    return marks[:half:2] + marks[half:]


def reaches(marks: Sequence[tuple[datetime, int]], at: datetime | None) -> int | None:
    """The position up to which log is needed to know everything until `at` (None: until the end); None: not so far."""
    if at is None:
        return marks[-1][1] if marks else None
    return next((lsn for instant, lsn in marks if instant >= at), None)


def is_segment(name: str) -> bool:
    """Whether `name` is that of a segment of the log."""
    return _SEGMENT.fullmatch(name) is not None


def is_history(name: str) -> bool:
    """Whether `name` is that of a timeline's history."""
    return _HISTORY.fullmatch(name) is not None


def timeline_of(names: Iterable[str]) -> int | None:
    """The newest timeline among segments; None when there is none of them."""
    return max((int(name[:8], 16) for name in names if is_segment(name)), default=None)


def segment_number(name: str, segment_bytes: int) -> int:
    """The place of a segment in the log, whatever its timeline."""
    return int(name[8:16], 16) * (0x1_0000_0000 // segment_bytes) + int(name[16:24], 16)


def missing_segments(
    names: Iterable[str], from_lsn: int, to_lsn: int, segment_bytes: int, *, shown_max: int = 3
) -> list[int]:
    """Numbers of the first segments between two positions that no file of `names` holds."""
    there = {segment_number(name, segment_bytes) for name in names if is_segment(name)}
    wanted = range(from_lsn // segment_bytes, max(from_lsn, to_lsn - 1) // segment_bytes + 1)
    return [number for number in wanted if number not in there][:shown_max]


def parse_lsn(text: str) -> int:
    """PostgreSQL's `16/B374D848` as a number."""
    high, _, low = text.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def parse_time(text: str) -> datetime:
    """The one instant that `text` means, in UTC. Raises TimeUnclear.

    Understood: `2026-11-22T12:30Z`, `2026-11-22 12:30+08:00`, `2026-11-22 12:30 Asia/Shanghai`. A time without a
    zone is refused, and so is a local time that a change of clocks repeats or leaves out.
    """
    text = text.strip()
    zoned = _ZONED.fullmatch(text)
    try:
        found = datetime.fromisoformat(zoned["local"] if zoned else text)
        zone = ZoneInfo(zoned["zone"]) if zoned else None
    except (ValueError, KeyError, OSError) as error:
        raise TimeUnclear(f"{text!r} is no time: write 2026-11-22T12:30+08:00") from error
    if zone is not None:
        found = _local(found, zone)
    if found.tzinfo is None:
        day = found.isoformat(sep="T", timespec="minutes")
        raise TimeUnclear(
            f"{text!r} names no time zone: write {day}+08:00 (Beijing time), {day}Z (UTC), or '{day} Asia/Shanghai'"
        )
    return found.astimezone(UTC)


def _local(naive: datetime, zone: ZoneInfo) -> datetime:
    if naive.tzinfo is not None:
        raise TimeUnclear("both an offset and a zone are given: leave one out")
    first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise TimeUnclear(
            f"{naive} occurs twice or never in {zone}: write it with its offset, such as +02:00"
        )
    return first
