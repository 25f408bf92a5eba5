"""`wenyue bench start`: processor seconds of a warm `wenyue up`, and of an idle minute afterwards, process by process."""

import os
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import typer

from wenyue.locale import Message
from wenyue.ops.ports import free_ports
from wenyue.ops.processes import family
from wenyue.platform.embedded_server import erase, find_running
from wenyue.platform.fault import SetupError
from wenyue_lab.benchmark.pairs import run
from wenyue_lab.benchmark.site import cpu_seconds

READY_DEADLINE_S: Final = 120.0
_LOOK_S: Final = 0.05
_SETTLED_S: Final = 2.0  # so long, and less than a tenth of a core: nothing is being started any more
_SETTLED_SHARE: Final = 0.1
_SETTLE_DEADLINE_S: Final = 60.0
_HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Start:
    """One warm start: seconds by the clock until `ready:`, processor seconds until then and until all was quiet."""

    wall_s: float
    ready_cpu_s: float
    settled_cpu_s: float


def start(
    *,
    checkout: Annotated[Path | None, typer.Option(help="whose `wenyue up`; this one's by default")] = None,
    times: Annotated[int, typer.Option(min=1, max=100, help="warm starts")] = 5,
    idle_s: Annotated[float, typer.Option(min=0, max=3600, help="then watch it idle; 0: no")] = 60.0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="web processes")] = 2,
) -> None:
    """What a warm start costs in processor seconds, and an idle installation."""
    python = run.python_of((checkout or run.own_checkout()).resolve())
    with tempfile.TemporaryDirectory(prefix="wy-") as folder:
        home = Path(folder, "home")
        try:
            _say("first start, which makes the database")
            with _up(python, home, workers):
                pass
            starts: list[Start] = []
            for number in range(1, times + 1):
                with _up(python, home, workers) as one:
                    starts.append(one)
                    _say(
                        f"start {number} of {times}: {one.wall_s:.1f} s, {one.ready_cpu_s:.2f} processor seconds "
                        f"until ready, {one.settled_cpu_s:.2f} until all was quiet"
                    )
                    if number == times and idle_s:
                        _idle(home, idle_s)
        finally:
            erase(home)
    _say(
        f"median of {times}: {median(one.wall_s for one in starts):.1f} s, "
        f"{median(one.ready_cpu_s for one in starts):.2f} processor seconds until ready, "
        f"{median(one.settled_cpu_s for one in starts):.2f} until all was quiet"
    )


@contextmanager
def _up(python: Path, home: Path, workers: int) -> Generator[Start]:
    """`wenyue up` of that Python, ready and quiet; ended at the end of the block."""
    port = free_ports(2)
    status_port = port + 1
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WENYUE_")}
    own = {
        "WENYUE_HOME": str(home),
        "WENYUE_PORT": str(port),
        "WENYUE_STATUS_PORT": str(status_port),
        "WENYUE_WEB_WORKERS": str(workers),
        "WENYUE_DEMO": "0",
        "WENYUE_END_WITH_PARENT": "1",
    }
    log = home.with_name("up.log")
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [str(python), "-P", "-m", "wenyue.cli", "up"],
            env=clean | own,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        while "ready: " not in log.read_text(encoding="utf-8", errors="replace"):
            if process.poll() is not None or time.monotonic() - began > READY_DEADLINE_S:
                tail = log.read_text(encoding="utf-8", errors="replace")[-1500:]
                raise SetupError(Message("it did not get ready:\n{tail}", tail=tail))
            time.sleep(_LOOK_S)
        wall_s, ready_cpu_s = time.monotonic() - began, sum(_used(home, process.pid).values())
        yield Start(wall_s, ready_cpu_s, _settled(home, process.pid))
    finally:
        process.terminate()
        process.wait()


def _settled(home: Path, pid: int) -> float:
    """Processor seconds until nothing is being started any more."""
    deadline = time.monotonic() + _SETTLE_DEADLINE_S
    used = sum(_used(home, pid).values())
    while time.monotonic() < deadline:
        time.sleep(_SETTLED_S)
        before, used = used, sum(_used(home, pid).values())
        if used - before < _SETTLED_SHARE * _SETTLED_S:
            break
    return used


def _idle(home: Path, seconds: float) -> None:
    """Say what every process of the installation uses while nobody asks anything."""
    server = find_running(home)
    if server is None:
        raise SetupError(Message("the database ended"))
    pid = os.getpid()
    before = _used(home, pid)
    time.sleep(seconds)
    after = _used(home, pid)
    by_name: dict[str, float] = {}
    for (process, name), used in after.items():
        if process != pid:
            by_name[name] = by_name.get(name, 0.0) + used - before.get((process, name), 0.0)
    for name, used in sorted(by_name.items(), key=lambda one: -one[1]):
        _say(f"idle: {name}: {used / seconds:.2%} of a core")
    _say(f"idle, all together: {sum(by_name.values()) / seconds:.2%} of a core over {seconds:.0f} s")


def _used(home: Path, pid: int) -> dict[tuple[int, str], float]:
    """(process, what it is) → processor seconds so far, of the process `pid` and all below it, and of the database."""
    found: dict[tuple[int, str], float] = {}
    server = find_running(home)
    for one in {*family(pid), *(family(server.pid) if server is not None else ())}:
        try:
            found[one, _name_of(one)] = cpu_seconds(one)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended; its time is its parent's
    return found


def _name_of(pid: int) -> str:
    """`web`, `worker`, `up`, `status`, `monitor`, or `database`."""
    words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    if "wenyue.cli" in words:
        return words[words.index("wenyue.cli") + 1]
    if "wenyue.web.status" in words:
        return "status"
    return "database" if "postgres" in words[0] else "other"


def _say(line: str) -> None:
    typer.echo(line)
