"""Open-loop load: operations begin at a given rate whether or not earlier ones were answered."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Final

from wenyue_lab.chaos.client import Client
from wenyue_lab.chaos.fixtures import Demand

IN_FLIGHT_MAX: Final = 2_000  # then operations wait to begin, or are left out, which the figures tell
_TICK_S: Final = 0.002


class Traffic:
    """Begins operations of `demand` at `rate_per_s` until `stop`; then waits until everything is certain."""

    def __init__(
        self,
        client: Client,
        demand: Demand,
        *,
        rate_per_s: float,
        seed: int,
        in_flight_max: int = IN_FLIGHT_MAX,
    ) -> None:
        self.rate_per_s = rate_per_s
        self.in_flight_max = in_flight_max
        self._client, self._demand = client, demand
        self._gap = random.Random(f"traffic {seed}")  # noqa: S311 - arrival times, not secrets
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_over = asyncio.Event()
        self.delayed = 0  # operations that began late because so many were under way

    async def send_traffic(self) -> None:
        """Send until `stop`, then let everything under way be answered and every doubt be settled.

        Cancelled, it takes what is under way with it: nothing of it goes on after it ended.
        """
        try:
            await self._send()
            if self._tasks:
                await asyncio.gather(*self._tasks)
        finally:
            await self._drop()

    async def _send(self) -> None:
        due = self._client.history.now()
        while not self._is_over.is_set():
            while due <= self._client.history.now():
                due += self._gap.expovariate(self.rate_per_s)
                if len(self._tasks) >= self.in_flight_max:
                    self.delayed += 1
                    break
                self._begin()
            await asyncio.sleep(_TICK_S)

    async def _drop(self) -> None:
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def stop(self) -> None:
        """Begin nothing new."""
        self._is_over.set()

    def _begin(self) -> None:
        task = asyncio.create_task(self._one())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one(self) -> None:
        operation = self._client.history.open(self._demand.next())
        await self._client.carry_out(operation)
        if operation.settled is None:
            await self._client.find_out(operation)
        self._demand.learn(operation)


@asynccontextmanager
async def loaded(
    traffic: Traffic, *, settled_within_s: float, is_dropped: bool = False
) -> AsyncGenerator[None]:
    """`traffic` runs while the block lasts; then it is waited for. `is_dropped`: what is under way goes with its clients."""
    running = asyncio.create_task(traffic.send_traffic())
    try:
        yield
    finally:
        traffic.stop()
        if is_dropped:
            running.cancel()
        with suppress(asyncio.CancelledError) if is_dropped else nullcontext():
            await asyncio.wait_for(running, settled_within_s)
