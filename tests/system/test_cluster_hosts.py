"""Hosts of a real cluster that are lost, frozen or half deaf, and an etcd without majority: each drill of that kind, briefly."""

import os
from pathlib import Path

import pytest

from tests.support.processes import is_living
from wenyue.ops.processes import children
from wenyue_lab.chaos import lab_run
from wenyue_lab.chaos.kind import Terms
from wenyue_lab.chaos.lab_drills import DRILLS

SLACK_S = 25.0  # as for the other drills

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["host-lost", "host-frozen", "etcd-no-quorum", "asymmetric-partition"])
def test_nothing_acknowledged_is_lost_with_a_host(name: str, tmp_path: Path) -> None:
    if cannot := DRILLS[name].needs():
        pytest.skip(cannot)
    terms = Terms(10.0, rate_per_s=30, slack_s=SLACK_S)
    done = lab_run.run_lab_drill(DRILLS[name], tmp_path / "site", terms)
    assert done.violations == []
    assert done.findings == []
    assert done.figures.acknowledged > 100
    assert [step.status for step in done.steps] == [0] * len(done.steps)
    assert [pid for pid in children(os.getpid()) if not is_living(pid)] == []  # everyone was waited for
