"""Every drill there is, on one machine's installation or on a cluster, and how each is run."""

from pathlib import Path
from typing import Final

from wenyue_lab.chaos import backup_rehearsals, lab_drills, lab_run
from wenyue_lab.chaos.drills import DRILLS
from wenyue_lab.chaos.kind import Drill, Terms
from wenyue_lab.chaos.record import Run
from wenyue_lab.chaos.run import run_drill

EVERY: Final = {**DRILLS, **lab_drills.DRILLS, **backup_rehearsals.DRILLS}


def perform(drill: Drill, home: Path, terms: Terms) -> Run:
    """Run a drill on what it wants, in `home`, which is made for it and removed. Raises SetupError."""
    how = (
        lab_run.run_lab_drill
        if drill.has_lab
        else backup_rehearsals.perform
        if drill.name in backup_rehearsals.DRILLS
        else run_drill
    )
    return how(drill, home, terms)
