"""HAProxy between the load and the web processes, with the file that is put in front of them in earnest."""

import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wenyue.locale import Message
from wenyue.ops.ports import free_port
from wenyue.ops.standby.state import certificate
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import answers_ready
from wenyue_lab.benchmark.overload.cores import pin
from wenyue_lab.benchmark.site import HOST, cpu_seconds

_SEARCHED: Final = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
_BINDS: Final = ("BIND_HTTP", "BIND_HTTPS", "BIND_INSIDE", "BIND_FIGURES")
_READY_S: Final = 20.0
_CONNECTIONS: Final = re.compile(r"^    maxconn \d+$", re.MULTILINE)  # the first is the process's
_FILES_SPARE: Final = 500


@dataclass(frozen=True, slots=True)
class Proxy:
    """A HAProxy that runs: the port of its frontend without TLS."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """Processor seconds that it has used so far."""
        return cpu_seconds(self.pid)


@contextmanager
def proxied(file: Path, web_port: int, home: Path, cores: Sequence[int]) -> Generator[Proxy]:
    """HAProxy reads `file` and stands before `web_port`. Raises SetupError.

    Only its bound on connections is lowered, to what this user may open.
    """
    found = shutil.which("haproxy", path=_SEARCHED)
    if found is None:
        raise SetupError(Message("haproxy is missing: apt-get install haproxy"))
    folder = home / "proxy"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "tls.pem").write_text("".join(certificate("bench")), encoding="ascii")
    most = min(50_000, (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - _FILES_SPARE) // 2)
    config = folder / "haproxy.cfg"
    text = file.read_text(encoding="utf-8")
    config.write_text(_CONNECTIONS.sub(f"    maxconn {most}", text, count=1), encoding="utf-8")
    ports = [free_port() for _ in _BINDS]
    environment = {
        **os.environ,
        **{name: f"{HOST}:{port}" for name, port in zip(_BINDS, ports, strict=True)},
        **dict.fromkeys(("WEB_1", "WEB_2", "STATUS"), f"{HOST}:{web_port}"),
        "TLS_PEM": str(folder / "tls.pem"),
    }
    with (home / "proxy.log").open("ab") as log:
        running = subprocess.Popen([found, "-db", "-f", str(config)], env=environment, stdout=log, stderr=log)
    try:
        pin([running.pid], cores)
        inside = ports[2]
        deadline = time.monotonic() + _READY_S
        while not answers_ready(HOST, inside):
            if running.poll() is not None or time.monotonic() > deadline:
                raise SetupError(Message("HAProxy does not serve; see {home}", home=home / "proxy.log"))
            time.sleep(0.05)
        yield Proxy(inside, running.pid)
    finally:
        running.terminate()
        running.wait(_READY_S)
