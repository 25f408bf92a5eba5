"""The plan of a release: people are conserved, nothing is sold twice, machines follow from costs by arithmetic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import mean, pvariance
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from wenyue.platform.fault import SetupError
from wenyue.waiting_room import rules as room_rules
from wenyue_lab.scale import crowd, showing
from wenyue_lab.scale.command import COSTS, app
from wenyue_lab.scale.crowd import draw, poisson, simulate
from wenyue_lab.scale.model import PLAN_UTILISATION, UNITS, Costs, Release, Second, Story, Unit
from wenyue_lab.scale.picture import draw as draw_picture
from wenyue_lab.scale.rules import bill, busy_s, demand, machines, peak

SMALL = Release(visitors=50_000, places=2_000, minutes_before=10, rate_max=200.0)


def costs(**units: Unit) -> Costs:
    known = {
        name: Unit(web_us=100, database_us=50, wal_bytes=1_000, stored_bytes=1_000, out_bytes=500)
        for name in UNITS
    }
    return Costs(known | units, 10.0, 20_000, 0.02, 0.01, 140.0, 2)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "release",
    [
        SMALL,
        replace(SMALL, early=0.0, minutes_before=0),
        replace(SMALL, early=1.0, herd=1.0),
        replace(SMALL, places=1_000_000),
        replace(SMALL, guests=1, gone=0.9),
        replace(SMALL, visitors=3, places=1),
    ],
)
def test_everybody_is_somewhere_and_nothing_is_sold_twice(release: Release, seed: int) -> None:
    release = replace(release, seed=seed)
    story = simulate(release)
    assert sum(one.arrivals for one in story.seconds) == release.visitors
    assert story.let_in + story.missed + story.turned_away == release.visitors
    assert story.seconds[-1].waiting == 0
    assert story.booked + story.refused <= story.let_in
    assert story.booked == sum(one.bookings for one in story.seconds)
    assert story.sold == round(story.booked * release.guests)
    assert story.sold <= release.places
    assert not any(one.let_in or one.bookings for one in story.seconds if one.at_s < 0)
    assert max(one.let_in for one in story.seconds) <= release.rate_max


def test_scarce_places_sell_out_and_plentiful_ones_do_not() -> None:
    scarce, plenty = simulate(SMALL), simulate(replace(SMALL, places=10**7))
    assert scarce.sold_out_at_s is not None
    assert SMALL.places - scarce.sold < SMALL.guests
    assert scarce.turned_away > 0
    assert (plenty.sold_out_at_s, plenty.refused, plenty.turned_away) == (None, 0, 0)
    assert plenty.booked == pytest.approx(SMALL.visitors * (1 - SMALL.gone) * SMALL.books, rel=0.03)


def test_one_seed_is_one_run() -> None:
    assert simulate(SMALL) == simulate(SMALL)
    assert simulate(SMALL) != simulate(replace(SMALL, seed=2))


def test_the_rate_grows_as_the_room_does() -> None:
    assert crowd.RATE_START == room_rules.RATE_START
    assert crowd.RATE_GROWTH_PER_S == room_rules.RATE_GROWTH_PER_S
    assert room_rules.SETTLE_S <= crowd.SETTLE_S


def test_a_slower_poll_asks_less_and_nobody_waits_shorter() -> None:
    quick, slow = simulate(SMALL), simulate(replace(SMALL, poll_s=10.0))
    looks = [sum(one.polls for one in story.seconds) for story in (quick, slow)]
    assert looks[1] < looks[0] / 3
    assert slow.waits_s[50] == pytest.approx(quick.waits_s[50], abs=5)


def test_the_middle_of_the_waits_is_what_the_rate_gives() -> None:
    """10,000 people all there before, ten a second at once: the k-th waits k / 10 s."""
    release = Release(10_000, 10**7, minutes_before=1, early=1.0, herd=0, gone=0, rate_max=20.0)
    waits = simulate(release).waits_s
    assert {percent: waits[percent] for percent in (10, 50, 90)} == pytest.approx(
        {10: 50, 50: 250, 90: 450}, abs=2
    )


def test_ten_million_people_are_simulated() -> None:
    story = simulate(Release(10_000_000, 100_000))
    assert story.let_in + story.missed + story.turned_away == 10_000_000


@pytest.mark.parametrize(("people", "share"), [(20, 0.3), (10_000, 0.001), (100_000, 0.4)])
def test_draws_have_the_mean_and_the_spread_of_a_binomial(people: int, share: float) -> None:
    chance = Random(7)
    drawn = [draw(chance, people, share) for _ in range(2_000)]
    wanted, spread = people * share, people * share * (1 - share)
    assert mean(drawn) == pytest.approx(wanted, abs=5 * (spread / 2_000) ** 0.5)
    assert pvariance(drawn) == pytest.approx(spread, rel=0.2)
    assert 0 <= min(drawn) <= max(drawn) <= people
    assert (draw(chance, people, 0), draw(chance, people, 1), draw(chance, 0, share)) == (0, people, 0)


@pytest.mark.parametrize("expected", [0.5, 30.0, 5_000.0])
def test_poisson_draws_have_equal_mean_and_variance(expected: float) -> None:
    chance = Random(11)
    drawn = [poisson(chance, expected) for _ in range(3_000)]
    assert mean(drawn) == pytest.approx(expected, rel=0.1)
    assert pvariance(drawn) == pytest.approx(expected, rel=0.15)
    assert poisson(chance, 0) == 0


def story_of(*seconds: Second, booked: int = 0) -> Story:
    return Story(seconds, booked, 0, 0, 0, 0, 0, None, {})


def test_machines_are_arithmetic() -> None:
    """One second: 10 arrivals, 100 looks, 4 let in, 8 reads, 2 bookings: 124 requests at 100 and 50 µs, 500 bytes."""
    second = Second(0, 1_000, 100, 10, 0, 4, 8, 2, 0)
    release = Release(visitors=10, places=1, thinking_s=10.0)
    found = machines(costs(), release, story_of(second, booked=2), has_cdn=False)
    assert found.requests_per_s == 124
    assert found.web_cores == pytest.approx(124 * 100e-6 / PLAN_UTILISATION)
    assert found.database_cores == pytest.approx(124 * 50e-6 / PLAN_UTILISATION)
    assert found.out_gbit_per_s == pytest.approx(124 * 500 * 8 / 1e9)
    assert found.connections == 1_000 + 4 * 10
    assert found.origin_gb == pytest.approx((124 * 500 + 10 * 20_000) / 1e9)
    assert found.stored_gb == pytest.approx(2 * 1_000 / 1e9)
    assert found.used_core_h == pytest.approx(124 * 150e-6 / 3600)


def test_a_cdn_asks_once_per_cache_and_age() -> None:
    second = Second(0, 10**7, 5_000_000, 0, 0, 0, 0, 0, 0)
    release = Release(10**7, 1, edges=200)
    assert demand(second, release, has_cdn=False)["room_file"] == 5_000_000
    assert demand(second, release, has_cdn=True)["room_file"] == 100
    found = machines(costs(), release, story_of(second), has_cdn=True)
    assert found.edge_requests_per_s == 5_000_000
    assert found.edge_gb == pytest.approx((5_000_000 * 500 + 10**7 * 20_000) / 1e9)


def test_a_cdn_never_needs_more_and_dearer_units_need_more() -> None:
    story = simulate(SMALL)
    with_cdn, without = (machines(costs(), SMALL, story, has_cdn=has_cdn) for has_cdn in (True, False))
    assert with_cdn.web_cores <= without.web_cores
    assert with_cdn.origin_gb <= without.origin_gb
    dearer = machines(costs(room_page=Unit(web_us=1_000)), SMALL, story, has_cdn=True)
    assert dearer.web_cores > with_cdn.web_cores


def test_a_peak_is_the_best_five_seconds() -> None:
    assert peak(iter([0.0, 0, 10, 10, 10, 10, 10, 0])) == 10
    assert peak(iter([0.0] * 20 + [100.0] + [0.0] * 20)) == 20
    assert (peak(iter([4.0])), peak(iter([]))) == (4.0, 0.0)


def test_machines_are_kept_until_a_hundredth_is_left() -> None:
    assert busy_s([1.0, 50.0, 100.0, 1.0, 0.5, 0.0]) == 4
    assert (busy_s([]), busy_s([0.0, 0.0]), busy_s([5.0])) == (0, 2, 1)


def test_only_the_readers_prices_are_used() -> None:
    found = machines(costs(), SMALL, simulate(SMALL), has_cdn=True)
    assert (bill(found, None, None).cores_price, bill(found, None, None).traffic_price) == (None, None)
    priced = bill(found, 2.0, 3.0)
    assert priced.cores_price == pytest.approx(2 * found.kept_core_h)
    assert priced.traffic_price == pytest.approx(3 * (found.edge_gb + found.origin_gb))


def test_costs_are_kept_and_a_wrong_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "home" / COSTS
    with pytest.raises(SetupError, match="run `wenyue scale measure` first"):
        showing.load(path)
    showing.save(costs(), path)
    assert showing.load(path) == costs()
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(SetupError, match="is not what `wenyue scale measure` writes"):
        showing.load(path)


def test_the_command_prints_the_plan_and_draws_it(tmp_path: Path) -> None:
    showing.save(costs(), tmp_path / COSTS)
    picture = tmp_path / "plan.svg"
    words = [
        "plan",
        "--visitors",
        "100_000",
        "--places",
        "5_000",
        "--minutes",
        "10",
        "--picture",
        str(picture),
    ]
    words += ["--costs", str(tmp_path / COSTS), "--gb-price", "0.5"]
    result = CliRunner().invoke(app, words, terminal_width=200)
    assert result.exit_code == 0, result.output
    for wanted in ("100,000 people, 5,000 places", "web cores", "core-hours", "traffic, at your price"):
        assert wanted in result.output
    assert "cores, at your price" not in result.output
    root = ET.fromstring(picture.read_text(encoding="utf-8"))  # noqa: S314 - our own picture
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 5


def test_the_picture_of_nothing_is_a_picture() -> None:
    release = Release(1, 1, minutes_before=0, early=0)
    story = simulate(release)
    nothing = machines(costs(), release, story, has_cdn=True)
    drawn = ET.fromstring(draw_picture(release, story, nothing, nothing))  # noqa: S314 - our own picture
    assert drawn.tag.endswith("svg")
