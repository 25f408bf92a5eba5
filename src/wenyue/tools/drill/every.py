"""Every drill there is, on one machine's installation or on a cluster, and how each is run."""

from pathlib import Path
from typing import Final

from wenyue.tools.backup import rehearsals
from wenyue.tools.drill import lab_drills, lab_run
from wenyue.tools.drill.drills import DRILLS
from wenyue.tools.drill.kind import Drill, Terms
from wenyue.tools.drill.record import Run
from wenyue.tools.drill.run import run

EVERY: Final = {**DRILLS, **lab_drills.DRILLS, **rehearsals.DRILLS}


def perform(drill: Drill, home: Path, terms: Terms) -> Run:
    """Run a drill on what it wants, in `home`, which is made for it and removed. Raises SetupError."""
    how = lab_run.run if drill.has_lab else rehearsals.perform if drill.name in rehearsals.DRILLS else run
    return how(drill, home, terms)
