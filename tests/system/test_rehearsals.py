"""The rehearsals whole, briefly: back to a moment, one venue back, the standby takes over, a bad backup is noticed."""

from pathlib import Path

import pytest

from wenyue_lab.chaos import backup_rehearsals
from wenyue_lab.chaos.kind import Terms

SECONDS = 6.0
RATE_PER_S = 50.0

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", list(backup_rehearsals.DRILLS))
def test_what_is_rehearsed_works(name: str, tmp_path: Path) -> None:
    terms = Terms(SECONDS, rate_per_s=RATE_PER_S)
    done = backup_rehearsals.perform(backup_rehearsals.DRILLS[name], tmp_path / "site", terms)
    assert done.violations == []
    assert done.findings == []
    assert done.is_passed
    assert done.finished_at >= done.began_at
    assert done.steps
    assert [one for one in done.steps if not one.is_good] == []
