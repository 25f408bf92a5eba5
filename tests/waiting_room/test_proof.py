"""The cheats that the proof of a waiting room's fairness finds."""

from dataclasses import replace
from datetime import timedelta

from tests.support.room_fixtures import RELEASE
from wenyue.waiting_room import Exchange, Place, Step, find_cheats, rank_of
from wenyue.waiting_room.model import RANK_END
from wenyue.waiting_room.rules import commitment_of

SEED = bytes(range(32))
CODES = [f"{number:016d}" for number in range(200)]


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
