"""The load of the drills ends when it is told to: nothing goes on after it, no connection is left."""

import asyncio
from contextlib import suppress

import pytest

from tests.support.answering import DEADLINE_S, answering
from wenyue_lab.chaos.client import Client, Wire
from wenyue_lab.chaos.fixtures import VENUES, Demand, Fixtures
from wenyue_lab.chaos.history import History
from wenyue_lab.chaos.load import Traffic

pytestmark = pytest.mark.anyio
BUSY = 503, dict[str, object]()


@pytest.mark.parametrize("is_told_first", [False, True], ids=["while it sends", "while it waits for answers"])
async def test_cancelled_it_takes_everything_with_it(*, is_told_first: bool) -> None:
    history = History()
    fixtures = Fixtures(500, tuple(tuple((venue,) for venue in range(VENUES)) for _ in range(10)))
    async with answering(lambda _: BUSY, after_s=0.01) as port:
        wire = Wire(port)
        traffic = Traffic(Client(history, wire, seed=1), Demand(fixtures, seed=1), rate_per_s=500, seed=1)
        before = asyncio.all_tasks()
        history.begin()
        running = asyncio.create_task(traffic.send_traffic())
        async with asyncio.timeout(DEADLINE_S):
            while len(history.operations) < 50:
                await asyncio.sleep(0.01)
            if is_told_first:
                traffic.stop()
                await asyncio.sleep(0.05)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        left = [one.get_coro() for one in asyncio.all_tasks() - before]
        wire.close()
    assert [one for one in left if "Traffic" in repr(one)] == []
