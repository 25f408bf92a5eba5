"""Rehearsals: what is due is run, one at a time, slowly beside everything else, and never without end."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

from wenyue.locale.terminal import gettext
from wenyue.ops.rehearsals.schedule import (
    ALL,
    due_now,
    note_begun,
    overdue,
    read_begun,
    read_entries,
    read_runs,
    verdicts,
    write_last,
)
from wenyue.platform.embedded_server.locks import LockHeldError, held
from wenyue.platform.fault import SetupError

LOOK_EVERY_S: Final = 60.0
BESIDE_S: Final = 600.0  # start, aftermath, check and end of one drill, besides its load
RUNS_LOOKED_AT: Final = 500
_TELL_EVERY_S: Final = 3600.0
_NICE: Final = 19
_END_WITHIN_S: Final = 90.0

# Runs one drill by its name, for so many seconds at such a rate, and stores it.
Perform = Callable[[str, float, float], None]


def run_due(folder: Path, drills: dict[str, float], perform: Perform, say: Callable[[str], None]) -> int:
    """Run what is due, the longest due first; how many were run. `drills`: name → its own seconds of load.

    One process at a time: a second one finds nothing to do. What fails or is overdue stands in `last.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count, troubles = 0, list[str]()
    with suppress(LockHeldError), held(folder / "due.lock", wait_s=0):
        while todo := due_now(read_entries(folder), read_begun(folder), list(drills), datetime.now(UTC)):
            name, entry, _ = todo[0]
            note_begun(folder, name, datetime.now(UTC))
            if name not in drills:
                troubles.append(f"{name} does not exist or cannot run here")
                continue
            say(gettext("rehearsing {name}", name=name))
            seconds = entry.seconds or drills[name]
            try:
                with _bounded(seconds + BESIDE_S):
                    perform(name, seconds, entry.rate_per_s)
            except (SetupError, TimeoutError) as fault:
                troubles.append(f"{name}: {fault}")
                say(f"{name}: {fault}")
            count += 1
        note_begun(folder, ALL, datetime.now(UTC))
        refresh_last(folder, list(drills), troubles)
    return count


def refresh_last(folder: Path, drills: list[str], troubles: list[str] | None = None) -> None:
    """Bring `last.json` up to date."""
    late = overdue(read_entries(folder), read_begun(folder), drills, datetime.now(UTC))
    write_last(folder, verdicts(read_runs(folder, RUNS_LOOKED_AT)), late, troubles or ())


@contextmanager
def _bounded(seconds: float) -> Generator[None]:
    """TimeoutError when the block takes longer. Main thread only."""

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not over after {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Rehearsals:
    """Beside `wenyue up`: looks every minute whether a drill is due, and starts `wenyue drill due` at the lowest priority."""

    def __init__(self, home: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = home / "drills", say
        self._looked_at = time.monotonic()
        self._told_at = -_TELL_EVERY_S
        self._process: subprocess.Popen[bytes] | None = None
        self._has_drills = importlib.util.find_spec("wenyue_lab") is not None

    def tend(self) -> None:
        """Call it about once a second. Raises nothing that a damaged schedule could cause; that is said once a minute."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        now = time.monotonic()
        if self._process is not None or now - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now
        try:
            if not self._has_drills:
                self._tell_what_is_missing()
            elif self._is_due():
                self._process = _start()
        except (SetupError, OSError) as fault:
            self._say(f"drills: {fault}")

    def _tell_what_is_missing(self) -> None:
        """Once an hour at most, and only when somebody has set a schedule."""
        if self._is_due() and self._looked_at >= self._told_at + _TELL_EVERY_S:
            self._told_at = self._looked_at
            self._say(gettext("drills are due, but wenyue-lab isn't installed"))

    def _is_due(self) -> bool:
        """Whether there is anything to begin; which drills `all` means is known only to who runs them."""
        entries, begun = read_entries(self._folder), read_begun(self._folder)
        return bool(due_now(entries, begun, [ALL], datetime.now(UTC)))

    def end(self) -> None:
        """Stop a rehearsal that runs, and wait for it."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _start() -> subprocess.Popen[bytes]:
    nice = [shutil.which("nice") or "/usr/bin/nice", "-n", str(_NICE)]
    idle = [found, "-c", "3"] if (found := shutil.which("ionice")) else []
    return subprocess.Popen(
        [*nice, *idle, sys.executable, "-m", "wenyue.cli", "drill", "due"],
        env={**os.environ, "WENYUE_END_WITH_PARENT": "1"},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
