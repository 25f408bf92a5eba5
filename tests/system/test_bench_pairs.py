"""The judge of speed end to end: one comparison of this checkout with itself."""

import json
import tempfile
from pathlib import Path
from statistics import median

import pytest

from tests.lab.benchmark.test_pairs import compared
from wenyue.platform.embedded_server import erase


def test_this_checkout_is_compared_with_itself() -> None:
    """Small, and whole: two databases, two pairs of web processes, two pairs of turns, nothing left behind."""
    size = ("--pairs", "2", "--turns", "2", "--bookings", "200", "--cards", "600", "--connections", "16")
    with tempfile.TemporaryDirectory(prefix="wy-") as folder:
        home = Path(folder, "home")
        try:
            done = compared(home, *size, "--workers", "1")
        finally:
            for side in ("old", "new"):
                erase(home / "bench" / f"pairs-{side}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("\npair ") == 2  # progress without a terminal
        told = json.loads((home / "bench-pairs.json").read_text(encoding="utf-8"))
    assert told["is_whole"]
    assert [one[side]["confirmed"] for one in told["turns"] for side in ("old", "new")] == [400] * 4
    assert told["ratio"]["median"] == pytest.approx(median(told["ratio"][key] for key in ("low", "high")))
