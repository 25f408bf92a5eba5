"""`wenyue backup keep`: beside `wenyue up`, at low priority: fetches the log, takes the day's backup, tries it.

Each step is a process of its own that ends with this one. Nothing here holds up anything that serves people.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

from wenyue.ops.backup.folder import existing
from wenyue.ops.backup.programs import ending_with_parent
from wenyue.ops.backup.schedule import Job, State, due
from wenyue.ops.backup.selftesting import last_report
from wenyue.ops.backup.vouching import own_backups
from wenyue.platform.config import Settings
from wenyue.platform.embedded_server import find_running
from wenyue.platform.fault import SetupError

NICENESS: Final = 10
LOOK_EVERY_S: Final = 30.0
JOB_DEADLINE_S: Final = 6 * 3600.0
END_DEADLINE_S: Final = 8.0  # less than the supervisor's drain
_POLL_S: Final = 0.5


class Keeper:
    """Runs what is due until it is asked to end."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._folder = Path(settings.backup.folder).expanduser().absolute()
        self._tried: dict[str, datetime] = {}
        self._ended = threading.Event()
        self._last_fault = ""

    def keep_backups(self) -> None:
        """Look every half a minute. SIGTERM ends what runs."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        os.nice(NICENESS)
        while not self._ended.is_set():
            self._round()
            self._ended.wait(LOOK_EVERY_S)

    def _round(self) -> None:
        if not self._settings.database.url and find_running(self._settings.home) is None:
            return  # the supervisor is about to start it again; we start no server
        while not self._ended.is_set() and (
            jobs := due(datetime.now(UTC), self._state(), self._settings.backup.hour)
        ):
            self._tried["test" if jobs[0] is Job.SELFTEST else "backup"] = datetime.now(UTC)
            self._job(jobs[0])
        if not self._ended.is_set() and self._state().backup:
            self._command("the log", "fetch", "--to", str(self._folder))

    def _state(self) -> State:
        report = last_report(self._settings.home)
        try:
            backups = (
                own_backups(existing(self._folder), self._settings.home) if self._folder.exists() else []
            )
        except SetupError:
            backups = []  # no folder of backups yet, or damaged: the backup itself says which
        fulls = [one.finished_at for one in backups if one.kind == "full"]
        return State(
            backup_at=backups[-1].finished_at if backups else None,
            full_at=fulls[-1] if fulls else None,
            backup=backups[-1].name if backups else "",
            tested=report.backup if report else "",
            tested_at=report.at if report else None,
            backup_tried_at=self._tried.get("backup"),
            test_tried_at=self._tried.get("test"),
        )

    def _job(self, job: Job) -> None:
        to = ("--to", str(self._folder))
        if job is Job.SELFTEST:
            self._command("self-test", "selftest", *to)
        else:
            kind = ["--full"] if job is Job.FULL else []  # without a kind: incremental if possible, else full
            self._command("backup", *kind, *to, "--keep", str(self._settings.backup.keep))

    def _command(self, name: str, *words: str) -> None:
        """Run `wenyue backup …` to its end; a fault is said once, until it is another."""
        command = [*ending_with_parent(), sys.executable, "-m", "wenyue.cli", "backup", *words]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            watchdog = threading.Timer(JOB_DEADLINE_S, process.kill)
            watchdog.start()
            reader = threading.Thread(target=self._stop_when_ended, args=(process,), daemon=True)
            reader.start()
            _, errors = process.communicate()
            watchdog.cancel()
            reader.join()
        fault = "" if process.returncode == 0 else errors.decode(errors="replace").strip()[-400:]
        if fault and fault != self._last_fault and not self._ended.is_set():
            self._say(f"{name}: {fault or f'ended with status {process.returncode}'}")
        self._last_fault = fault

    def _stop_when_ended(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            if self._ended.wait(_POLL_S):
                process.terminate()
                try:
                    process.wait(END_DEADLINE_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                return

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ended.set()


def wanted(settings: Settings) -> bool:
    """Whether this installation takes its backups itself."""
    return bool(settings.backup.folder)
