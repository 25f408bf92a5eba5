"""How fast a waiting room opens: the keeper's threshold, its rate and the signals it goes by."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.room_fixtures import RELEASE
from wenyue.waiting_room import LoadSignal, Place
from wenyue.waiting_room.model import Crowd, KeeperFacts, Why
from wenyue.waiting_room.rules import advance, epoch_at, people_before, total_load, trouble_of

WELL = LoadSignal(goodput_per_s=100.0, latency_p99_ms=80.0, limit=600, in_flight=5)


def facts(**more: object) -> KeeperFacts:
    base = KeeperFacts(
        now=RELEASE + timedelta(seconds=10),
        kept_at=RELEASE + timedelta(seconds=9),
        released_at=RELEASE,
        release_at=RELEASE,
        epoch_s=5,
        is_paused=False,
        places_left=1_000,
        threshold=Place(),
        rate=50.0,
        rate_max=2_000.0,
        pace=10.0,
        goodput_best=100.0,
        crowd=Crowd(((0, 10_000),)),
        load=WELL,
    )
    return replace(base, **more)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, Why.RISING),
        ({"released_at": None}, Why.NOT_RELEASED),
        ({"is_paused": True}, Why.PAUSED),
        ({"places_left": 0}, Why.SOLD_OUT),
        ({"places_left": None}, Why.RISING),
        ({"load": None}, Why.NO_SIGNAL),
        ({"load": replace(WELL, latency_p99_ms=1_001.0)}, Why.SLOW),
        ({"load": replace(WELL, shed_per_s=5.0)}, Why.SHEDDING),
        ({"load": replace(WELL, shed_per_s=1.5)}, Why.RISING),
        ({"load": replace(WELL, goodput_per_s=40.0, waiting=9)}, Why.COLLAPSING),
        ({"load": replace(WELL, goodput_per_s=40.0)}, Why.RISING),
        ({"load": LoadSignal(latency_p99_ms=9_000.0)}, Why.RISING),  # nobody asks: old latencies say nothing
        ({"crowd": Crowd(((0, 20),))}, Why.ALL_IN),
        ({"crowd": Crowd()}, Why.ALL_IN),
    ],
)
def test_the_threshold_rises_only_when_it_may(more: dict[str, object], why: Why) -> None:
    decided = advance(facts(**more))
    assert decided.why is why
    assert (decided.threshold > Place()) == (why in (Why.RISING, Why.ALL_IN))


def test_trouble_halves_the_rate_and_health_raises_it_by_a_tenth_a_second() -> None:
    assert advance(facts(load=replace(WELL, latency_p99_ms=2_000.0))).rate == 25.0
    assert advance(facts()).rate == pytest.approx(55.0)
    assert advance(facts(rate=1_990.0)).rate == 2_000.0
    assert advance(facts(rate=1.0, load=None)).rate == 1.0


def test_as_many_come_in_as_the_rate_says() -> None:
    crowd = Crowd(((0, 10_000),))
    assert people_before(crowd, advance(facts()).threshold) == pytest.approx(50.0, abs=0.01)
    away = facts(kept_at=RELEASE - timedelta(hours=1))
    assert people_before(crowd, advance(away).threshold) == pytest.approx(
        100.0, abs=0.01
    )  # two seconds' worth


def test_an_epoch_that_is_not_over_is_not_let_in() -> None:
    crowd = Crowd(((0, 1), (1, 5), (2, 7)))
    assert advance(facts(crowd=crowd)).threshold == Place(
        2
    )  # epoch 2 began 5 s ago, 3 s are for the last writers
    assert advance(facts(crowd=crowd, now=RELEASE + timedelta(seconds=1))).threshold == Place()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [WELL, replace(WELL, latency_p99_ms=3_000.0), replace(WELL, shed_per_s=90.0), None]
            ),
            st.booleans(),
            st.sampled_from([0, 5, None]),
            st.floats(-5, 30),
            st.integers(0, 400),
        ),
        max_size=40,
    )
)
def test_whatever_happens_the_threshold_never_falls(
    story: list[tuple[LoadSignal | None, bool, int | None, float, int]],
) -> None:
    now, threshold, rate, pace, best = RELEASE, Place(), 0.0, 0.0, 0.0
    kept: datetime | None = None
    crowd: dict[int, int] = {0: 5_000}
    for load, is_paused, left, seconds, came in story:
        now += timedelta(seconds=seconds)  # clocks also step back
        crowd[epoch_at(now, RELEASE, 5)] = crowd.get(epoch_at(now, RELEASE, 5), 0) + came
        decided = advance(
            facts(
                now=now,
                kept_at=kept,
                threshold=threshold,
                rate=rate,
                pace=pace,
                goodput_best=best,
                is_paused=is_paused,
                places_left=left,
                load=load,
                crowd=Crowd(tuple(sorted(crowd.items()))),
            )
        )
        assert decided.threshold >= threshold
        if is_paused or left == 0 or load is not WELL:
            assert decided.threshold == threshold
        assert 0 <= decided.rate <= 2_000
        threshold, rate, pace, best, kept = (
            decided.threshold,
            decided.rate,
            decided.pace,
            decided.goodput_best,
            now,
        )


def test_only_fresh_signals_count() -> None:
    old, new = RELEASE - timedelta(seconds=6), RELEASE - timedelta(seconds=1)
    assert total_load([(old, WELL)], RELEASE) is None
    both = total_load([(new, WELL), (new, replace(WELL, latency_p99_ms=300.0)), (old, WELL)], RELEASE)
    assert both is not None
    assert (both.goodput_per_s, both.latency_p99_ms, both.in_flight) == (200.0, 300.0, 10)
    assert trouble_of(None, 0.0) is Why.NO_SIGNAL
