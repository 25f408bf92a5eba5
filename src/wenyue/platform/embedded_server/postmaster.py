"""The running PostgreSQL process: found, started, awaited, stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.embedded_server.cluster import program_environment
from wenyue.platform.embedded_server.place import Place, no_space
from wenyue.platform.fault import SetupError

READY_DEADLINE_S = 300.0  # recovery after a crash replays the log; it is shown while it lasts
STOP_DEADLINE_S = 60.0
LEFTOVER_DEADLINE_S = 15.0
POLL_S = 0.03
PROGRESS_EVERY_S = 5.0
LOG_TAIL_BYTES = 4000
LOG_BYTES_MAX = 16 * 1024 * 1024  # at a start; one older file is kept
PR_SET_PDEATHSIG = 1


def running_pid(data: Path, *, tidies: bool = True) -> int | None:
    """Process id of the living server on ``data``; ``tidies``: a stale pid file (after kill -9) is removed.

    Only the holder of the database's lock may tidy: a server that is just starting writes the same file, and ends
    when it finds it gone.
    """
    path = data / "postmaster.pid"
    try:
        first = path.read_text(encoding="utf-8", errors="replace").splitlines()[0]
        pid = int(first)
    except (FileNotFoundError, IndexError, ValueError):
        return None
    if pid > 0 and _is_server_of(pid, data):
        return pid
    if tidies:
        path.unlink(missing_ok=True)  # its number may since belong to an unrelated process
    return None


def launch(
    place: Place, progress: Callable[[str], None], is_wanted: Callable[[], bool] = lambda: True
) -> subprocess.Popen[bytes]:
    """Start the server as our child in its own session and wait until it answers, or stop it when it is not wanted any more.

    The kernel stops it (fast shutdown) when the starting thread dies, even by kill -9; so call this
    from a thread that lives as long as the server shall.
    """
    until = time.monotonic() + LEFTOVER_DEADLINE_S
    if place.log.exists() and place.log.stat().st_size > LOG_BYTES_MAX:
        place.log.replace(place.log.with_suffix(".log.1"))
    while True:
        place.log.touch(mode=0o600)
        log_start = place.log.stat().st_size
        process = _spawn(place)
        if _await_ready(place, process, progress, is_wanted):
            return process
        tail = _log_tail(place.log, log_start)
        # After kill -9 of the server its last children may still hold shared memory for a moment.
        is_leftover = "pre-existing shared memory block" in tail
        if not is_leftover or time.monotonic() > until:
            raise _start_fault(place, tail)
        time.sleep(0.2)


def halt(pid: int, process: subprocess.Popen[bytes] | None) -> None:
    """Fast shutdown: sessions are ended, a checkpoint is written; waits until the process is gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + STOP_DEADLINE_S
    while is_alive(pid, process):
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)  # immediate shutdown: safe, recovers at the next start
            deadline = time.monotonic() + LEFTOVER_DEADLINE_S
        time.sleep(POLL_S)


def is_alive(pid: int, process: subprocess.Popen[bytes] | None) -> bool:
    """Whether the process still runs; a child of ours is reaped."""
    if process is not None:
        return process.poll() is None
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _spawn(place: Place) -> subprocess.Popen[bytes]:
    account = place.account
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork

    def die_with_parent() -> None:
        # After the switch of user, because that switch clears the setting.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)

    with place.log.open("ab") as log:
        return subprocess.Popen(
            [place.program("postgres"), "-D", str(place.data)],
            cwd=place.base,
            env=program_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor, not the server
            preexec_fn=die_with_parent,  # noqa: PLW1509 - only calls an already loaded C function
            user=account.uid if account.switch else None,
            group=account.gid if account.switch else None,
            extra_groups=[] if account.switch else None,
        )


def _await_ready(
    place: Place,
    process: subprocess.Popen[bytes],
    progress: Callable[[str], None],
    is_wanted: Callable[[], bool],
) -> bool:
    """True when it answers; False when it exited; raises when it did neither in time, or is not wanted any more."""
    started = time.monotonic()
    shown = started
    while process.poll() is None:
        try:
            psycopg.connect(place.url("postgres", "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                halt(process.pid, process)
                raise SetupError(
                    Message(
                        "the database doesn't accept the passwords of {home}: its data "
                        "belong to another home; `wenyue restore` or `wenyue standby "
                        "promote` makes them match",
                        home=place.home,
                    ),
                ) from error
        else:
            return True
        now = time.monotonic()
        if not is_wanted():
            _give_up(process)
            raise SetupError(Message("gave up starting the database because we were asked to stop"))
        if now - started > READY_DEADLINE_S:
            halt(process.pid, process)
            raise SetupError(
                Message(
                    "the database didn't respond within {ready_deadline_s} s; see {log}",
                    log=place.log,
                    ready_deadline_s=f"{READY_DEADLINE_S:.0f}",
                ),
            )
        if now - shown > PROGRESS_EVERY_S:
            shown = now
            progress(gettext("database is recovering ({now} s)", now=f"{now - started:.0f}"))
        time.sleep(POLL_S)
    return False


def _give_up(process: subprocess.Popen[bytes]) -> None:
    """End a server that has answered nobody yet: at once, its next start recovers anyway."""
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(LEFTOVER_DEADLINE_S)
    except subprocess.TimeoutExpired:
        halt(process.pid, process)


def _is_server_of(pid: int, data: Path) -> bool:
    """Whether ``pid`` is a PostgreSQL server on exactly this data folder."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return arguments[0].endswith(b"postgres") and os.fsencode(data) in arguments


def _log_tail(log: Path, start: int) -> str:
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(start, size - LOG_TAIL_BYTES))
        return file.read().decode(errors="replace")


def _start_fault(place: Place, tail: str) -> SetupError:
    if "No space left" in tail:
        return no_space(place.base)
    lines = tail.splitlines()
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
    if not fatal or "configuration file" in fatal[0]:
        fatal = lines  # the setting itself is named in the first line
    reason = fatal[0].strip()[-300:] if fatal else "no reason in the log"
    return SetupError(
        Message("the database didn't start: {reason} (log: {log})", log=place.log, reason=reason)
    )
