"""What is kept of a drill that was run, and where."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from wenyue.ops.rehearsals.schedule import RUN_GLOB
from wenyue_lab.chaos.checker import Violation
from wenyue_lab.chaos.figures import Figures
from wenyue_lab.chaos.runbook import StepDone

RUNS_KEPT: Final = 500


@dataclass(frozen=True, slots=True)
class Run:
    """What is stored of one drill."""

    name: str
    began_at: str
    command: str
    seed: int
    rate_per_s: float
    figures: Figures
    machine: dict[str, object]
    marks: list[tuple[float, str]]
    faults: list[tuple[float, float]]
    extra: dict[str, float] = field(default_factory=dict[str, float])
    findings: list[str] = field(default_factory=list[str])  # what the drill's own rules object to
    violations: list[Violation] = field(default_factory=list[Violation])  # at most SHOWN_MAX
    steps: list[StepDone] = field(default_factory=list[StepDone])  # of its runbook
    finished_at: str = ""

    @property
    def is_passed(self) -> bool:
        """Every invariant held, and the figures are what the drill asks for."""
        return not self.findings and not self.violations


def store(run: Run, folder: Path) -> Path:
    """Write the run as JSON into `folder`; the oldest beyond RUNS_KEPT go."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = run.began_at.replace(":", "").replace("-", "").partition("+")[0]
    path = folder / f"{stamp}-{run.name}.json"
    document = asdict(run) | {"is_passed": run.is_passed}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    partial.rename(path)
    for old in sorted(folder.glob(RUN_GLOB))[:-RUNS_KEPT]:
        old.unlink()
    return path
