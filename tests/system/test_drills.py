"""The short form of every drill: real processes, a real fault, and nothing that was acknowledged is lost."""

import json
from pathlib import Path

import pytest

from tests.support.processes import is_living
from wenyue.platform.embedded_server import base_folder
from wenyue_lab.chaos import report
from wenyue_lab.chaos.drills import DRILLS
from wenyue_lab.chaos.kind import Terms
from wenyue_lab.chaos.record import Run, store
from wenyue_lab.chaos.run import run_drill

SLACK_S = 25.0  # the figures are for a machine with nothing else to do; these tests ask only what must hold anywhere
SECONDS = {
    "database-killed": 6.0,
    "frozen-database": 3.0,
    "slow-clients": 4.0,
    "slow-lossy-client": 4.0,
    "slowloris-login-flood": 4.0,
    "later-killed": 4.0,
    "suspicious-patterns": 1.0,  # it takes its time
    "midnight": 1.0,  # beyond the six seconds before midnight and the three after it
    "leap-day": 1.0,
    "quiet-day": 1.0,  # beyond the minute of quiet
}
RATE_PER_S = {"midnight": 25.0, "leap-day": 25.0}  # each of whose bookings becomes a no-show
FAULTS_SEEN = {  # what shows that the fault happened at all
    "reply-lost": "lost replies",
    "database-link-cut": "connections reset",
    "slow-clients": "slow connections at most",
    "frozen-database": "processes frozen",
    "later-killed": "texts sent",
    "slow-lossy-client": "operations over the slow line",
    "slowloris-login-flood": "bodies of 8 MB cut off",
    "rush": "rush: refused at the door",
    "suspicious-patterns": "blocks that ended",
    "disk-full": "refusals of room in the log",
    "clock-steps": "holds made",
    "midnight": "asked before midnight",
    "leap-day": "nobody came",
    "busy-then-quiet": "people let in and booked",
    "quiet-day": "people let in and booked",
}


@pytest.mark.parametrize("name", list(DRILLS))
def test_nothing_acknowledged_is_lost(name: str, tmp_path: Path) -> None:
    if cannot := DRILLS[name].needs():
        pytest.skip(cannot)
    home = tmp_path / "site"
    terms = Terms(SECONDS.get(name, 5.0), rate_per_s=RATE_PER_S.get(name, 60.0), slack_s=SLACK_S)
    done = run_drill(DRILLS[name], home, terms)
    assert done.violations == []
    assert done.findings == []
    assert done.is_passed
    assert done.figures.faults >= 1
    assert done.figures.acknowledged > 20
    assert [one for one in done.steps if not one.is_good] == []
    assert {"Check", "Afterwards"} <= {one.section for one in done.steps}
    assert FAULTS_SEEN.get(name) is None or done.extra[FAULTS_SEEN[name]] > 0
    _leaves_nothing(home)
    _is_told(done, tmp_path)


def _leaves_nothing(home: Path) -> None:
    assert not home.exists()
    assert not base_folder(home).exists()
    running = [
        pid
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and is_living(pid := int(entry.name))
    ]
    assert [pid for pid in running if str(home) in _environment(pid)] == []


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _is_told(done: Run, folder: Path) -> None:
    """The history has every operation, and the report the verdict and a timeline."""
    lines = [json.loads(line) for line in (folder / "site-history.jsonl").read_text().splitlines()]
    assert sum("id" in line for line in lines) == done.figures.operations
    store(done, folder)
    page = report.write(folder).read_text(encoding="utf-8")
    assert done.name in page
    assert "passed" in page
    assert "<polyline" in page
    assert 'fill="var(--fault)"' in page
    assert "http" not in page.replace("http://www.w3.org", "")  # it needs nothing from anywhere
