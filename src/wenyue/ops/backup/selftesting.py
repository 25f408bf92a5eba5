"""The daily proof: the newest backup is restored aside, started, counted, checked; the result is left for the monitor."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from wenyue.locale import DEFAULT, SOURCE, Message
from wenyue.ops.backup.checking import complaints
from wenyue.ops.backup.folder import REPORT, Folder, existing, told, write
from wenyue.ops.backup.model import Backup, Checked
from wenyue.ops.backup.restoring import plan, restore
from wenyue.ops.backup.rules import CLOCK_TOLERANCE
from wenyue.ops.backup.taking import Reporter
from wenyue.ops.backup.vouching import Trust, trust_of
from wenyue.ops.interrupting import unwind_on_sigterm
from wenyue.platform.embedded_server import erase
from wenyue.platform.fault import SetupError

ASIDE: Final = ".backup-check-"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`selftest.json`, read by the monitor. `problem` is the alarm's line; empty when all is well."""

    at: datetime
    is_ok: bool
    problem: str
    problem_zh: str
    backup: str  # the name of the one that was tried; empty when there was none
    taken_at: datetime | None
    bookings: int
    seconds: float


def newest(folder: Folder, age_max: timedelta) -> Backup:
    """The last backup. Raises SetupError when there is none, or it is too old or from the future."""
    backups = folder.backups()
    if not backups:
        raise SetupError(Message("ALARM: {path} has no complete backup", path=folder.path))
    last = backups[-1]
    age = datetime.now(UTC) - last.finished_at
    if age < -CLOCK_TOLERANCE:
        raise SetupError(
            Message("ALARM: {name} is dated in the future: correct this machine's clock", name=last.name),
        )
    if age > age_max:
        raise SetupError(
            Message(
                "ALARM: the last backup {name} is {age} h old, and the limit is {age_max} h: "
                "check why no newer backup was taken",
                name=last.name,
                age=f"{age.total_seconds() / 3600:.1f}",
                age_max=f"{age_max.total_seconds() / 3600:.1f}",
            ),
        )
    return last


def tried(folder: Folder, last: Backup, inside: Path, trust: Trust, report: Reporter) -> Checked:
    """Restore the backup and its log into a folder that is made in `inside` and removed again. Raises SetupError, the alarm."""
    inside.mkdir(mode=0o700, parents=True, exist_ok=True)
    for leftover in inside.glob(f"{ASIDE}*"):  # of a run that was killed
        erase(leftover / "home")
        shutil.rmtree(leftover, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix=ASIDE, dir=inside))
    home = aside / "home"
    try:
        with told(folder.path):
            found = restore(
                plan(folder, None, accepted=trust.accepted), home, {}, report, trust=trust, is_scratch=True
            )
            wrong = complaints(found, last.counts)
            if not any(found.counts.get(name) for name in ("venues", "bookings")):
                wrong.append("it is empty: there is neither a venue nor a booking in it")
            if wrong:
                raise SetupError(Message("ALARM: {name}: {wrong}", name=last.name, wrong=wrong[0]))
            return found
    finally:
        erase(home)
        shutil.rmtree(aside, ignore_errors=True)


def selftest(path: Path, home: Path, inside: Path, age_max: timedelta, report: Reporter) -> Report:
    """Try the newest backup in the folder `path`; write and return the result. Never raises SetupError.

    SIGTERM ends it like Ctrl-C: the copy is stopped and removed, and no result is written.
    """
    began, at = time.monotonic(), datetime.now(UTC)
    last: Backup | None = None
    bookings, problem, problem_zh = 0, "", ""
    with suppress(ValueError):  # not in the main thread: whoever called has its own signals
        unwind_on_sigterm()
    try:
        folder = existing(path)
        with told(path), suppress(IndexError):
            last = folder.backups()[-1]
        newest(folder, age_max)
        if last is not None:
            bookings = tried(folder, last, inside, trust_of(home, {}), report).counts.get("bookings", 0)
    except SetupError as fault:
        problem, problem_zh = fault.message.say(SOURCE), fault.message.say(DEFAULT)
    found = Report(
        at=at,
        is_ok=not problem,
        problem=problem,
        problem_zh=problem_zh,
        backup=last.name if last else "",
        taken_at=last.finished_at if last else None,
        bookings=bookings,
        seconds=round(time.monotonic() - began, 2),
    )
    place = report_file(home)
    with told(place):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(place, found)
    return found


def report_file(home: Path) -> Path:
    """Where the result lies, wherever the backups are."""
    return home / "backups" / REPORT


def last_report(home: Path) -> Report | None:
    """The last result; None when there is none that can be read."""
    with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode(report_file(home).read_bytes(), type=Report)
    return None
