"""Limiter for what is costly: shares of their own, lines that are served in turn, and a bound on each line of a known device."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from wenyue.platform.database.db import DatabaseDown
from wenyue.platform.load_shedding.limiter import Limiter, Share

pytestmark = pytest.mark.anyio


class Crowd:
    """Those who ask for turns, and in which order they got them."""

    def __init__(self, turns: Limiter) -> None:
        self.turns = turns
        self.order: list[str] = []
        self.refused = 0
        self.release: dict[str, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def _one(self, name: str, share: Share, line: str) -> None:
        try:
            async with self.turns.turn(share, line):
                self.order.append(name)
                await self.release.setdefault(name, asyncio.Event()).wait()
        except DatabaseDown:
            self.refused += 1

    async def come(self, name: str, share: Share, line: str) -> None:
        """Somebody asks, and waits or has their turn."""
        self.tasks.append(asyncio.create_task(self._one(name, share, line)))
        await asyncio.sleep(0)

    async def leave(self, name: str) -> None:
        """Somebody who has a turn is done."""
        self.release[name].set()
        for _ in range(3):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """All are gone."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        assert self.turns.here == 0


async def test_live_M3_strangers_from_everywhere_leave_turns_for_known_devices_and_for_staff() -> None:
    crowd = Crowd(Limiter(5, 200))
    for number in range(120):
        await crowd.come(f"stranger {number}", Share.OTHERS, f"192.0.2.{number}")
    assert len(crowd.order) == 2
    await crowd.come("keeper", Share.KNOWN, "device")
    await crowd.come("new keeper", Share.STAFF, "198.51.100.1")
    await crowd.come("holder", Share.CODES, "198.51.100.2")
    assert crowd.order[2:] == ["keeper", "new keeper", "holder"]
    await crowd.leave("keeper")
    await crowd.come("keeper again", Share.KNOWN, "device")
    assert crowd.order[-1] == "keeper again"
    await crowd.end()


async def test_live_M3_devices_and_staff_logins_leave_a_turn_for_strangers() -> None:
    crowd = Crowd(Limiter(5, 200))
    for share in (Share.KNOWN, Share.STAFF, Share.CODES):
        for number in range(20):
            await crowd.come(f"{share.name} {number}", share, f"{share.name} {number}")
    before = len(crowd.order)
    await crowd.come("traveller", Share.OTHERS, "198.51.100.1")
    assert (before, crowd.order[-1]) == (4, "traveller")
    await crowd.end()


async def test_live_M3_one_place_with_many_connections_waits_behind_its_own() -> None:
    crowd = Crowd(Limiter(5, 200))
    for number in range(80):
        await crowd.come(f"crowd {number}", Share.OTHERS, "127.0.3.3")
    await crowd.come("alone", Share.OTHERS, "198.51.100.1")
    await crowd.leave("crowd 0")
    assert crowd.order == ["crowd 0", "crowd 1", "alone"]
    await crowd.end()


async def test_live_M3_of_one_device_few_are_here_at_once() -> None:
    turns = Limiter(5, 200)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(turns.turn(Share.KNOWN, "device", line_max=2))
        with pytest.raises(DatabaseDown):
            await stack.enter_async_context(turns.turn(Share.KNOWN, "device", line_max=2))
        assert turns.here == 2
    async with turns.turn(Share.KNOWN, "device", line_max=2):
        assert turns.here == 1


async def test_when_too_many_wait_the_last_of_the_longest_line_is_told_so() -> None:
    crowd = Crowd(Limiter(3, 4))
    for number in range(6):
        await crowd.come(f"crowd {number}", Share.OTHERS, "127.0.3.3")
    assert (len(crowd.order), crowd.refused) == (1, 1)
    await crowd.come("alone", Share.OTHERS, "198.51.100.1")
    await asyncio.sleep(0)
    assert crowd.refused == 2
    await crowd.leave("crowd 0")
    assert crowd.order == ["crowd 0", "alone"]
    await crowd.end()


async def test_whoever_leaves_while_waiting_takes_nobodys_turn() -> None:
    crowd = Crowd(Limiter(3, 4))
    for name in ("first", "gone", "next"):
        await crowd.come(name, Share.OTHERS, name)
    crowd.tasks[1].cancel()
    await asyncio.sleep(0)
    await crowd.leave("first")
    assert crowd.order == ["first", "next"]
    await crowd.end()
