"""Those who wait in one class of the desk: a line for each place, served in turn, so that a flood waits behind itself."""

import asyncio

import pytest

from wenyue.platform.load_shedding.lines import Lines, Turn

pytestmark = pytest.mark.anyio


def _turn() -> Turn:
    return asyncio.get_running_loop().create_future()


async def test_security_H1_a_crowd_from_one_place_waits_behind_its_own() -> None:
    lines = Lines(64)
    crowd = [_turn() for _ in range(20)]
    for one in crowd:
        assert lines.add("crowd", one)
    alone, other = _turn(), _turn()
    assert lines.add("alone", alone)
    assert lines.add("other", other)
    assert [lines.next() for _ in range(5)] == [crowd[0], alone, other, crowd[1], crowd[2]]


async def test_security_H1_whoever_was_not_served_lately_is_next() -> None:
    lines = Lines(64)
    for _ in range(3):
        lines.serve("busy")
        lines.serve("other")
    turns = {name: _turn() for name in ("other", "busy", "new")}
    for name, turn in turns.items():
        assert lines.add(name, turn)
    assert [lines.next() for _ in range(4)] == [turns["new"], turns["busy"], turns["other"], None]


async def test_security_H1_when_too_many_wait_the_last_of_the_longest_line_goes() -> None:
    lines = Lines(3)
    crowd = [_turn() for _ in range(3)]
    assert all(lines.add("crowd", one) for one in crowd)
    assert not lines.add("crowd", _turn())
    new = _turn()
    assert lines.add("new", new)
    assert crowd[2].result() is False
    assert (lines.waiting, new.done()) == (3, False)


async def test_security_H1_a_flood_from_many_places_does_not_keep_a_newcomer_out() -> None:
    lines = Lines(3)
    flood = {f"127.0.2.{number}": _turn() for number in range(3)}
    for name, turn in flood.items():
        lines.serve(name)
        assert lines.add(name, turn)
    genuine = _turn()
    assert lines.add("10.0.0.1", genuine)
    assert flood["127.0.2.2"].result() is False  # the one that was served last
    assert lines.next() is genuine
    assert lines.waiting == 2


async def test_who_gives_up_or_leaves_takes_nobodys_turn() -> None:
    lines = Lines(64)
    gone, left, next_one = _turn(), _turn(), _turn()
    for one in (gone, left, next_one):
        lines.add("a", one)
    gone.cancel()
    lines.remove("a", left)
    lines.remove("a", left)
    lines.remove("b", left)
    assert lines.next() is next_one
    assert (lines.next(), lines.waiting) == (None, 0)
