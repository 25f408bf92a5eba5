"""The benchmark end to end, far too small to say anything about speed: every figure is there, and nothing is oversold."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wenyue_lab.benchmark import figures
from wenyue_lab.benchmark.run import Scale, measure_all, steps

TINY = Scale(
    True, 2, repeats=1, warm_s=0.1, measure_s=0.2, naive_s=4, cards=8_000, grown_to=0, connections=16
)


@pytest.mark.slow
def test_a_small_benchmark_measures_everything(tmp_path: Path) -> None:
    told: list[str] = []
    report = measure_all(tmp_path / "bench", TINY, told.append)
    document = json.loads(json.dumps(figures.document(report.figures, report.machine, {})))
    assert document["hot_per_s"] > 0
    assert document["naive_hot_tps"] > 0
    assert document["peer_hot_per_s"] > 0
    assert document["peer_spread_per_s"] > 0
    assert not any("peer" in note for note in report.notes), report.notes  # it is right, or no yardstick
    assert document["oversold"] == 0
    assert len(told) <= steps(TINY)  # as many as the bar is long
    assert not (tmp_path / "bench" / "database.json").exists()


@pytest.mark.slow
def test_a_start_is_measured(tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WENYUE_") or name == "WENYUE_LANG"
    }
    command = [sys.executable, "-m", "wenyue.cli", "bench", "start", "--times", "1", "--idle-s", "0"]
    done = subprocess.run(
        command,
        env=environment | {"WENYUE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,  # a net
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ready" in done.stdout
