"""The overload bench end to end, far too small to say anything about speed: everything is measured, and adds up."""

import json
from pathlib import Path

import pytest

from wenyue_lab.benchmark.overload import picture, report
from wenyue_lab.benchmark.overload.plan import Scale
from wenyue_lab.benchmark.overload.run import measure_overload

TINY = Scale(
    is_quick=True,
    workers=1,
    warm_s=0.3,
    step_s=0.8,
    step_skipped_s=0.2,
    hold_s=1.0,
    step_tail_s=0.1,
    steps_max=1,
    proof_s=0.2,
    lead_s=1.0,
    storm_s=1.0,
    calm_s=1.0,
    flash_lead_s=0.5,
    flash_after_s=1.0,
    drain_s=4.0,
    cards=2_000,
    flash_cards=600,
    connections=60,
    load_processes=2,
    database_share=0.8,
    unbounded_storm_s=0.0,
    first_per_s=60.0,
)


@pytest.mark.slow
def test_a_small_run_measures_everything_and_loses_nothing(tmp_path: Path) -> None:
    steps: list[str] = []
    result = measure_overload(tmp_path / "home", TINY, steps.append)
    made = json.loads(json.dumps(report.document(result), allow_nan=False))
    assert made["peak_per_s"] > 0
    assert made["oversold"] == 0
    assert 0 < made["acknowledged"] <= made["stored"] <= made["acknowledged"] + made["in_doubt"]
    flash = made["flash"]
    assert 0 < flash["acknowledged"] <= flash["places_given"] <= flash["places"]
    assert sum(flash["rush"][kind] for kind in ("denied", "shed", "doubtful", "unanswered")) > 0
    assert {row["phase"] for row in made["series"]} >= {"ramp", "before", "storm", "recovery", "flash"}
    assert made["configuration"]["database_bound_by"]
    assert "<polyline" in picture.draw(result)
    assert steps[-1] == "counting what was sold"
    assert not (tmp_path / "home" / "database.json").exists()
