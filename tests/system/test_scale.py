"""`wenyue scale measure` on a real site, in short: every unit is answered and has a cost."""

from pathlib import Path

import pytest

from wenyue_lab.scale.dividing import compare
from wenyue_lab.scale.measuring import measure
from wenyue_lab.scale.model import UNITS


@pytest.mark.slow
def test_every_unit_is_measured(tmp_path: Path) -> None:
    said: list[str] = []
    costs = measure(tmp_path / "scale", 1, 5_000, said.append, pace=0.08)
    assert set(costs.units) == set(UNITS)
    assert {
        name
        for name, unit in costs.units.items()
        if not (unit.count and unit.web_us > 0 and unit.out_bytes > 100)
    } == set()
    booking, look = costs.units["booking_full"], costs.units["room_file"]
    assert 500 < booking.wal_bytes < 20_000
    assert 300 < booking.stored_bytes < 10_000
    assert look.in_bytes < booking.in_bytes
    assert look.wal_bytes < booking.wal_bytes
    assert costs.units["room_page"].out_bytes > 5_000
    assert costs.assets_bytes > 5_000
    assert said[-1] == "room_token"
    assert not (tmp_path / "scale" / "pg").exists()  # what was made is erased


@pytest.mark.slow
def test_two_primaries_are_compared_with_one(tmp_path: Path) -> None:
    said: list[str] = []
    # A window of three quarters of a second: one of a third was passed in a pause of the machine, twice in one test. There are
    # people for twice what a fast machine books in it.
    found = compare(tmp_path / "primaries", 8_000, said.append, pace=0.25)
    assert [one.primaries for one in found] == [1, 2, 1]
    assert [len(one.each_per_s) for one in found] == [1, 2, 1]
    assert [one for one in found if not (one.per_s > 0 and one.web_us > 0 and one.database_us > 0)] == []
    assert [one.oversold for one in found] == [0, 0, 0]
    assert said.count("measuring") == 3
    assert not list((tmp_path / "primaries").glob("*/pg"))  # what was made is erased
