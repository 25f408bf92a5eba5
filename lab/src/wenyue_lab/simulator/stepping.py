"""The steps of a simulation and how often each is taken: batches, time that passes, memory, operators, gates.

Crashes and lost replies are in `crashing`, what happens at once in `overlapping`.
"""

import asyncio
from datetime import timedelta
from typing import Final

from wenyue.booking import ChangeKind, ChangeRequest
from wenyue_lab.simulator.crashing import Crashing
from wenyue_lab.simulator.inspection import Caught, Trouble, inspect
from wenyue_lab.simulator.model import Request
from wenyue_lab.simulator.overlapping import Overlapping
from wenyue_lab.simulator.seams import due_holds

SWEEP_MAX: Final = 20


class Steps(Crashing, Overlapping):
    """One epoch: fresh fixtures, and what may happen in it. Every method that begins with `do_` is one step."""

    async def one(self) -> None:
        """The next step. Raises Caught."""
        self.stage.clock.advance(round(self.rng.uniform(0, 0.3), 3))
        name = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        self.record.events[name] += 1
        troubles: list[Trouble] = await getattr(self, f"do_{name}")()
        troubles += await inspect(self.stage.owner, self.model)
        self.memory.note(self.model)
        if troubles:
            raise Caught(troubles)

    async def do_batch(self) -> list[Trouble]:
        """One to four requests, decided together; memory may refuse before the database is asked."""
        batch = self.demand.batch(self.rng.choices((1, 2, 3, 4), (50, 25, 15, 10))[0])
        is_near = self.rng.random() < 0.6
        troubles: list[Trouble] = []
        asked: list[Request] = []
        for request in batch:
            refused = await self._from_memory(request, is_near=is_near)
            if refused is None:
                asked.append(request)
            else:
                troubles += self.memory.judge(refused, request, self.model)
        if asked:
            attempt = await self._try(asked, is_near=is_near)
            troubles += await self._settle(asked, attempt, is_near=is_near)
        return troubles

    async def do_sweep(self) -> list[Trouble]:
        """Holds that ran out are expired, as the worker does it."""
        due = await due_holds(self.stage.desk, self.now, SWEEP_MAX)
        batch: list[Request] = [ChangeRequest(ChangeKind.EXPIRE, one, "system:expiry") for one in sorted(due)]
        if not batch:
            return []
        return await self._settle(batch, await self._try(batch, is_near=True), is_near=True)

    async def do_advance(self) -> list[Trouble]:
        """Seconds to half a day pass, over releases, closing times and midnights."""
        seconds = self.rng.choices(
            (self.rng.uniform(1, 60), self.rng.uniform(60, 1800), self.rng.uniform(1800, 43_200)),
            (40, 40, 20),
        )[0]
        self.stage.clock.advance(round(seconds))
        self.record.note(f"time passes: {timedelta(seconds=round(seconds))}, now {self.now:%d %H:%M:%S}")
        return []

    async def do_quiet(self) -> list[Trouble]:
        """Work, minutes to days without any, then a release with a waiting room."""
        return await self.quiet.pass_time()

    async def do_refresh(self) -> list[Trouble]:
        """A process renews its memory of pools, as it does every quarter of a second."""
        if self.rng.random() < 0.6:
            await self.stage.near.refresh()
        else:
            await asyncio.wrap_future(self.stage.far.run_refresh())
        return []

    async def do_memory(self) -> list[Trouble]:
        """A process that has just looked is asked for many things at once; what it refuses by itself must be true."""
        troubles: list[Trouble] = []
        for _ in range(2):
            await self.stage.near.refresh()
            for _ in range(6):
                again = self.rng.random() < 0.5
                request = self.demand.again() if again else self.demand.booking()
                refused = await self._from_memory(request, is_near=True)
                if refused is not None:
                    troubles += self.memory.judge(refused, request, self.model)
        return troubles

    async def do_operator(self) -> list[Trouble]:
        """Somebody at work: closures, capacities, prices, cards."""
        return (await self.operators.anything())()

    async def do_gate(self) -> list[Trouble]:
        """Somebody comes to the gate."""
        return await self.operators.let_in()


WEIGHTS: Final = {
    "batch": 54, "rush": 11, "intervene": 3, "crash": 5, "lost_reply": 4, "sweep": 3, "advance": 5, "refresh": 5, "memory": 3,
    "operator": 4, "gate": 3, "quiet": 1,
}  # fmt: skip
