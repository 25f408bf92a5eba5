"""Keeps the processes of one installation running: starts them, restarts those that die, drains them at the end."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.fault import SetupError

DRAIN_DEADLINE_S = 15.0
READY_DEADLINE_S = 60.0
PROBE_DEADLINE_S = 2.0
POLL_S = 0.05
QUIET_POLL_S = 5.0  # a signal that got lost would cost so much
WATCH_EVERY_S = 1.0
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 30.0
SETTLED_AFTER_S = 60.0  # a process that lived this long starts again with the first backoff
EARLY_DEATHS_MAX = 3  # before the first readiness: then the fault is in the installation, not in chance
LISTEN_BACKLOG = 2048
WATCH_BACKOFF_MAX_S = 5.0  # a try costs little, and while the database is away nobody books
INSIST_AFTER_S = 1.0  # sooner, it is the same request by another way (make forwards it, then dies)
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class ChildPlan:
    """One process to keep: its name for people, its command and what it inherits."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    inherited_fds: Sequence[int] = ()
    is_late: bool = False  # started when the others are ready, and no reason to give up


@dataclass
class _Child:
    plan: ChildPlan
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    start_again_at: float = 0.0


# Gets whether it is still wanted; ends within seconds when that turns false.
Watch = Callable[[Callable[[], bool]], None]


class _Keeper:
    """Calls ``watch`` about once a second, in a thread of its own: a restart that takes minutes holds up nobody else.

    What ``watch`` starts may be a child that ends with the thread that started it: the thread lives until ``end``, which
    comes after the drain. A ``watch`` that fails is called again, with a growing pause.
    """

    def __init__(self, watch: Watch, say: Callable[[str], None]) -> None:
        self._watch, self._say = watch, say
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        """From now on."""
        self._thread.start()

    def end(self) -> None:
        """No further call; one that runs is asked to give up and waited for."""
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        failures, pause = 0, WATCH_EVERY_S
        while not self._over.wait(pause):
            try:
                self._watch(lambda: not self._over.is_set())
            except Exception as error:  # noqa: BLE001 - whatever it was, the next try may go well and somebody must make it
                failures = min(failures + 1, 10)
                pause = min(BACKOFF_FIRST_S * 2**failures, WATCH_BACKOFF_MAX_S)
                if not self._over.is_set():
                    self._say(
                        gettext("{reason}; again in {pause} s", reason=_in_a_line(error), pause=f"{pause:g}")
                    )
            else:
                failures, pause = 0, WATCH_EVERY_S


class Supervisor:
    """Runs ``plans`` until a signal asks for the end.

    ``say`` gets one line per event. ``watch`` is called about once a second beside everything else, and may take long
    or fail (the database's own restart lives there): then it is called again, and ``say`` gets one line.
    """

    def __init__(
        self,
        plans: Sequence[ChildPlan],
        *,
        say: Callable[[str], None],
        watch: Watch | None = None,
        drain_s: float = DRAIN_DEADLINE_S,
    ) -> None:
        self._children = [_Child(plan) for plan in plans]
        self._say = say
        self._keeper = None if watch is None else _Keeper(watch, say)
        self._drain_s = drain_s
        self._ending_since: float | None = None
        self._is_insisted = False
        self._was_ready = False

    def run_processes(self, is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> None:
        """Start all, wait for readiness, keep them running; return after SIGTERM, SIGINT or SIGHUP and the drain.

        Afterwards these signals are ignored: the caller is about to end.
        """
        for number in ENDING_SIGNALS:
            signal.signal(number, self._on_signal)
        try:
            if self._keeper is not None:
                self._keeper.start()
            with _bell() as bell:
                self._keep(is_ready, on_ready, bell)
        finally:
            self._drain()
            if self._keeper is not None:
                self._keeper.end()
            for number in ENDING_SIGNALS:  # what follows is short and must not be cut off
                signal.signal(number, signal.SIG_IGN)

    def _keep(self, is_ready: Callable[[], bool], on_ready: Callable[[], None], bell: int) -> None:
        """Round after round, until the end is asked for."""
        deadline = time.monotonic() + READY_DEADLINE_S
        while self._ending_since is None:
            self._tend()
            if not self._was_ready and is_ready():
                self._was_ready = True
                on_ready()
            if not self._was_ready and time.monotonic() > deadline:
                raise SetupError(
                    Message(
                        "the web processes weren't ready within {ready_deadline_s} s: see the lines above",
                        ready_deadline_s=f"{READY_DEADLINE_S:.0f}",
                    ),
                )
            self._rest(bell)

    def _rest(self, bell: int) -> None:
        """Until something may have happened: a child ended, the end is asked for, a restart is due."""
        if not self._was_ready:
            time.sleep(POLL_S)
            return
        now = time.monotonic()
        due = [child.start_again_at - now for child in self._children if child.process is None]
        if select.select([bell], [], [], max(0.0, min([QUIET_POLL_S, *due])))[0]:
            os.read(bell, 4096)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._ending_since is None:
            self._ending_since = now
        elif now - self._ending_since > INSIST_AFTER_S:
            self._is_insisted = True

    def _tend(self) -> None:
        """One round: reap and restart children."""
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._note_death(child, now)
            is_due = now >= child.start_again_at and (self._was_ready or not child.plan.is_late)
            if child.process is None and is_due:
                child.process = _spawn(child.plan)
                child.started_at = now

    def _note_death(self, child: _Child, now: float) -> None:
        status = child.process.returncode if child.process is not None else 0
        child.process = None
        if now - child.started_at >= SETTLED_AFTER_S:
            child.failures = 0
        child.failures += 1
        if not self._was_ready and child.failures >= EARLY_DEATHS_MAX:
            raise SetupError(
                Message(
                    "{name} ended {failures} times while starting (status {status}): see the lines above",
                    name=child.plan.name,
                    failures=child.failures,
                    status=status,
                ),
            )
        delay = min(BACKOFF_FIRST_S * 2 ** (child.failures - 1), BACKOFF_MAX_S)
        child.start_again_at = now + delay
        self._say(
            gettext(
                "{name} ended (status {status}); again in {delay} s",
                name=child.plan.name,
                status=status,
                delay=f"{delay:g}",
            )
        )

    def _drain(self) -> None:
        """Ask every child to finish, wait, and kill what is left; a second signal kills at once."""
        living = [child.process for child in self._children if child.process is not None]
        for process in living:
            with suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + self._drain_s
        while any(process.poll() is None for process in living):
            if time.monotonic() > deadline or self._is_insisted:
                self._say(gettext("some processes didn't finish in time and were killed"))
                for process in living:
                    process.kill()
                break
            time.sleep(POLL_S)
        for process in living:
            process.wait()


@contextmanager
def _bell() -> Generator[int]:
    """A descriptor with something to read when a signal came, the end of a child (SIGCHLD) among them. Main thread only."""
    heard, rung = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    chld_before = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    before = signal.set_wakeup_fd(rung, warn_on_full_buffer=False)
    try:
        yield heard
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGCHLD, chld_before)
        os.close(heard)
        os.close(rung)


def listening_socket(host: str, port: int, *, setting: str = "WENYUE_PORT") -> socket.socket:
    """Open a socket that processes share; a taken port is one clear ``SetupError`` at once, which names its ``setting``."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SetupError(
            Message("WENYUE_HOST={host} isn't an address of this machine ({error})", host=host, error=error)
        ) from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(LISTEN_BACKLOG)
    except OSError as error:
        opened.close()
        raise SetupError(
            Message(
                "can't use port {port} on {host} ({strerror}): stop the other program, or "
                "choose another port: {setting}={other_port}",
                port=port,
                host=host,
                strerror=error.strerror,
                setting=setting,
                other_port=port + 1 if port < 65535 else 8000,
            ),
        ) from error
    opened.setblocking(False)
    return opened


def answers_ready(host: str, port: int) -> bool:
    """Whether ``GET /readyz`` says 200. Never raises and never waits long."""
    request = f"GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    try:
        with socket.create_connection((host, port), timeout=PROBE_DEADLINE_S) as connection:
            connection.sendall(request)
            with connection.makefile("rb") as answered:  # it holds the socket open until it is closed
                status_line = answered.readline(64)
    except OSError:
        return False
    return status_line.split()[1:2] == [b"200"]


def _spawn(plan: ChildPlan) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(plan.command),
        env=dict(plan.environment),
        stdin=subprocess.DEVNULL,
        pass_fds=tuple(plan.inherited_fds),
        start_new_session=True,  # Ctrl-C reaches the supervisor alone, which drains in order
    )


def _in_a_line(error: Exception) -> str:
    text = " ".join(str(error).split())[:300]
    return text if isinstance(error, SetupError) else f"{type(error).__name__}: {text}"
