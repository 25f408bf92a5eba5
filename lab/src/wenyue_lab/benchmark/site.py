"""The system under test: its own database in its own home, and real web processes, started as in production."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from wenyue.locale import Message
from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import ServerInfo, ensure_started, erase, stop
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import answers_ready, listening_socket

HOST: Final = "127.0.0.1"
READY_DEADLINE_S: Final = 30.0
DRAIN_DEADLINE_S: Final = 15.0
_POLL_S: Final = 0.05
_KIB_PER_MB: Final = 1024


@dataclass(frozen=True, slots=True)
class Site:
    """Running web processes on one port."""

    port: int
    processes: list[subprocess.Popen[bytes]]

    def rss_mb(self) -> list[float]:
        """Resident memory of every web process, shared pages included."""
        return [_status_kib(process.pid, "VmRSS") / _KIB_PER_MB for process in self.processes]

    def cpu_s(self) -> float:
        """Processor seconds that the web processes have used so far."""
        return sum(cpu_seconds(process.pid) for process in self.processes)


@contextmanager
def database(home: Path, tell: Callable[[str], None]) -> Generator[ServerInfo]:
    """A fresh, migrated embedded server for `home`; stopped and erased at the end."""
    erase(home)
    server = ensure_started(home, progress=tell)
    try:
        migrate(server.owner_url, progress=tell)
        yield server
    finally:
        stop(server)
        erase(home)


@contextmanager
def site(server: ServerInfo, home: Path, workers: int, log: Path) -> Generator[Site]:
    """`workers` web processes that share one port, ready to serve; ended at the end of the block."""

    def environment(port: int) -> dict[str, str]:
        return {
            **os.environ,
            "WENYUE_HOME": str(home),
            "WENYUE_DATABASE_URL": server.app_url,
            "WENYUE_OWNER_DATABASE_URL": "",
            "WENYUE_PORT": str(port),
            "WENYUE_WEB_WORKERS": str(workers),
            "WENYUE_BENCH": "1",  # adds the no-op route
            "WENYUE_PERSON_BOOKINGS": "1000000",  # a few thousand logins book for everybody
        }

    command = [sys.executable, "-m", "wenyue.cli", "web", "--fd"]
    with served(lambda fd: [*command, str(fd)], environment, workers, log) as web:
        yield web


@contextmanager
def served(
    command: Callable[[int], list[str]],
    environment: Callable[[int], dict[str, str]],
    workers: int,
    log: Path,
) -> Generator[Site]:
    """`workers` processes of `command(listening descriptor)` in `environment(port)`, ready to serve; ended with the block."""
    with listening_socket(HOST, 0) as listener, log.open("ab") as output:
        port, descriptor = int(listener.getsockname()[1]), listener.fileno()
        processes = [
            subprocess.Popen(
                command(descriptor),
                env=environment(port),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(descriptor,),
                start_new_session=True,
            )
            for _ in range(workers)
        ]
        try:
            _await_ready(processes, port, log)
            yield Site(port, processes)
        finally:
            _end(processes)


def _await_ready(processes: list[subprocess.Popen[bytes]], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_DEADLINE_S
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in processes):
            break
        if answers_ready(HOST, port):
            time.sleep(1.0)  # the others started at the same instant; one answers for all of them
            return
        time.sleep(_POLL_S)
    tail = log.read_text(encoding="utf-8", errors="replace")[-1500:]
    raise SetupError(
        Message("the web processes did not become ready; {log} ends with:\n{tail}", log=log, tail=tail)
    )


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + DRAIN_DEADLINE_S
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its dead children's included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def machine(server: ServerInfo) -> dict[str, object]:
    """What the figures were measured on."""
    with psycopg.connect(server.owner_url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT version(), current_setting('fsync'), current_setting('synchronous_commit'),"
            " current_setting('shared_buffers')"
        ).fetchone()
    version, fsync, commit, buffers = row or ("", "", "", "")
    return {
        "cpu": _first("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_mb": round(_kib(Path("/proc/meminfo"), "MemTotal") / _KIB_PER_MB),
        "kernel": os.uname().release,
        "python": sys.version.split()[0],
        "postgresql": version,
        "fsync": fsync,
        "synchronous_commit": commit,
        "shared_buffers": buffers,
    }


def _first(path: str, key: str) -> str:
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return ""


def _kib(path: Path, key: str) -> int:
    value = _first(str(path), key).removesuffix("kB").strip()
    return int(value) if value else 0


def _status_kib(pid: int, key: str) -> int:
    return _kib(Path(f"/proc/{pid}/status"), key)
