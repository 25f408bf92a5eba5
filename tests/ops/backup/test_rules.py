"""Which backups continue each other, which may go, which log is needed, what time is meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wenyue.ops.backup import rules
from wenyue.ops.backup.model import FORMAT, SEGMENT_BYTES, Backup

START = datetime(2026, 11, 22, tzinfo=UTC)
RUN = "wenyue_000001_00000000"


def backup(day: int, parent: int | None = None, stream: str = RUN) -> Backup:
    """The backup of a day, taken within an hour."""
    at = START + timedelta(days=day)
    return Backup(
        format=FORMAT,
        name=f"b{day}",
        kind="full" if parent is None else "incremental",
        parent=None if parent is None else f"b{parent}",
        stream=stream,
        started_at=at,
        finished_at=at + timedelta(hours=1),
        start_lsn=0,
        stop_lsn=0,
        system_id="1",
        server_version="18.4",
        segment_bytes=SEGMENT_BYTES,
        database="wenyue",
        bytes=0,
        files=0,
        manifest_sha256="",
        log_sha256={},
        counts={},
        settings={},
        key_prints={},
    )


ALL = [backup(0), backup(1, 0), backup(2, 1), backup(3), backup(4, 3)]
KNOWN = {one.name: one for one in ALL}


def test_a_chain_leads_from_its_full_backup() -> None:
    assert rules.chain_of(ALL[2], KNOWN) == ALL[:3]
    assert rules.chain_of(ALL[2], {"b2": ALL[2], "b0": ALL[0]}) is None
    assert rules.chain_of(backup(5, 5), {"b5": backup(5, 5)}) is None  # a note that names itself


def test_an_incremental_backup_continues_the_newest_of_the_same_run() -> None:
    assert rules.continues(ALL, RUN) == ALL[-1]
    assert rules.continues(ALL, "another") is None
    assert rules.continues([], RUN) is None
    assert rules.continues(ALL[1:3], RUN) is None  # its full backup is gone
    long = [backup(0), *(backup(day, day - 1) for day in range(1, rules.INCREMENTS_MAX + 1))]
    assert rules.continues(long[:-1], RUN) == long[-2]
    assert rules.continues(long, RUN) is None


def test_full_backups_are_kept_with_what_continues_them() -> None:
    assert rules.superfluous(ALL, 1) == ALL[:3]
    assert rules.superfluous(ALL, 2) == []


def test_the_newest_backup_that_was_complete_is_the_base() -> None:
    assert rules.base_for(ALL, None) == ALL[4]
    assert rules.base_for(ALL, ALL[2].finished_at) == ALL[2]
    assert rules.base_for(ALL, ALL[2].finished_at - timedelta(seconds=1)) == ALL[1]
    assert rules.base_for(ALL, START) is None


def test_a_time_is_reached_by_the_first_mark_at_or_after_it() -> None:
    marks = [(START, 100), (START + timedelta(hours=1), 200)]
    assert rules.reaches(marks, START) == 100
    assert rules.reaches(marks, START + timedelta(seconds=1)) == 200
    assert rules.reaches(marks, START + timedelta(hours=2)) is None
    assert rules.reaches(marks, None) == 200
    assert rules.reaches([], None) is None


def test_marks_stay_bounded_and_keep_the_newest() -> None:
    marks = [(START + timedelta(seconds=n), n) for n in range(rules.MARKS_MAX + 1)]
    thin = rules.thinned(marks)
    assert len(thin) < rules.MARKS_MAX
    assert thin[-1] == marks[-1]
    assert thin == sorted(thin)


def test_missing_segments_are_found_across_the_four_gigabyte_step() -> None:
    names = [
        "0000000100000000000000FE",
        "0000000100000000000000FF",
        "000000010000000100000001",
        "00000002.history",
    ]
    first = 0xFE * SEGMENT_BYTES
    assert rules.missing_segments(names, first, 0x1_0000_0000, SEGMENT_BYTES) == []
    assert rules.missing_segments(names, first, 0x1_0200_0000, SEGMENT_BYTES) == [0x100]
    assert rules.parse_lsn("1/2000000") == 0x1_0200_0000
    assert rules.segment_number("000000020000000100000001", SEGMENT_BYTES) == 0x101


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-22T12:30+08:00", 4),
        ("2026-11-22T04:30Z", 4),
        (" 2026-11-22 12:30 Asia/Shanghai ", 4),
        ("2026-11-22T12:30 Europe/Berlin", 11),
    ],
)
def test_a_time_with_its_zone_is_one_instant(text: str, hour: int) -> None:
    assert rules.parse_time(text) == datetime(2026, 11, 22, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T12:30",
        "12:30",
        "",
        "2026-11-22 12:30 Moon/Base",
        "2026-11-22T12:30+08:00 Asia/Shanghai",
        "2026-10-25T02:30 Europe/Berlin",  # twice
        "2026-03-29T02:30 Europe/Berlin",  # never
    ],
)
def test_a_time_that_is_unclear_is_refused(text: str) -> None:
    with pytest.raises(rules.TimeUnclear):
        rules.parse_time(text)
