"""The embedded PostgreSQL server: one per ``WENYUE_HOME``, private to its owner, started and stopped by us.

It listens on a socket in a private folder only; passwords are random and stay in the home.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.embedded_server.cluster import configure, initialise, provision
from wenyue.platform.embedded_server.locks import LockHeldError, held
from wenyue.platform.embedded_server.peer import require_in_force
from wenyue.platform.embedded_server.place import (
    Place,
    as_setup_error,
    base_folder,
    make_private_home,
    settle,
    socket_folder,
)
from wenyue.platform.embedded_server.postmaster import halt, is_alive, launch, running_pid
from wenyue.platform.fault import SetupError

__all__ = [
    "ServerInfo",
    "base_folder",
    "ensure_started",
    "erase",
    "find_running",
    "hold_home",
    "is_running",
    "stop",
]

START_LOCK_DEADLINE_S = 120.0


@dataclass(frozen=True)
class ServerInfo:
    """A running server. The URLs carry passwords: pass them on, never print them."""

    app_url: str = field(repr=False)
    owner_url: str = field(repr=False)
    superuser_url: str = field(repr=False)
    was_started_here: bool
    pid: int
    programs: Path
    data: Path
    log: Path
    process: subprocess.Popen[bytes] | None = field(repr=False, default=None, compare=False)


def ensure_started(
    home: Path,
    *,
    progress: Callable[[str], None] = lambda _line: None,
    overrides: Mapping[str, str] | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> ServerInfo:
    """Return the server of ``home``, starting (and on first use making) it when it does not run.

    ``overrides`` are PostgreSQL settings that win over ours (used by tests and drills).
    ``is_wanted``: asked while it starts; when it turns false, what was begun is stopped and ``SetupError`` raised.
    Raises ``SetupError`` with the line that says what to do. A server that was started here dies
    with the calling thread; end it properly with ``stop``.
    """
    home = home.expanduser().absolute()
    try:
        make_private_home(home)
        with held(home / "database.lock", wait_s=START_LOCK_DEADLINE_S):
            place = settle(home, progress)
            pid = running_pid(place.data)
            process = None
            if pid is None:
                require_in_force(place, progress)
                process = _start(place, progress, overrides or {}, is_wanted)
                pid = process.pid
            else:
                _prove_reachable(place)
    except LockHeldError as error:
        raise SetupError(
            Message(
                "another process has been starting the database of {home} for "
                "{start_lock_deadline_s} s: wait for it or stop it",
                home=home,
                start_lock_deadline_s=f"{START_LOCK_DEADLINE_S:.0f}",
            ),
        ) from error
    except OSError as error:
        raise as_setup_error(error, home) from error
    return _info(place, pid, process)


def find_running(home: Path) -> ServerInfo | None:
    """The running server of ``home``, or None. Makes, changes and starts nothing."""
    home = home.expanduser().absolute()
    if not (home / "database.json").exists() or not (base_folder(home) / "data" / "postmaster.pid").exists():
        return None
    try:
        place = settle(home, lambda _line: None)
    except OSError as error:
        raise as_setup_error(error, home) from error
    pid = running_pid(place.data, tidies=False)
    return None if pid is None else _info(place, pid, None)


def stop(info: ServerInfo) -> None:
    """Fast shutdown and wait; a server that was found running is left alone."""
    if info.was_started_here:
        halt(info.pid, info.process)


def is_running(info: ServerInfo) -> bool:
    """Whether the server's process is alive."""
    return is_alive(info.pid, info.process)


def erase(home: Path) -> None:
    """Stop the server of ``home`` if it runs and delete its data for good. For tests and drills."""
    base = base_folder(home)
    if not base.exists():
        return
    pid = running_pid(base / "data")
    if pid is not None:
        halt(pid, None)
    shutil.rmtree(base, ignore_errors=True)
    shutil.rmtree(socket_folder(base), ignore_errors=True)
    (home.expanduser().absolute() / "database.json").unlink(missing_ok=True)


@contextmanager
def hold_home(home: Path, note: str) -> Generator[None]:
    """Hold ``home`` for one ``up``; a second one in the same home gets a clear ``SetupError``."""
    home = home.expanduser().absolute()
    with ExitStack() as stack:
        try:
            make_private_home(home)
            stack.enter_context(held(home / "up.lock", wait_s=0, note=note))
        except LockHeldError as error:
            raise SetupError(
                Message(
                    "already running in {home} ({note}): use that one, stop it, or set another "
                    "WENYUE_HOME and WENYUE_PORT",
                    home=home,
                    note=error.note or "starting",
                ),
            ) from error
        except OSError as error:
            raise as_setup_error(error, home) from error
        yield


def _start(
    place: Place,
    progress: Callable[[str], None],
    overrides: Mapping[str, str],
    is_wanted: Callable[[], bool],
) -> subprocess.Popen[bytes]:
    if not (place.data / "PG_VERSION").exists():
        progress(gettext("creating the database (first start only)"))
    initialise(place)
    configure(place, overrides)
    progress(gettext("starting the database"))
    process = launch(place, progress, is_wanted)
    try:
        provision(place)
    except BaseException:
        halt(process.pid, process)
        raise
    return process


def _prove_reachable(place: Place) -> None:
    try:
        psycopg.connect(place.url("wenyue_owner"), connect_timeout=10).close()
    except psycopg.OperationalError as error:
        raise SetupError(
            Message(
                "the database of {home} is running but refuses connections ({error}): stop "
                "it and start again",
                home=place.home,
                error=error,
            ),
        ) from error


def _info(place: Place, pid: int, process: subprocess.Popen[bytes] | None) -> ServerInfo:
    return ServerInfo(
        app_url=place.url("wenyue_app"),
        owner_url=place.url("wenyue_owner"),
        superuser_url=place.url("postgres", "postgres"),
        was_started_here=process is not None,
        pid=pid,
        programs=place.programs,
        data=place.data,
        log=place.log,
        process=process,
    )
