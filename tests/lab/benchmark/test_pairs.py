"""The judge of speed: its arithmetic, and one comparison of this checkout with itself."""

import os
import random
import subprocess
import sys
from pathlib import Path
from statistics import NormalDist

import pytest

from wenyue.platform.fault import SetupError
from wenyue_lab.benchmark.pairs import rules
from wenyue_lab.benchmark.pairs.run import Scale, line_of, own_checkout, python_of


def _turn(booking_us: float, noop_us: float, *, others: int = 0) -> rules.Turn:
    count = 1_000
    return rules.Turn(
        web_s=booking_us * count * 0.75e-6,
        postgres_s=booking_us * count * 0.25e-6,
        confirmed=count,
        others=others,
        noop_s=noop_us * count * 1e-6,
        noops=count,
    )


def test_a_booking_is_counted_in_no_ops_of_both_sides() -> None:
    pair = rules.Pair(old=_turn(240.0, 20.0), new=_turn(270.0, 40.0))
    assert pair.old.booking_us == pytest.approx(240.0)
    assert pair.unit_us == pytest.approx(30.0)
    assert (pair.old_units, pair.new_units) == (pytest.approx(8.0), pytest.approx(9.0))


def test_a_no_op_that_became_dearer_hides_no_dearer_booking() -> None:
    pair = rules.Pair(old=_turn(200.0, 25.0), new=_turn(400.0, 50.0))
    assert pair.ratio == pytest.approx(2.0)
    assert pair.noop_ratio == pytest.approx(2.0)


def test_turns_of_a_side_add_up() -> None:
    both = _turn(100.0, 10.0, others=1) + _turn(300.0, 30.0, others=2)
    assert both.booking_us == pytest.approx(200.0)
    assert both.noop_us == pytest.approx(20.0)
    assert (both.confirmed, both.others, both.noops) == (2_000, 3, 2_000)


def test_the_ratio_is_that_of_pairs_and_not_of_medians() -> None:
    pairs = [
        rules.Pair(_turn(100.0, 10.0), _turn(110.0, 10.0)),
        rules.Pair(_turn(200.0, 10.0), _turn(220.0, 10.0)),
        rules.Pair(_turn(300.0, 10.0), _turn(270.0, 10.0)),
    ]
    verdict = rules.judge(pairs)
    assert verdict.ratio.median == pytest.approx(1.1)
    assert (verdict.old_units, verdict.new_units) == (pytest.approx(20.0), pytest.approx(22.0))
    assert (verdict.ratio.low, verdict.ratio.high) == (pytest.approx(0.9), pytest.approx(1.1))


def test_the_interval_is_that_of_the_sign_test() -> None:
    """The ranks and confidences of the tables: 20 values, 6th and 15th, 95.86 %; 6 values, all, 96.88 %."""
    twenty = rules.estimate([float(n) for n in range(1, 21)])
    assert (twenty.median, twenty.low, twenty.high) == (10.5, 6.0, 15.0)
    assert twenty.confidence == pytest.approx(0.9586, abs=1e-4)
    six = rules.estimate([6.0, 1.0, 5.0, 2.0, 4.0, 3.0])
    assert (six.low, six.high, six.confidence) == (1.0, 6.0, pytest.approx(0.96875))
    three = rules.estimate([3.0, 1.0, 2.0])
    assert (three.low, three.high, three.confidence) == (1.0, 3.0, pytest.approx(0.75))
    assert rules.estimate([1.5]) == rules.Estimate(1.5, 1.5, 1.5, 0.0)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    chance = random.Random(3)
    spread = NormalDist(1.0, 0.05)
    tries = 2_000
    held = 0
    for _ in range(tries):
        one = rules.estimate([spread.inv_cdf(chance.uniform(1e-9, 1 - 1e-9)) for _ in range(20)])
        held += one.low <= 1.0 <= one.high
    assert 0.94 <= held / tries <= 0.975


def test_turns_that_did_other_work_are_not_compared() -> None:
    whole = rules.Pair(_turn(100.0, 10.0), _turn(100.0, 10.0, others=10))
    assert rules.judge([whole]).is_whole
    assert not rules.judge([whole, rules.Pair(_turn(100.0, 10.0), _turn(100.0, 10.0, others=11))]).is_whole


def test_sides_take_turns_in_beginning() -> None:
    assert rules.order(1, 3) == ["old", "new", "new", "old", "old", "new"]
    assert rules.order(2, 2) == ["new", "old", "old", "new"]


def test_a_line_says_the_last_pair_and_all_so_far() -> None:
    pairs = [
        rules.Pair(_turn(100.0, 10.0), _turn(110.0, 10.0)),
        rules.Pair(_turn(100.0, 10.0), _turn(130.0, 10.0)),
    ]
    line = line_of(2, 20, pairs)
    assert "pair  2 of 20: old 10.00, new 13.00" in line
    assert "(100 and 130 µs), ratio 1.300" in line
    assert line.endswith("so far 1.200")


def test_a_checkout_without_an_environment_is_one_clear_line(tmp_path: Path) -> None:
    assert python_of(own_checkout()) == Path(sys.executable)
    with pytest.raises(SetupError, match=r"has no \.venv"):
        python_of(tmp_path)


def compared(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`wenyue bench pairs` of this checkout with itself, in a home of its own."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WENYUE_") or name == "WENYUE_LANG"
    }
    command = [sys.executable, "-m", "wenyue.cli", "bench", "pairs", "--old", str(own_checkout()), *words]
    return subprocess.run(
        command,
        env={**clean, "WENYUE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=240,  # a net
        check=False,
    )


def test_a_comparison_has_people_enough_or_says_how_many(tmp_path: Path) -> None:
    done = compared(tmp_path, "--pairs", "1000")
    assert done.returncode == 1
    assert "set --cards" in done.stderr
    assert Scale(1000).cards < 1000 * Scale(1000).bookings
