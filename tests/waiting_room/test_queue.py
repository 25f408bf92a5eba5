"""How many people are before a place, as keeper and browser count them, and what a waiting person is told of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.waiting_room import Place, knots, position
from wenyue.waiting_room.model import RANK_END, Crowd
from wenyue.waiting_room.rules import KNOTS_MAX, people_before, place_after
from wenyue.web.traveller.room_views import eta_words, rounded

crowds = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5_000)), max_size=30).map(
    lambda found: Crowd(tuple(sorted(dict(found).items())))
)
places = st.builds(Place, st.integers(0, 45), st.integers(0, RANK_END - 1))


@given(crowds, places)
def test_a_place_is_found_again_by_the_people_before_it(crowd: Crowd, place: Place) -> None:
    before = people_before(crowd, place)
    assert 0 <= before <= crowd.total
    found = place_after(crowd, before, Place(100))
    assert people_before(crowd, found) == pytest.approx(before, abs=0.01)


@given(crowds, st.lists(places, min_size=2, max_size=8))
def test_nobody_is_overtaken_in_the_count(crowd: Crowd, found: list[Place]) -> None:
    in_order = sorted(found)
    counts = [people_before(crowd, one) for one in in_order]
    assert counts == sorted(counts)


@given(crowds, places)
def test_the_browser_counts_from_the_knots_as_the_keeper_does(crowd: Crowd, place: Place) -> None:
    points = knots(crowd)
    assert len(points) <= KNOTS_MAX
    assert points[-1][1] == crowd.total
    if len(crowd.epochs) < 20:
        assert position(points, place) == pytest.approx(people_before(crowd, place), abs=1e-6)


def test_a_long_queue_still_fits_into_the_file() -> None:
    crowd = Crowd(((0, 1_000_000), *((epoch, 100) for epoch in range(1, 5_000))))
    points = knots(crowd)
    assert len(points) == KNOTS_MAX
    assert points[:2] == [(0, 0), (1, 1_000_000)]
    assert points[-1] == (5_000, crowd.total)
    place = Place(2_500, RANK_END // 2)
    assert position(points, place) == pytest.approx(people_before(crowd, place), rel=0.001)


@pytest.mark.parametrize(
    ("people", "shown"), [(0, 0), (7, 7), (999, 999), (1_234, 1_230), (12_345, 12_300), (9_996, 10_000)]
)
def test_an_estimate_shows_three_digits(people: int, shown: int) -> None:
    assert rounded(people) == shown


@pytest.mark.parametrize(
    ("ahead", "per_s", "said"),
    [
        (100, 0.0, "known once people are being let in"),
        (10, 5.0, "less than a minute"),
        (600, 5.0, "about 1–3 min"),
        (12_000, 10.0, "about 16–26 min"),
        (600_000, 20.0, "about 6–11 hours"),
    ],
)
def test_expected_wait(ahead: int, per_s: float, said: str) -> None:
    assert eta_words(ahead, per_s, "en") == said
