"""Runs PostgreSQL's own backup programs: bounded, without passwords on the command line, faults in one line."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

from psycopg.conninfo import conninfo_to_dict

from wenyue.locale import Message
from wenyue.platform.embedded_server.cluster import program_environment
from wenyue.platform.fault import SetupError

DEADLINE_S: Final = 6 * 3600
_LINES_KEPT: Final = 30
_PIPE_BYTES: Final = 1 << 20
# Becomes the program, after asking the kernel to end it when we die (even by kill -9).
_LEASH: Final = (
    sys.executable,
    "-ISc",
    (
        "import ctypes, os, sys\n"
        "ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)\n"  # PR_SET_PDEATHSIG, SIGTERM
        "os.getppid() == int(sys.argv[1]) or sys.exit(1)\n"
        "os.execv(sys.argv[2], sys.argv[2:])"
    ),
)
# Stays beside the program as the leader of their group, and ends all of it when we die or tell it to: what the program forked
# (pg_basebackup's child that fetches the log) does not inherit the kernel's promise and would go on for ever.
_GROUP_LEASH: Final = (
    sys.executable,
    "-ISc",
    (
        "import ctypes, os, signal, sys\n"
        "def end(*_):\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    os.killpg(0, signal.SIGTERM)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"  # until there is something to end
        "ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)\n"
        "os.getppid() == int(sys.argv[1]) or sys.exit(1)\n"
        "child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, setsigmask=())\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])\n"
        "status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
        "sys.exit(status if status >= 0 else 128 - status)"
    ),
)
_PROGRESS: Final = re.compile(r"(\d+)/(\d+) kB")
# libpq's own names for what a URL may carry; the environment of a process is private, its arguments are not.
_VARIABLES: Final = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "channel_binding": "PGCHANNELBINDING",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


class ProgramFault(Exception):
    """A program ended with a fault; `says` is what it wrote last, `program` its name."""

    def __init__(self, program: str, says: str) -> None:
        super().__init__(f"{program}: {says}")
        self.program = program
        self.says = says


def ending_with_parent() -> list[str]:
    """The beginning of a command line whose program ends when this process does."""
    return [*_LEASH, str(os.getpid())]


def run_program(
    programs: Path,
    name: str,
    arguments: list[str],
    *,
    url: str | None = None,
    on_bytes: Callable[[int, int], None] = lambda _done, _total: None,
    on_output: Callable[[BufferedReader], None] | None = None,
    deadline_s: float = DEADLINE_S,
) -> None:
    """Run one program to its end. `on_bytes` gets (done, total) as the program tells it, `on_output` reads what it writes.

    `on_output` runs in a thread of its own, which is over when this returns. Raises what it raises, once the program has ended;
    else ProgramFault; that, too, when the reader found too little (EOFError) because the program failed.
    """
    environment = program_environment() | ({} if url is None else _connection(url))
    with subprocess.Popen(
        [*_GROUP_LEASH, str(os.getpid()), str(programs / "bin" / name), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if on_output is None else subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=_PIPE_BYTES,
        umask=0o077,
        process_group=0,
    ) as process:
        watchdog = threading.Timer(deadline_s, os.killpg, (process.pid, signal.SIGKILL))
        watchdog.start()
        reader, taken = _reader(process, on_output)
        reader.start()
        try:
            lines = _read(process, on_bytes)
            status = process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            watchdog.cancel()
            watchdog.join()  # no thread may be left when a server is started by fork
            reader.join()  # ends with the program's output
    fault = taken.exception()
    if fault is not None and not (status != 0 and isinstance(fault, EOFError)):
        raise fault
    if status != 0:
        says = " ".join(lines).strip() or f"ended with status {status}"
        raise ProgramFault(name, says[-600:])


def _reader(
    process: subprocess.Popen[bytes], on_output: Callable[[BufferedReader], None] | None
) -> tuple[threading.Thread, Future[None]]:
    """A thread that reads what a program writes, and how that ended. When it fails the program cannot write any more."""
    taken: Future[None] = Future()

    def read_output() -> None:
        try:
            if on_output is not None and process.stdout is not None:
                with suppress(OSError):  # a bound of this user's: then it is a small pipe
                    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
                with process.stdout:
                    on_output(cast(BufferedReader, process.stdout))
            taken.set_result(None)
        except BaseException as error:  # noqa: BLE001 - raised by whoever asks for the result
            taken.set_exception(error)

    return threading.Thread(target=read_output), taken


def _read(process: subprocess.Popen[bytes], on_bytes: Callable[[int, int], None]) -> list[str]:
    """The last lines that are no progress; progress lines end with a carriage return."""
    kept: deque[str] = deque(maxlen=_LINES_KEPT)
    rest = b""
    if process.stderr is None:
        return []
    while chunk := os.read(process.stderr.fileno(), 65536):
        *lines, rest = re.split(rb"[\r\n]", rest + chunk)
        for line in (raw.decode(errors="replace").strip() for raw in lines):
            found = _PROGRESS.search(line)
            if found:
                on_bytes(int(found[1]) * 1024, int(found[2]) * 1024)
            elif line:
                kept.append(line)
    return [*kept, rest.decode(errors="replace")]


def _connection(url: str) -> dict[str, str]:
    values = conninfo_to_dict(url)
    return {
        _VARIABLES[key]: str(value)
        for key, value in values.items()
        if key in _VARIABLES and value is not None
    }


def as_fault(fault: ProgramFault, folder: Path) -> SetupError:
    """The one line for a program's fault: what it is and what mends it."""
    says = fault.says
    if "No space left" in says or "Disk quota" in says:
        return no_room(folder)
    if "Permission denied" in says and str(folder) in says:
        return SetupError(
            Message("cannot write {folder}: make it writable or choose another --to", folder=folder)
        )
    if "replication" in says and (
        "pg_hba.conf" in says or "must be superuser" in says or "permission denied" in says
    ):
        return no_replication(says)
    if "has already been removed" in says or "could not find WAL file" in says:
        return SetupError(
            Message(
                "the server couldn't keep the log written during the backup, so the backup "
                "was discarded ({says}): take it at a quieter time, or raise "
                "max_slot_wal_keep_size",
                says=says,
            ),
        )
    if "checksum verification failed" in says or "checksum error" in says:
        return SetupError(
            Message(
                "the database itself has damaged pages, so this backup was discarded "
                "({says}): restore the last good one",
                says=says,
            ),
        )
    return SetupError(Message("{program} failed: {says}", program=fault.program, says=says))


def no_room(folder: Path) -> SetupError:
    """The line for a full backup disk. The database goes on: it never waits for a backup."""
    return SetupError(
        Message(
            "no space left for backups at {folder}: free some space, lower --keep, or choose "
            "another disk with --to",
            folder=folder,
        ),
    )


def no_replication(reason: str) -> SetupError:
    """The line for a server of the operator's own that lets us read rows but not its files."""
    return SetupError(
        Message(
            "this login isn't allowed to copy the server: as an administrator, run ALTER "
            "ROLE … REPLICATION and allow the database 'replication' in pg_hba.conf, or back "
            "up the server with its own tools ({reason})",
            reason=reason[-160:],
        ),
    )
