"""The order of a waiting room, how fast it opens, and the cheats that the proof finds."""

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.emergency import Exchange, LoadSignal, Place, Step, find_cheats, knots, position, rank_of
from wenyue.emergency.model import RANK_END, Crowd, KeeperFacts, Pass, Token, Why
from wenyue.emergency.passes import RoomKeys
from wenyue.emergency.rules import (
    KNOTS_MAX,
    advance,
    commitment_of,
    epoch_at,
    people_before,
    place_after,
    total_load,
    trouble_of,
)
from wenyue.faces.traveller.room_views import eta_words, rounded
from wenyue.kernel.personal import KeyRing, Vault

RELEASE = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
SEED = bytes(range(32))
WELL = LoadSignal(goodput_per_s=100.0, latency_p99_ms=80.0, limit=600, in_flight=5)
CODES = [f"{number:016d}" for number in range(200)]
crowds = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5_000)), max_size=30).map(
    lambda found: Crowd(tuple(sorted(dict(found).items())))
)
places = st.builds(Place, st.integers(0, 45), st.integers(0, RANK_END - 1))


def keys(index: bytes = bytes(32)) -> RoomKeys:
    return RoomKeys(Vault(KeyRing({1: bytes(32)}, 1, index)))


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


def test_a_rank_is_what_the_documentation_says() -> None:
    code = "6AGGWY5PS8XQG78D"
    mac = hmac.new(SEED, code.encode("ascii"), hashlib.sha256).digest()
    assert rank_of(SEED, code) == int.from_bytes(mac[:6], "big")
    assert rank_of(SEED, code) == 167_380_877_307_027
    assert commitment_of(SEED) == hashlib.sha256(SEED).digest()


@pytest.mark.parametrize(
    ("seconds", "epoch"), [(-600, 0), (-0.001, 0), (0, 1), (4.999, 1), (5, 2), (3_600, 721)]
)
def test_epochs(seconds: float, epoch: int) -> None:
    assert epoch_at(RELEASE + timedelta(seconds=seconds), RELEASE, 5) == epoch


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**40), st.integers(1, 20))
def test_more_tabs_and_devices_gain_nothing(room: int, account: int, tabs: int) -> None:
    """Whoever asks again stands where they stood: the code, and so the rank, depends on room and account alone."""
    devices = [keys() for _ in range(tabs)]
    assert {rank_of(SEED, one.code_of(room, account)) for one in devices} == {
        rank_of(SEED, keys().code_of(room, account))
    }


def test_codes_tell_accounts_and_rooms_apart_and_cannot_be_guessed_without_the_key() -> None:
    codes = {keys().code_of(room, account) for room in (1, 2) for account in range(500)}
    assert len(codes) == 1_000
    assert all(len(code) == 16 for code in codes)
    assert keys(b"x" * 32).code_of(1, 7) != keys().code_of(1, 7)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**53), st.integers(0, 2**31))
def test_a_pass_says_what_was_signed_and_is_no_token(room: int, account: int, epoch: int) -> None:
    text = keys().write_pass(Pass(room, account, epoch))
    assert keys().read_pass(text) == Pass(room, account, epoch)
    assert keys().read_token(text) is None
    assert keys().read_token("wyt1" + text[4:]) is None
    assert keys(b"x" * 32).read_pass(text) is None


@given(st.integers(5, 52), st.integers(1, 63))
def test_an_altered_pass_is_none(at: int, step: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    text = keys().write_pass(Pass(3, 42, 7))
    other = alphabet[(alphabet.index(text[at]) + step) % 64]
    assert keys().read_pass(text[:at] + other + text[at + 1 :]) is None


@pytest.mark.parametrize(
    "junk", ["", "wyp1_", "wyp1_" + "A" * 48, "密" * 53, "wyp1_" + "=" * 48, "x" * 10_000]
)
def test_junk_is_no_pass(junk: str) -> None:
    assert keys().read_pass(junk) is None
    assert keys().read_token(junk) is None


def test_a_token_keeps_its_end_to_the_second() -> None:
    token = Token(1, 2, RELEASE + timedelta(seconds=600, microseconds=999))
    assert keys().read_token(keys().write_token(token)) == Token(1, 2, RELEASE + timedelta(seconds=600))


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


# ---------------------------------------------------------------------------------------------- the proof


def fair_story() -> tuple[list[Step], list[Exchange]]:
    """Three steps, and everybody whose turn came, at the earliest instant."""
    steps = [
        Step(RELEASE + timedelta(seconds=second), Place(0, second * RANK_END // 4)) for second in (1, 2, 3)
    ]
    exchanges: list[Exchange] = []
    for code in CODES:
        place = Place(0, rank_of(SEED, code))
        step = next((one for one in steps if place < one.threshold), None)
        if step is not None:
            exchanges.append(Exchange(code, 1, place, step.threshold, step.at))
    return steps, exchanges


def judge(steps: list[Step], exchanges: list[Exchange], seed: bytes = SEED) -> list[str]:
    return find_cheats(
        seed=seed, commitment=commitment_of(SEED), release_at=RELEASE, steps=steps, exchanges=exchanges
    )


def test_a_fair_room_is_found_fair() -> None:
    steps, exchanges = fair_story()
    assert 100 < len(exchanges) < 200
    assert judge(steps, exchanges) == []


def test_another_seed_is_found() -> None:
    steps, exchanges = fair_story()
    found = judge(steps, exchanges, bytes(32))
    assert "promised" in found[0]
    assert "is not what the seed gives" in found[1]


def test_a_better_rank_is_found() -> None:
    steps, exchanges = fair_story()
    friend = exchanges[5]
    exchanges[5] = replace(friend, place=Place(0, 1))
    assert judge(steps, exchanges) == [f"{friend.code}: rank 1 is not what the seed gives"]


def test_somebody_let_in_before_their_turn_is_found() -> None:
    steps, exchanges = fair_story()
    late = max(exchanges, key=lambda one: one.place)
    early = replace(late, at=steps[0].at - timedelta(seconds=30))
    found = judge(steps, [early])
    assert len(found) == 1
    assert "was in force" in found[0]
    above = replace(late, threshold=steps[0].threshold)
    assert "is not before the threshold" in judge(steps, [above])[0]


def test_a_threshold_made_up_for_a_friend_is_found() -> None:
    steps, exchanges = fair_story()
    beyond = next(code for code in CODES if rank_of(SEED, code) > 3 * RANK_END // 4)
    friend = Exchange(beyond, 1, Place(0, rank_of(SEED, beyond)), Place(1, 0), steps[2].at)
    found = judge(steps, [*exchanges, friend])
    assert found == [f"{beyond}: the threshold (1, 0) was never in force"]


def test_a_threshold_that_fell_and_one_before_the_release_are_found() -> None:
    steps, exchanges = fair_story()
    assert "the threshold fell" in judge([*steps, Step(steps[2].at, Place(0, 5))], exchanges)[0]
    early = [replace(steps[0], at=RELEASE - timedelta(seconds=1)), *steps[1:]]
    assert "before the release" in judge(early, [])[0]
    assert "not in order" in judge([steps[0], replace(steps[1], at=RELEASE)], [])[0]


@pytest.mark.parametrize(
    ("people", "shown"), [(0, 0), (7, 7), (999, 999), (1_234, 1_230), (12_345, 12_300), (9_996, 10_000)]
)
def test_an_estimate_shows_three_digits(people: int, shown: int) -> None:
    assert rounded(people) == shown


@pytest.mark.parametrize(
    ("ahead", "per_s", "said"),
    [
        (100, 0.0, "cannot be told yet"),
        (10, 5.0, "less than a minute"),
        (600, 5.0, "about 1–3 min"),
        (12_000, 10.0, "about 16–26 min"),
        (600_000, 20.0, "about 6–11 hours"),
    ],
)
def test_expected_wait(ahead: int, per_s: float, said: str) -> None:
    assert eta_words(ahead, per_s, "en") == said
