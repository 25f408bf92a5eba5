"""A real installation for a drill: `wenyue up` in a home of its own, on loopback, and the processes that it is made of."""

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from wenyue.locale import Message
from wenyue.ops.ports import free_port
from wenyue.ops.processes import children, send
from wenyue.platform.embedded_server import erase, find_running
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import DRAIN_DEADLINE_S, answers_ready

HOST: Final = "127.0.0.1"
READY_DEADLINE_S: Final = 90.0
END_DEADLINE_S: Final = DRAIN_DEADLINE_S + 75.0  # draining, then the database's own end
_POLL_S: Final = 0.05
_LOG_TAIL: Final = 1_500
_SHELL_FILES: Final = 1_024
_UP: Final = (
    "import json, os, sys; os.environ.update(json.loads(sys.argv.pop())); from wenyue.cli import main; main()"
)


class Installation:
    """One home, its port, and what runs there."""

    def __init__(self, home: Path, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.home, self.port, self.process, self.log = home, port, process, log

    def web_pids(self) -> list[int]:
        """The living web processes."""
        return [pid for pid in children(self.process.pid) if "web" in _arguments(pid)]

    def worker_pids(self) -> list[int]:
        """The living worker."""
        return [pid for pid in children(self.process.pid) if "worker" in _arguments(pid)]

    def database_pid(self) -> int | None:
        """The living postmaster."""
        server = find_running(self.home)
        return None if server is None else server.pid

    def database_pids(self) -> list[int]:
        """The postmaster first, then every process of it; empty while it is down."""
        pid = self.database_pid()
        return [] if pid is None else [pid, *children(pid)]

    def kill_database(self) -> bool:
        """Kill -9 of the postmaster and everything it started; False when it was down already."""
        return send(self.database_pids(), signal.SIGKILL) > 0

    def is_ready(self) -> bool:
        """Whether a web process answers and reaches the database."""
        return answers_ready(HOST, self.port)

    def tail(self) -> str:
        """The end of what the installation printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:]


@asynccontextmanager
async def installed(
    home: Path, log: Path, *, workers: int = 2, variables: Mapping[str, str] | None = None
) -> AsyncGenerator[Installation]:
    """`wenyue up` for `home` (seeded before), ready; drained and stopped at the end of the block.

    `variables` are WENYUE_… of the installation; others reach its web and worker processes only, not the supervisor.

    Enter it from a thread that outlives the block: the processes end with it. Raises SetupError.
    """
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WENYUE_")}
    own = {
        "WENYUE_HOME": str(home),
        "WENYUE_HOST": HOST,
        "WENYUE_PORT": str(port),
        "WENYUE_WEB_WORKERS": str(workers),
        "WENYUE_DEMO": "0",
        "WENYUE_SECOND_FACTOR": "off",  # what is drilled is the password's check
        "WENYUE_MONITOR": "0",  # they look at everything, which is not what is measured here
        "WENYUE_STATUS": "0",
        "WENYUE_END_WITH_PARENT": "1",
    }
    given = dict(variables or {})
    own |= {name: value for name, value in given.items() if name.startswith("WENYUE_")}
    process = _start(clean | own, {name: given[name] for name in given.keys() - own.keys()}, log)
    installation = Installation(home, port, process, log)
    try:
        await _await_ready(installation, workers)
        yield installation
    finally:
        await asyncio.to_thread(_end, installation)


def _start(
    environment: Mapping[str, str], of_children: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """`wenyue up` as from a login shell: a child of this thread, with the usual small limit of open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, _SHELL_FILES), hard))
    try:
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-c", _UP, "up", json.dumps(of_children)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _arguments(pid: int) -> list[str]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="replace").split("\0")


async def _await_ready(where: Installation, workers: int) -> None:
    deadline = time.monotonic() + READY_DEADLINE_S
    while not (len(where.web_pids()) == workers and await asyncio.to_thread(where.is_ready)):
        if where.process.poll() is not None or time.monotonic() > deadline:
            raise SetupError(
                Message(
                    "the installation under drill did not get ready; {log} ends with:\n{tail}",
                    log=where.log,
                    tail=where.tail(),
                ),
            )
        await asyncio.sleep(_POLL_S)


def _end(installation: Installation) -> None:
    """Thaw what is frozen, ask for the end, insist after a while, and leave nothing running."""
    process = installation.process
    send(installation.database_pids(), signal.SIGCONT)
    webs = installation.web_pids()
    process.terminate()
    try:
        process.wait(END_DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        send(webs, signal.SIGKILL)
        erase(installation.home)
