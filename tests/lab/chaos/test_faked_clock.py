"""Clocks that a drill turns, for single processes: read by them, and gone with the drill."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.processes import await_true
from wenyue_lab.chaos.acts_clock import cannot_fake, faked_clock, turn

# As the drills themselves: without the library there is nothing to turn; `make test` installs it where it may.
pytestmark = pytest.mark.skipif(bool(cannot_fake()), reason=cannot_fake())
SHARED = Path("/dev/shm")  # noqa: S108 - where the library puts what it keeps of each process


def _of(pid: int) -> list[Path]:
    return list(SHARED.glob(f"*faketime*_{pid}"))


def test_what_killed_processes_kept_is_taken_away(tmp_path: Path) -> None:
    with faked_clock(tmp_path / "home") as variables:
        turn(Path(variables["FAKETIME_TIMESTAMP_FILE"]), 86_400.0)
        now = int(subprocess.check_output(["date", "+%s"], env=os.environ | variables))
        assert now > time.time() + 80_000
        with subprocess.Popen(["sleep", "60"], env=os.environ | variables) as process:
            await_true(lambda: len(_of(process.pid)) == 2)
            process.kill()
        assert len(_of(process.pid)) == 2, "the process could not take them away"
    assert _of(process.pid) == []
