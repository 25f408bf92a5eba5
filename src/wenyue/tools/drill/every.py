"""Every drill there is, on one machine's installation or on a cluster, and how each is run."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from wenyue.tools.backup import rehearsals
from wenyue.tools.drill import lab_drills, lab_run
from wenyue.tools.drill.drills import DRILLS
from wenyue.tools.drill.kind import Drill
from wenyue.tools.drill.run import Run, run

EVERY: Final = {**DRILLS, **lab_drills.DRILLS, **rehearsals.DRILLS}


def perform(
    drill: Drill,
    home: Path,
    *,
    seconds: float,
    seed_: int = 1,
    rate_per_s: float = 0.0,
    tell: Callable[[str], None] = lambda _: None,
) -> Run:
    """Run a drill on what it wants, in `home`, which is made for it and removed. Raises SetupError."""
    how = lab_run.run if drill.has_lab else rehearsals.perform if drill.name in rehearsals.DRILLS else run
    return how(drill, home, seconds=seconds, seed_=seed_, rate_per_s=rate_per_s, tell=tell)
