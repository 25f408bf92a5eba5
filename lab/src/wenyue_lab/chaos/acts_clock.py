"""What the drills do to the clocks of web and worker (libfaketime); PostgreSQL's own clock stays as it is.

Monotonic time is left alone: deadlines, pauses and time-outs must not notice anything.
"""

import asyncio
import signal
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import time as real_time
from typing import Final

import psycopg

from wenyue.core.clock import at_local, local_date
from wenyue.core.ids import uuid7
from wenyue.ops.processes import send
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.acts_tasks import hold
from wenyue_lab.chaos.fixtures import DAYS, SQL, TIMEZONE
from wenyue_lab.chaos.history import Kind, Operation, Says
from wenyue_lab.chaos.runbook import CHECK

STEP_S: Final = 300.0
LEAP_EVE: Final = date(2028, 2, 28)
_LIBRARIES: Final = "/usr/lib/*/faketime/libfaketimeMT.so.1"
_SHARED: Final = Path("/dev/shm")  # noqa: S108 - where the library puts what it keeps of each process
_SHARED_NAMES: Final = "*faketime_s*_*"
_FILE: Final = "WENYUE_DRILL_CLOCK"
_SHORT_S: Final = 60
_LONG_S: Final = 600
_HOLDS: Final = 8
_EXPIRED_WITHIN_S: Final = 8.0
_BEFORE_S: Final = 6.0  # midnight comes so long after the load began
_OPENS_WITHIN_S: Final = 2.0
_EARLY_S: Final = 0.002  # a clock is read to the microsecond, a sleep ends late, never early
_SETTLED_WITHIN_S: Final = 90.0
_AFTER_GRACE: Final = timedelta(
    days=1, hours=2, minutes=5
)  # a session's day, two hours of patience, and a little


def library() -> Path | None:
    """The library for programs with threads, where Debian's package puts it."""
    return next(iter(sorted(Path("/").glob(_LIBRARIES.lstrip("/")))), None)


def cannot_fake() -> str:
    """Why clocks cannot be faked here."""
    return "" if library() is not None else "libfaketime is missing (Debian: apt-get install faketime)"


@contextmanager
def faked_clock(home: Path) -> Generator[Mapping[str, str]]:
    """Variables under which processes read their clock from a file beside `home`: real time and so many seconds."""
    file = home.with_name(f"{home.name}.clock")
    turn(file, 0.0)
    before = set(_SHARED.glob(_SHARED_NAMES))
    try:
        yield {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            _FILE: str(file),
        }
    finally:
        file.unlink(missing_ok=True)
        for path in set(_SHARED.glob(_SHARED_NAMES)) - before:  # killed processes could not do it
            if not Path("/proc", path.name.rpartition("_")[2]).exists():
                path.unlink(missing_ok=True)


def faked_clock_file(stage: Stage) -> Path:
    """The file that the processes of this stage read their clocks from."""
    return Path(stage.variables[_FILE])


def turn(file: Path, ahead_s: float) -> None:
    """Set the clocks so far ahead of (behind) real time, at once and for everybody."""
    partial = file.with_suffix(".partial")
    partial.write_text(f"{ahead_s:+.6f}", encoding="ascii")
    partial.rename(file)


async def step_clocks(stage: Stage) -> None:
    """Five minutes ahead, five minutes back behind, right again; holds of one and of ten minutes are made all along."""
    file = Path(stage.variables[_FILE])
    early = await _holds(stage, 0)
    await stage.rest(0.15)
    began = stage.history.now()
    _step(stage, file, STEP_S)
    await _all_expired(stage, early[::2], "a hold of a minute, five minutes later by the clock")
    _none_expired(stage, early[1::2], "a hold of ten minutes, five minutes later by the clock")
    await stage.follow(CHECK)
    ahead = await _holds(stage, 2 * _HOLDS)
    await stage.rest(0.2)
    _step(stage, file, -STEP_S)
    await _holds(stage, 4 * _HOLDS)
    await stage.rest(0.2)
    _none_expired(
        stage, ahead, "a hold that was made while the clock was ahead, before its time by the clock"
    )
    _step(stage, file, 0.0)
    stage.faults.append((began, stage.history.now()))
    await stage.rest_out()


async def outlive_holds(stage: Stage) -> None:
    """After the load: 20 minutes later by the clock no hold lives."""
    file = Path(stage.variables[_FILE])
    _step(stage, file, 1_200.0)
    holds = [one for one in stage.history.operations if one.kind is Kind.HOLD and one.settled is Says.YES]
    stage.extra["holds made"] = len(holds)
    await _all_expired(stage, holds, "a hold, 20 minutes later by the clock")


def _step(stage: Stage, file: Path, ahead_s: float) -> None:
    turn(file, ahead_s)
    stage.history.mark(f"the clocks of web and worker are {ahead_s:+.0f} s from PostgreSQL's")


async def _holds(stage: Stage, first: int) -> list[Operation]:
    """As many of one minute as of ten, in turn; those that were refused are left out."""
    made = await asyncio.gather(
        *(hold(stage, first + n, _LONG_S if n % 2 else _SHORT_S) for n in range(2 * _HOLDS))
    )
    if not all(one.settled is Says.YES for one in made):
        stage.findings.append(f"{sum(one.settled is not Says.YES for one in made)} holds were not had")
    return list(made)


async def _all_expired(stage: Stage, holds: list[Operation], what: str) -> None:
    began = stage.history.now()
    while left := await asyncio.to_thread(_held, stage, holds):
        if stage.history.now() > began + _EXPIRED_WITHIN_S:
            stage.findings.append(f"{left} of {len(holds)} still live: {what}")
            return
        await asyncio.sleep(0.1)
    took = stage.history.now() - began
    stage.extra["holds expired after, s"] = max(
        stage.extra.get("holds expired after, s", 0.0), round(took, 1)
    )


def _none_expired(stage: Stage, holds: list[Operation], what: str) -> None:
    wanted = sum(one.settled is Says.YES for one in holds)
    if (left := _held(stage, holds)) < wanted:
        stage.findings.append(f"{wanted - left} of {wanted} were gone: {what}")


def _held(stage: Stage, holds: list[Operation]) -> int:
    with psycopg.connect(stage.there().owner_url, autocommit=True) as connection:
        row = connection.execute(SQL["held_of"], {"ids": [one.id for one in holds]}).fetchone()
    return 0 if row is None else int(row[0])


def tonight(now: datetime) -> datetime:
    """The venue's coming midnight, less a little."""
    midnight = at_local(local_date(now, TIMEZONE) + timedelta(days=1), time(0), TIMEZONE)
    return midnight - timedelta(seconds=_BEFORE_S)


def leap_eve(_: datetime) -> datetime:
    """28 February 2028, a little before midnight at the venue."""
    return at_local(LEAP_EVE + timedelta(days=1), time(0), TIMEZONE) - timedelta(seconds=_BEFORE_S)


async def pass_midnight(stage: Stage) -> None:
    """Midnight comes under load: the last day is released, the day changes, one person's day stays one person's day."""
    if stage.fixtures is None or stage.fixtures.made_for is None:
        raise LookupError("midnight needs fixtures that were made for an evening")
    file = Path(stage.variables[_FILE])
    evening = stage.fixtures.made_for
    turn(file, evening.timestamp() - real_time())
    midnight = stage.history.now() + _BEFORE_S
    stage.history.mark(
        f"it is {evening.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, a little before the venue's midnight"
    )
    first = await _book(stage, card=stage.fixtures.cards, day=0)
    rushing = asyncio.create_task(_rush(stage, until=midnight + 3.0))
    await asyncio.sleep(max(0.0, midnight - stage.history.now()))
    stage.history.mark("midnight at the venue")
    stage.faults.append((midnight, midnight + 1.0))
    await stage.follow(CHECK)
    released = await rushing
    second = await _book(stage, card=stage.fixtures.cards, day=0)
    if first.settled is not Says.YES or second.settled is not Says.NO:
        stage.findings.append(
            f"the same person, the same day, either side of midnight: {first.settled}, {second.settled}"
        )
    _judge_release(stage, released, midnight)
    await stage.rest_out()
    await _pass_the_day(stage, file, evening)


async def _pass_the_day(stage: Stage, file: Path, evening: datetime) -> None:
    """A day and two hours later."""
    if stage.fixtures is None:
        return
    turn(file, (evening + timedelta(seconds=_BEFORE_S) + _AFTER_GRACE).timestamp() - real_time())
    stage.history.mark("the next day is over: 02:05 of the day after")
    stage.over_slots = frozenset(slot for venue in stage.fixtures.slots[0] for slot in venue)
    await asyncio.sleep(2.0)  # people go on booking on the new day


async def settle_no_shows(stage: Stage) -> None:
    """After the load: whoever did not come is noted, once, and nobody else."""
    began = stage.history.now()
    send(stage.installation.worker_pids(), signal.SIGTERM)  # the next one looks for them when it starts
    slots: dict[str, object] = {"slots": sorted(stage.over_slots)}
    while left := await asyncio.to_thread(_count, stage, "came_not_yet", slots):
        if stage.history.now() > began + _SETTLED_WITHIN_S:
            stage.findings.append(f"{left} bookings of a day that is over are still as if it were to come")
            break
        await asyncio.sleep(0.2)
    stage.extra["nobody came"] = await asyncio.to_thread(_count, stage, "no_shows", {})


def _judge_release(stage: Stage, asked: list[Operation], midnight: float) -> None:
    answers = [one for operation in asked for one in operation.attempts if one.says is Says.YES]
    early = [one for one in answers if one.answered < midnight - _EARLY_S]
    if early:
        stage.findings.append(f"{len(early)} bookings of the next day's release before midnight")
    first = min((one.answered for one in answers), default=None)
    if first is None or first > midnight + _OPENS_WITHIN_S + 5.0 * (stage.patience_s > 1.0):
        stage.findings.append("the day that is released at midnight could not be booked right after it")
    else:
        stage.extra["released after midnight, s"] = round(first - midnight, 2)
    stage.extra["asked before midnight"] = sum(one.settled is Says.NO for one in asked)


async def _rush(stage: Stage, *, until: float) -> list[Operation]:
    """Every tenth of a second somebody wants the day that is not released yet."""
    if stage.fixtures is None:
        return []
    asked: list[Operation] = []
    while stage.history.now() < until:
        asked.append(await _book(stage, card=stage.fixtures.cards - 1 - len(asked) % 200, day=DAYS - 1))
        await asyncio.sleep(0.1)
    return asked


async def _book(stage: Stage, *, card: int, day: int) -> Operation:
    if stage.fixtures is None:
        raise LookupError("booking needs fixtures")
    operation = Operation(uuid7(), Kind.BOOK, card, stage.fixtures.slots[day][4][0])
    stage.history.open(operation)
    await stage.client.carry_out(operation)
    if operation.settled is None:
        await stage.client.find_out(operation)
    return operation


def _count(stage: Stage, name: str, params: dict[str, object]) -> int:
    with psycopg.connect(stage.there().owner_url, autocommit=True) as connection:
        row = connection.execute(SQL[name], params).fetchone()
    return 0 if row is None else int(row[0])
