"""Commands as an operator types them, each a process of its own: how long it took, and its memory at most."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wenyue.locale import Message
from wenyue.ops.ports import free_port
from wenyue.ops.processes import family
from wenyue.platform.embedded_server import find_running
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import answers_ready

HOST: Final = "127.0.0.1"
_READY_S: Final = 120.0
_END_S: Final = 120.0
_POLL_S: Final = 0.1
_TAIL: Final = 1_500
_KB: Final = 1024


@dataclass(frozen=True, slots=True)
class Ran:
    """One process."""

    what: str
    seconds: float
    peak_mb: float


@dataclass(slots=True)
class House:
    """The operator's installation: `wenyue up` on this machine, and the commands beside it."""

    home: Path
    folder: Path
    tell: Callable[[str], None]
    port: int = 0
    ran: list[Ran] = field(default_factory=list[Ran])

    def environment(self) -> dict[str, str]:
        """Of everything that runs here: nothing of whoever started this."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WENYUE_")}
        own = {
            "HOME": str(self.home),
            "PORT": f"{self.port}",
            "HOST": HOST,
            "DEMO": "0",
            "MONITOR": "0",
            "STATUS": "0",
        }
        return clean | {f"WENYUE_{name}": value for name, value in own.items()} | {"WENYUE_LANG": "en"}

    def run(self, *words: str, typed: str = "") -> str:
        """A command of `wenyue`; what it printed. Raises SetupError when it fails."""
        return self.measured(
            f"wenyue {' '.join(words)}", [sys.executable, "-m", "wenyue.cli", *words], {}, typed
        )

    def owner_url(self) -> str:
        """The address of the running database."""
        server = find_running(self.home)
        return server.owner_url if server else ""

    def count(self, truth: str) -> str:
        """The count, a program of its own."""
        url = {"WENYUE_COUNTED": self.owner_url()}
        program = [sys.executable, "-m", "wenyue_lab.moving_in.counting", str(self.folder), truth]
        return self.measured(f"count {truth}", program, url, "", is_judge=True)

    def measured(
        self,
        what: str,
        command: Sequence[str],
        more: Mapping[str, str],
        typed: str,
        *,
        is_judge: bool = False,
    ) -> str:
        """The output of a process that ended well, noted with its time and memory."""
        log = self.folder / "output.txt"
        started = time.monotonic()
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                env={**self.environment(), **more},
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
            )
            if process.stdin is not None:
                process.stdin.write(typed.encode())
                process.stdin.close()
            peak = _watched_mb(process)
        self.ran.append(Ran(what, time.monotonic() - started, peak))
        self.tell(f"{what}: {self.ran[-1].seconds:.1f} s, {self.ran[-1].peak_mb:.0f} MB")
        said = log.read_text(encoding="utf-8", errors="replace")
        if process.returncode and not is_judge:
            raise SetupError(Message("`{what}` failed: {tail}", what=what, tail=said[-_TAIL:]))
        return said

    @contextmanager
    def up(self) -> Generator[None]:
        """`wenyue up`, ready; ended with the block, and the most memory of each of its processes noted."""
        self.port, log = free_port(), self.folder / "up.log"
        started = time.monotonic()
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "wenyue.cli", "up"],
                env=self.environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        try:
            while not answers_ready(HOST, self.port):
                if process.poll() is not None or time.monotonic() - started > _READY_S:
                    tail = log.read_text(encoding="utf-8", errors="replace")[-_TAIL:]
                    raise SetupError(Message("`wenyue up` did not get ready: {tail}", tail=tail))
                time.sleep(_POLL_S)
            self.ran.append(Ran("wenyue up, ready", time.monotonic() - started, _peak_mb(process.pid)))
            yield
            self._note_memory(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_END_S)

    def _note_memory(self, pid: int) -> None:
        server = find_running(self.home)
        pids = {*family(pid), *(family(server.pid) if server else ())}
        for one in sorted(pids):
            name = _name_of(one)
            if name:
                self.ran.append(Ran(f"{name} (running)", 0.0, _peak_mb(one)))


def _watched_mb(process: subprocess.Popen[bytes]) -> float:
    """The most memory of a process or one that it started, looked at until it ends: what fork inherits is not counted."""
    peak = 0.0
    while process.poll() is None:
        peak = max([peak, *(_peak_mb(one) for one in family(process.pid))])
        time.sleep(_POLL_S)
    return peak


def _name_of(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    roles = {"web", "worker", "up"}
    return next((f"wenyue {word}" for word in words if word in roles), " ".join(words)[:40].strip())


def _peak_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / _KB for line in lines if line.startswith("VmHWM")), 0.0)
