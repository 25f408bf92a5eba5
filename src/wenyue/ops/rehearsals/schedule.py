"""When drills are due, and what came of them: an emergency plan that is never rehearsed fails.

Kept in WENYUE_HOME/drills: `schedule.json` (what is wanted when), `attempts.json` (when each drill was begun last), and
`last.json`, which the monitor reads: {name, at, is_passed, problem, report}. Nothing here starts anything.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as wall_time
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from wenyue.locale import Message
from wenyue.platform.fault import SetupError

ZONE: Final = ZoneInfo("Asia/Shanghai")  # of `at`: the venues' wall clock
ALL: Final = "all"
ENTRIES_MAX: Final = 50
OVERDUE_AFTER: Final = timedelta(hours=24)
RUN_GLOB: Final = "[0-9]*T*-*.json"
_FILE_BYTES_MAX: Final = 1024 * 1024
_PROBLEM_MAX: Final = 180


class Every(StrEnum):
    """How often."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Entry:
    """One rehearsal. `on`: weekday 1–7 (Monday first) or day of the month 1–28; of no meaning for every day."""

    drill: str
    every: Every
    at: str  # HH:MM at the venues
    on: int = 1
    seconds: float = 0.0  # 0: the drill's own
    rate_per_s: float = 0.0
    since: str = ""  # ISO instant; what was due before is not asked for

    @property
    def wall(self) -> wall_time:
        """The time of day. Raises ValueError."""
        return wall_time.fromisoformat(self.at)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a drill ended last."""

    name: str
    at: datetime
    is_passed: bool


def last_due(entry: Entry, now: datetime) -> datetime:
    """The latest instant, not after `now`, at which `entry` was due."""
    here = now.astimezone(ZONE)
    day = here.date()
    if entry.every is Every.WEEK:
        day -= timedelta(days=(day.isoweekday() - entry.on) % 7)
    elif entry.every is Every.MONTH:
        day = day.replace(day=entry.on)
    due = datetime.combine(day, entry.wall, ZONE)
    if due > here:
        if entry.every is Every.MONTH:
            due = datetime.combine(
                (day.replace(day=1) - timedelta(days=1)).replace(day=entry.on), entry.wall, ZONE
            )
        else:
            due -= timedelta(days=7 if entry.every is Every.WEEK else 1)
    return due.astimezone(UTC)


def due_now(
    entries: Sequence[Entry], begun: Mapping[str, datetime], drills: Sequence[str], now: datetime
) -> list[tuple[str, Entry, datetime]]:
    """(drill, its entry, since when) of everything that was not begun since it was due; the longest due first."""
    found: dict[str, tuple[str, Entry, datetime]] = {}
    for entry in entries:
        since = last_due(entry, now)
        if entry.since and since < datetime.fromisoformat(entry.since):
            continue
        for name in drills if entry.drill == ALL else [entry.drill]:
            if begun.get(name, datetime.min.replace(tzinfo=UTC)) < since and (
                name not in found or since < found[name][2]
            ):
                found[name] = (name, entry, since)
    return sorted(found.values(), key=lambda one: one[2])


def overdue(
    entries: Sequence[Entry], begun: Mapping[str, datetime], drills: Sequence[str], now: datetime
) -> list[str]:
    """Drills that should have begun a day ago and did not."""
    return [name for name, _, since in due_now(entries, begun, drills, now) if now - since > OVERDUE_AFTER]


def read_entries(folder: Path) -> list[Entry]:
    """The schedule; empty when there is none. Raises SetupError when it is damaged."""
    document = _read(folder / "schedule.json")
    try:
        entries = [Entry(**one | {"every": Every(one["every"])}) for one in document.get("entries", [])]
        for one in entries:
            _ = (one.wall, datetime.fromisoformat(one.since) if one.since else None)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise _damaged(folder / "schedule.json") from error
    return entries[:ENTRIES_MAX]


def write_entries(folder: Path, entries: Sequence[Entry]) -> None:
    """Keep the schedule. Raises SetupError when it is too long."""
    if len(entries) > ENTRIES_MAX:
        raise SetupError(
            Message("a schedule can have at most {entries_max} entries", entries_max=ENTRIES_MAX)
        )
    _write(folder / "schedule.json", {"entries": [asdict(one) for one in entries]})


def read_begun(folder: Path) -> dict[str, datetime]:
    """When each drill was begun last by the schedule."""
    try:
        return {name: datetime.fromisoformat(str(at)) for name, at in _read(folder / "attempts.json").items()}
    except ValueError as error:
        raise _damaged(folder / "attempts.json") from error


def note_begun(folder: Path, name: str, now: datetime) -> None:
    """A try counts, however it ends: what cannot run is not tried every minute."""
    begun = {one: at.isoformat() for one, at in read_begun(folder).items()}
    _write(folder / "attempts.json", begun | {name: now.isoformat()})


def read_runs(folder: Path, limit: int) -> list[dict[str, Any]]:
    """The stored runs, newest first. Raises SetupError that names a damaged one."""
    return [_read(path) for path in sorted(folder.glob(RUN_GLOB), reverse=True)[:limit]]


def verdicts(runs: Sequence[Mapping[str, Any]]) -> list[Verdict]:
    """The latest verdict of each drill, the newest first; `runs` are newest first."""
    found: dict[str, Verdict] = {}
    for run in runs:
        name = str(run["name"])
        at = str(run.get("finished_at") or run["began_at"])
        found.setdefault(name, Verdict(name, datetime.fromisoformat(at), bool(run["is_passed"])))
    return sorted(found.values(), key=lambda one: one.at, reverse=True)


def write_last(
    folder: Path, latest: Sequence[Verdict], late: Sequence[str], troubles: Sequence[str] = ()
) -> None:
    """What the monitor reads: good when every drill's latest run passed, none is overdue and nothing else went wrong."""
    failed = [one.name for one in latest if not one.is_passed]
    problems = [f"{', '.join(failed)} failed"] if failed else []
    problems += [f"{', '.join(late)} overdue"] if late else []
    problems += list(troubles)
    _write(
        folder / "last.json",
        {
            "name": latest[0].name if latest else None,
            "at": latest[0].at.isoformat() if latest else None,
            "finished_at": latest[0].at.isoformat() if latest else None,
            "is_passed": not problems,
            "problem": "; ".join(problems)[:_PROBLEM_MAX],
            "report": "report.html",
        },
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise _damaged(path)
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    if not isinstance(found, dict):
        raise _damaged(path)
    return cast("dict[str, Any]", found)


def _write(path: Path, document: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    partial.rename(path)


def _damaged(path: Path) -> SetupError:
    return SetupError(Message("{path} is damaged: move it away", path=path))
