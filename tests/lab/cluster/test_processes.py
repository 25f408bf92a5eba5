"""The processes that a lab started are waited for, whoever else took their place in the ledger."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import await_end, is_living
from wenyue.ops.processes import children, send
from wenyue_lab.cluster.processes import Ledger, await_gone, reap, spawn

DEADLINE_S = 30.0
SCRIPT = """
import signal
from pathlib import Path
from wenyue_lab.cluster.processes import reap, spawn
from wenyue.ops.processes import send
pid = spawn(["/bin/sleep", "60"], environment={}, log=Path("log"), folder=Path())
send([pid], signal.SIGKILL)
"""


def sleeper(folder: Path) -> int:
    return spawn(["/bin/sleep", "60"], environment={}, log=folder / "log", folder=folder)


def test_a_killed_process_is_waited_for_although_another_has_its_name(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "processes.json")
    killed, other = sleeper(tmp_path), sleeper(tmp_path)
    ledger.note("n1-etcd", killed)
    send([killed], signal.SIGKILL)
    await_end(killed)
    (tmp_path / "processes.json").unlink()  # another command starts the node again and notes that
    ledger.note("n1-etcd", other)
    send([other], signal.SIGKILL)
    assert await_gone([one.pid for one in ledger.all().values()], DEADLINE_S)
    assert killed in children(os.getpid())
    assert reap([killed, other], DEADLINE_S) == []
    assert {killed, other}.isdisjoint(children(os.getpid()))


def test_one_that_does_not_end_is_told_and_waited_for_later(tmp_path: Path) -> None:
    stubborn = sleeper(tmp_path)
    assert reap([stubborn], 0.05) == [stubborn]
    assert is_living(stubborn)
    send([stubborn], signal.SIGKILL)
    assert reap([stubborn], DEADLINE_S) == []
    assert stubborn not in children(os.getpid())


@pytest.mark.parametrize(("end", "is_silent"), [("", False), ("assert reap([pid], 10) == []", True)])
def test_nothing_is_said_at_the_end_of_the_program(end: str, *, is_silent: bool, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT + end],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ("is still running" not in done.stderr) is is_silent
    assert (not done.stderr) is is_silent
