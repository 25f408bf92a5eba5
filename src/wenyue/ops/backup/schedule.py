"""When a backup is due, and when it is tried. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Asia/Shanghai")
FULL_EVERY: Final = timedelta(days=7) - timedelta(hours=1)
RETRY_AFTER: Final = timedelta(minutes=30)


class Job(StrEnum):
    """What `wenyue backup` is asked for."""

    FULL = "full"
    INCREMENTAL = "incremental"
    SELFTEST = "selftest"


@dataclass(frozen=True)
class State:
    """What is known about a folder: instants are aware, None means never."""

    backup_at: datetime | None = None  # the newest backup's end
    full_at: datetime | None = None
    backup: str = ""  # its name
    tested: str = ""  # the name of the backup that was tried last
    tested_at: datetime | None = None
    backup_tried_at: datetime | None = None  # also without success
    test_tried_at: datetime | None = None


def due(now: datetime, state: State, hour: int) -> list[Job]:
    """What is to be done now, in order: a backup once a day from `hour` on (full once a week), then the newest one is tried."""
    jobs: list[Job] = []
    if _backup_is_due(now, state, hour) and _may_try(now, state.backup_tried_at):
        is_full = state.full_at is None or now - state.full_at >= FULL_EVERY
        jobs.append(Job.FULL if is_full else Job.INCREMENTAL)
    is_untested = state.tested != state.backup or state.tested_at is None
    is_old = state.tested_at is not None and now - state.tested_at >= timedelta(days=1)
    if not jobs and state.backup and (is_untested or is_old) and _may_try(now, state.test_tried_at):
        jobs.append(Job.SELFTEST)
    return jobs


def _backup_is_due(now: datetime, state: State, hour: int) -> bool:
    if state.backup_at is None:
        return True
    local = now.astimezone(ZONE)
    start = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if start > local:
        start -= timedelta(days=1)
    return state.backup_at < start


def _may_try(now: datetime, tried_at: datetime | None) -> bool:
    return tried_at is None or now - tried_at >= RETRY_AFTER
