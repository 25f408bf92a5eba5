"""Hosts of a real cluster that are lost, frozen or half deaf, and an etcd without majority: each drill of that kind, briefly."""

from dataclasses import replace
from pathlib import Path

import pytest

from wenyue.tools.drill import lab_run
from wenyue.tools.drill.acts import Stage
from wenyue.tools.drill.lab_acts import lose_host, stop_etcd
from wenyue.tools.drill.lab_drills import DRILLS
from wenyue.tools.drill.run import Run
from wenyue.tools.lab.programs import missing_packages

SLACK_S = 25.0  # as for the other drills

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_packages()), reason="scripts/lab-packages installs etcd and HAProxy"),
]


def _holds(done: Run) -> None:
    assert done.violations == []
    assert done.findings == []
    assert done.figures.acknowledged > 100
    assert [step.status for step in done.steps] == [0] * len(done.steps)


async def etcd_then_host(stage: Stage) -> None:
    """One cluster, two faults."""
    await stop_etcd(stage)
    await lose_host(stage)


def test_etcd_without_majority_and_then_a_lost_host(tmp_path: Path) -> None:
    drill = replace(DRILLS["host-lost"], act=etcd_then_host)
    _holds(lab_run.run(drill, tmp_path / "site", seconds=10.0, rate_per_s=30, slack_s=SLACK_S))


@pytest.mark.parametrize("name", ["host-frozen", "asymmetric-partition"])
def test_a_node_that_was_away_acknowledges_nothing(name: str, tmp_path: Path) -> None:
    if cannot := DRILLS[name].needs():
        pytest.skip(cannot)
    _holds(lab_run.run(DRILLS[name], tmp_path / "site", seconds=10.0, rate_per_s=30, slack_s=SLACK_S))
