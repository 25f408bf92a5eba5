"""Who comes back to a venue: in the order of booking, all lines or none, never beyond what is left."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from wenyue.core.ids import uuid7
from wenyue.ops.backup.venue.model import Candidate, Draw, Reason
from wenyue.ops.backup.venue.rules import Room, decide

DAY = date(2026, 11, 22)


def wants(*draws: Draw, persons: tuple[tuple[bytes, date, int], ...] = ()) -> Candidate:
    return Candidate(uuid7(), draws, persons)


def line(*pools: int, quantity: int = 1, card: int | None = None, is_new: bool = True) -> Draw:
    return Draw(pools, quantity, card, None if card is None else 0, is_new)


def test_who_booked_first_comes_first_and_a_booking_is_whole_or_stays_away() -> None:
    room = Room(pools={1: 3, 2: 1}, cards={})
    first, both, second = wants(line(1)), wants(line(1), line(2, quantity=2)), wants(line(1, 2))
    returning, [conflict] = decide([first, both, second], room)
    assert returning == [first.id, second.id]
    assert (conflict.booking_id, conflict.reason, conflict.at) == (both.id, Reason.NO_PLACE, 2)
    assert room.pools == {1: 1, 2: 0}  # the one that stayed away took nothing


def test_two_lines_of_one_pool_are_counted_together() -> None:
    returning, _ = decide([wants(line(1), line(1))], Room(pools={1: 1}, cards={}))
    assert returning == []


def test_a_line_that_is_still_there_does_not_draw_from_the_card_again() -> None:
    room = Room(pools={1: 5}, cards={(7, 0): 0})
    there, missing = wants(line(1, card=7, is_new=False)), wants(line(1, card=7))
    returning, [conflict] = decide([there, missing], room)
    assert returning == [there.id]
    assert conflict.reason is Reason.CARD_USED_UP


def test_a_card_without_end_and_one_that_is_gone() -> None:
    room = Room(pools={1: 5}, cards={(7, 0): None})
    endless, gone = wants(line(1, card=7)), wants(line(1, card=8))
    returning, [conflict] = decide([endless, gone], room)
    assert returning == [endless.id]
    assert (conflict.reason, conflict.at) == (Reason.CARD_GONE, 8)


def test_one_person_has_one_place_also_among_those_who_come_back() -> None:
    person = (b"p", DAY, 3)
    room = Room(pools={1: 5}, cards={})
    first, again = wants(line(1), persons=(person,)), wants(line(1), persons=(person,))
    returning, [conflict] = decide([first, again], room)
    assert returning == [first.id]
    assert (conflict.reason, conflict.at) == (Reason.PERSON_HAS_ANOTHER, 3)


@given(
    left=st.dictionaries(st.integers(1, 4), st.integers(-2, 6)),
    wanted=st.lists(
        st.lists(st.tuples(st.sets(st.integers(1, 4), min_size=1), st.integers(1, 3)), max_size=3),
        max_size=12,
    ),
)
def test_never_more_than_what_is_left(left: dict[int, int], wanted: list[list[tuple[set[int], int]]]) -> None:
    room = Room(pools=dict(left), cards={})
    asked = [wants(*(line(*pools, quantity=count) for pools, count in lines)) for lines in wanted]
    returning, conflicts = decide(asked, room)
    assert {*returning, *(one.booking_id for one in conflicts)} == {one.id for one in asked}
    drawn: dict[int, int] = {}
    by_id: dict[UUID, Candidate] = {one.id: one for one in asked}
    for id_ in returning:
        for draw in by_id[id_].draws:
            for pool in draw.pool_ids:
                drawn[pool] = drawn.get(pool, 0) + draw.quantity
    assert all(count <= left.get(pool, 0) for pool, count in drawn.items())
