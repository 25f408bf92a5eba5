"""A pool on the way to a cap that is lower than what is taken."""

import pytest

from wenyue.booking.model import PoolFacts


def pool(*, taken: int, target: int | None, capacity: int = 10) -> PoolFacts:
    """A closed pool if it has a target."""
    return PoolFacts(1, "session", capacity, 0, taken, target is None, 1, target)


@pytest.mark.parametrize(
    ("taken", "capacity", "target", "is_open", "left"),
    [
        (10, 10, 7, False, 0),  # nothing came back
        (8, 8, 7, False, 0),
        (7, 7, None, True, 0),  # reached: open, and full
        (5, 7, None, True, 2),  # a batch gave back more than was needed
    ],
)
def test_the_capacity_goes_down_with_what_came_back(
    taken: int, capacity: int, target: int | None, left: int, *, is_open: bool
) -> None:
    one = pool(taken=taken, target=7)
    one.follow_target()
    assert (one.capacity, one.target, one.is_open, one.left) == (capacity, target, is_open, left)


def test_without_a_target_nothing_moves() -> None:
    one = pool(taken=5, target=None)
    one.follow_target()
    assert (one.capacity, one.is_open) == (10, True)
