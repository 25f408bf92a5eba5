"""A real cluster, briefly: its primary killed, its standbys cut off, waiting commits cancelled, the primary killed again."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.processes import is_living
from wenyue.platform.embedded_server import base_folder
from wenyue_lab.chaos import lab_run
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.kind import Terms
from wenyue_lab.chaos.lab_acts import cut_standbys, kill_primary
from wenyue_lab.chaos.lab_drills import DRILLS
from wenyue_lab.cluster.programs import missing_packages

SLACK_S = 25.0  # as for the other drills: what must hold anywhere, not on a quiet machine only

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_packages()), reason="scripts/lab-packages installs etcd and HAProxy"),
]


async def both(stage: Stage) -> None:
    """One cluster, two faults."""
    await kill_primary(stage)
    await cut_standbys(stage)


def test_nothing_acknowledged_is_lost_on_a_cluster(tmp_path: Path) -> None:
    home = tmp_path / "site"
    drill = replace(DRILLS["primary-killed"], act=both)
    done = lab_run.run_lab_drill(drill, home, Terms(12.0, rate_per_s=60, slack_s=SLACK_S))
    assert done.violations == []
    assert done.findings == []
    assert done.figures.faults == 2
    assert done.figures.acknowledged > 200
    assert done.extra["waits for a standby cancelled"] > 0
    assert done.extra["bookings that only the old primary showed"] > 0
    assert [step.status for step in done.steps] == [0] * len(done.steps)
    assert done.steps
    assert not home.exists()
    assert not base_folder(home / "lab").exists()
    assert [pid for pid in _everything() if str(base_folder(home / "lab")) in _arguments(pid)] == []


def _everything() -> list[int]:
    return [
        pid for one in Path("/proc").iterdir() if one.name.isdecimal() and is_living(pid := int(one.name))
    ]


def _arguments(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
