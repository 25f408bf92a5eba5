"""`wenyue lab` as docs/lab.md has it: up, looked at, a node killed and started again, down."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wenyue.ops.ports import free_ports
from wenyue.ops.processes import send
from wenyue_lab.cluster.cluster import opened
from wenyue_lab.cluster.layout import PORTS
from wenyue_lab.cluster.programs import missing_packages

ROOT = Path(__file__).parents[2]
DEADLINE_S = 300.0  # a net

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_packages()), reason="scripts/lab-packages installs etcd and HAProxy"),
]


def test_the_commands_of_the_lab(tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WENYUE_") or name == "WENYUE_LANG"
    }
    environment["WENYUE_HOME"] = str(tmp_path)

    def lab(*words: str, status: int = 0) -> str:
        command = [sys.executable, "-m", "wenyue.cli", "lab", *words]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert subprocess.run(["scripts/lab-packages"], cwd=ROOT, timeout=DEADLINE_S, check=False).returncode == 0
    assert "no lab" in lab("status", status=1)
    try:
        said = lab("up", "--port", str(free_ports(PORTS)), "--no-demo")
        assert "ready: http" in said
        assert len(said.splitlines()) > 5  # what is being done is told without a terminal
        assert "n2" in lab("status", "--within", "60")
        running = opened(tmp_path / "lab")
        assert running is not None
        assert send(running.keeper_pids(running.layout.node("n2"), "patroni"), signal.SIGKILL)
        lab("start", "n2")
        lab("status", "--within", "120")
    finally:
        assert "nothing is left" in lab("down")
    assert not (tmp_path / "lab").exists()
