"""Who may start, and how the limit follows what is finished."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.booking.engine.lanes import batch_size, is_held
from wenyue.core.admission import (
    RETRY_AFTER_S_MAX,
    SHARES,
    TOLD_EACH,
    TOLD_MAX_PER_S,
    TOLD_MIN_PER_S,
    Bounds,
    PersonLimit,
    Priority,
    bounds_when,
    is_behind,
    is_short,
    may_start,
    next_limit,
    next_told_per_s,
    next_wanted_s,
    retry_after_s,
    take_token,
)
from wenyue.core.limits import SECRET_CHECKS_AT_ONCE
from wenyue.platform.load_shedding.limiter import Share as Turn

BOUNDS = Bounds(low=10, high=1000, wanted_s=0.5)
LIMIT = 100


@pytest.mark.parametrize(
    ("priority", "own", "total", "is_let_in"),
    [
        (Priority.REPORT, 20, 39, True),
        (Priority.REPORT, 20, 40, False),  # reports begin only while two fifths are in use
        (Priority.REPORT, 25, 25, False),  # and never have more than a quarter
        (Priority.SIGN_IN, 0, 100, True),
        (
            Priority.SIGN_IN,
            1,
            1,
            False,
        ),  # no more than may check secrets: the others wait in line, not in a place
        (Priority.STAFF_SIGN_IN, 0, 100, True),
        (Priority.STAFF_SIGN_IN, 1, 1, False),
        (Priority.LOSS, 1, 100, True),
        (Priority.LOSS, 2, 2, False),
        (Priority.DOUBTFUL, 0, 100, True),
        (Priority.DOUBTFUL, 1, 1, False),
        (Priority.BROWSE, 60, 69, True),
        (Priority.BROWSE, 60, 70, False),
        (Priority.HOLD, 60, 75, True),  # what browsing may not have, bookings still may
        (Priority.CONFIRM, 0, 94, True),
        (Priority.CALLBACK, 0, 99, True),
        (Priority.CALLBACK, 50, 100, False),
        (Priority.BROWSE, 14, 100, True),  # a class's own share stands even when all others fill the house
        (Priority.BROWSE, 15, 100, False),
        (Priority.REPORT, 4, 100, True),
        (Priority.REPORT, 5, 100, False),
    ],
)
def test_who_may_start(priority: Priority, own: int, total: int, *, is_let_in: bool) -> None:
    assert may_start(priority, own=own, total=total, limit=LIMIT) is is_let_in


def test_security_L2_who_knocks_and_has_a_place_has_a_turn_for_its_secret_too() -> None:
    """Else whoever waits for a turn keeps those out of the place whose turn is free."""
    of_a_share = SECRET_CHECKS_AT_ONCE - (len(Turn) - 1)
    for one in (Priority.SIGN_IN, Priority.STAFF_SIGN_IN):
        assert SHARES[one].places + SHARES[Priority.DOUBTFUL].places <= of_a_share
    assert SHARES[Priority.LOSS].places <= of_a_share


def test_whoever_is_more_important_may_start_wherever_a_lesser_one_may() -> None:
    ceilings = [SHARES[one].ceiling for one in Priority]
    assert ceilings == sorted(ceilings, reverse=True)


@given(st.integers(0, 200), st.sampled_from(Priority), st.integers(1, 500))
def test_no_class_is_ever_shut_out_whole(others: int, priority: Priority, limit: int) -> None:
    assert may_start(priority, own=0, total=others, limit=limit)


def _settle(limit: float, capacity_per_s: float, answer_s: float) -> float:
    """The limit after a while of endless demand: at most `capacity_per_s`, none faster than `answer_s`."""
    for _ in range(60):
        rate = min(capacity_per_s, limit / answer_s)
        limit = next_limit(limit, rate_per_s=rate, in_flight=limit, most_in_flight=int(limit), bounds=BOUNDS)
    return limit


def test_the_limit_follows_what_can_be_finished_in_the_wanted_time() -> None:
    assert _settle(100, 600, 0.02) == pytest.approx(300, rel=0.01)
    assert _settle(1000, 600, 0.02) == pytest.approx(300, rel=0.01)
    assert _settle(300, 60, 0.02) == pytest.approx(30, rel=0.01)  # the database slowed down tenfold


def test_a_limit_that_fell_to_the_floor_rises_again_by_itself() -> None:
    fallen = _settle(300, 0, 0.02)
    assert fallen == pytest.approx(BOUNDS.low, rel=0.01)
    assert _settle(fallen, 600, 0.02) == pytest.approx(300, rel=0.01)


def test_who_cannot_even_say_no_lets_fewer_in_and_gives_it_back_slowly() -> None:
    wanted = BOUNDS.wanted_s
    for _ in range(4):
        wanted = next_wanted_s(wanted, is_behind=True, bounds=BOUNDS)
    assert wanted < BOUNDS.wanted_s / 2
    after = next_wanted_s(wanted, is_behind=False, bounds=BOUNDS)
    assert wanted < after < wanted * 1.1
    for _ in range(100):
        after = next_wanted_s(after, is_behind=False, bounds=BOUNDS)
    assert after == BOUNDS.wanted_s
    for _ in range(100):
        wanted = next_wanted_s(wanted, is_behind=True, bounds=BOUNDS)
    assert wanted > 0


def test_overload_O2_who_cannot_say_no_in_time_lets_fewer_in_than_the_floor() -> None:
    """Seen at six times the peak: the floor held, and everybody was answered after seconds."""
    bounds = Bounds(low=200, high=4000, wanted_s=0.5)
    wanted, limit = bounds.wanted_s, 600.0
    for _ in range(20):
        wanted = next_wanted_s(wanted, is_behind=True, bounds=bounds)
        limit = next_limit(
            limit,
            rate_per_s=10,
            in_flight=limit,
            most_in_flight=int(limit),
            bounds=bounds_when(wanted, bounds),
        )
    assert 16 <= limit < 100
    for _ in range(100):
        wanted = next_wanted_s(wanted, is_behind=False, bounds=bounds)
        limit = next_limit(
            limit, rate_per_s=0, in_flight=0, most_in_flight=0, bounds=bounds_when(wanted, bounds)
        )
    assert limit > 199  # the floor comes back even while nobody asks


@pytest.mark.parametrize(
    ("told_per_s", "lag_s", "took_s", "shed", "is_found"),
    [
        (TOLD_MAX_PER_S, 0.0, 0.4, 900.0, False),  # refusing keeps up
        (2_000.0, 0.3, 0.4, 900.0, False),  # first of all fewer are told
        (TOLD_MIN_PER_S, 0.3, 0.4, 900.0, True),  # requests wait unread all the same
        (TOLD_MAX_PER_S, 0.0, 1.2, 900.0, True),  # whoever is let in is answered too late
        (TOLD_MIN_PER_S, 0.3, 1.2, 0.0, False),  # a slow machine that refuses nobody
    ],
)
def test_overload_O2_what_says_that_less_must_be_let_in(
    told_per_s: float, lag_s: float, took_s: float, shed: float, *, is_found: bool
) -> None:
    assert is_behind(told_per_s=told_per_s, lag_s=lag_s, took_s=took_s, shed=shed) is is_found


def _told(
    told_per_s: float, *, sent: float, done: float = 1_000.0, lag: float = 0.0, short: bool = False
) -> float:
    return next_told_per_s(told_per_s, sent_per_s=sent, done_per_s=done, lag_s=lag, is_short=short)


def test_overload_O2_refusing_has_a_part_of_the_processor_and_no_more() -> None:
    """Seen at six times the peak: everybody was told no, and half as many were booked as could be."""
    assert _told(TOLD_MAX_PER_S, sent=9_000) == TOLD_MAX_PER_S  # it has the time to say no to all
    bound = _told(TOLD_MAX_PER_S, sent=9_000, short=True)
    assert bound == 1_000 * TOLD_EACH
    assert _told(bound, sent=bound, done=1_500, short=True) == bound * 1.25  # with the bookings it grows
    assert _told(bound, sent=bound, done=10, short=True) == TOLD_MIN_PER_S  # and somebody is always told
    for _ in range(40):
        bound = _told(bound, sent=bound)
    assert bound == TOLD_MAX_PER_S


def test_overload_O2_while_the_loop_lags_fewer_are_told_whatever_the_processor_says() -> None:
    bound = TOLD_MAX_PER_S
    for _ in range(20):
        bound = _told(bound, sent=min(bound, 9_000), lag=0.3)
    assert bound == TOLD_MIN_PER_S
    assert _told(TOLD_MAX_PER_S, sent=0, lag=0.3) == TOLD_MAX_PER_S  # nobody was refused: not their fault


def test_overload_O2_a_processor_is_short_when_it_is_used_up_or_others_have_it() -> None:
    assert not is_short(0.65, 0.02)  # one of its own, with the database on another
    assert is_short(0.93, 0.02)
    assert is_short(0.4, 0.35)  # shared with another web process and the database


def test_overload_O1_a_second_batch_waits_while_it_would_only_share_what_there_is() -> None:
    assert not is_held(1, 0, held_s=0.0, batch_s=0.3)  # nobody works: begin
    assert is_held(100, 100, held_s=0.1, batch_s=0.3)
    assert not is_held(
        100, 100, held_s=0.0, batch_s=0.04
    )  # where batches are fast, lanes hide each other's waits
    assert not is_held(200, 100, held_s=0.1, batch_s=0.3)  # one lane is not enough
    assert not is_held(300, 290, held_s=0.1, batch_s=0.3)  # nor is a full batch left waiting
    assert not is_held(20, 100, held_s=0.61, batch_s=0.3)  # the other lane takes too long: it may hang
    assert not is_held(20, 100, held_s=1.0, batch_s=30.0)
    assert [batch_size(depth, 2, batch_s=0.04) for depth in (1, 100, 9_000)] == [16, 50, 300]
    assert batch_size(100, 2, batch_s=0.3) == 300  # one whole batch, not two halves that share a database


def test_a_quiet_hour_says_nothing_about_the_limit() -> None:
    assert next_limit(300, rate_per_s=1, in_flight=1, most_in_flight=2, bounds=BOUNDS) == 300


def test_who_can_be_served_is_not_turned_away_because_people_come_in_bursts() -> None:
    """Seen at 0.8 times the peak: the lane was two thirds full on average, and one in ten was refused."""
    limit, rate, took_s = 300.0, 600.0, 0.35
    for _ in range(60):
        limit = next_limit(
            limit, rate_per_s=rate, in_flight=rate * took_s, most_in_flight=int(limit), bounds=BOUNDS
        )
    assert limit > rate * took_s * 1.4
    assert limit / rate < BOUNDS.wanted_s * 1.51


@given(st.floats(1, 5000), st.floats(0, 1e6), st.floats(0, 5000), st.integers(0, 5000))
def test_the_limit_stays_within_its_bounds(limit: float, rate: float, mean: float, most: int) -> None:
    limit = min(max(limit, BOUNDS.low), BOUNDS.high)
    found = next_limit(limit, rate_per_s=rate, in_flight=mean, most_in_flight=most, bounds=BOUNDS)
    assert BOUNDS.low <= found <= BOUNDS.high


@given(st.floats(0, 1), st.floats(0, 1))
def test_when_to_come_back_is_spread_and_bounded(share: float, chance: float) -> None:
    assert 1 <= retry_after_s(share, chance) <= RETRY_AFTER_S_MAX


def test_the_more_is_refused_the_longer_the_wait() -> None:
    assert retry_after_s(0.0, 0.9) < retry_after_s(0.5, 0.9) < retry_after_s(0.9, 0.9)


def test_a_person_has_a_burst_and_then_a_rate() -> None:
    limit = PersonLimit(burst=3, window_s=60)
    tokens = 3.0
    for left in (2, 1, 0):
        tokens, is_within = take_token(limit, tokens=tokens, since_s=0)
        assert (int(tokens), is_within) == (left, True)
    tokens, is_within = take_token(limit, tokens=tokens, since_s=19)
    assert not is_within
    tokens, is_within = take_token(limit, tokens=tokens, since_s=2)
    assert is_within
    assert take_token(limit, tokens=0, since_s=10_000)[0] == 2  # never more than a burst
