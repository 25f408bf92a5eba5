"""Steps in which two things happen at once: two processes, or a process and an operator."""

import asyncio
from collections.abc import Coroutine, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from psycopg import errors

from wenyue.booking import BookingRequest
from wenyue_lab.simulator.asking import Asking, fault_of
from wenyue_lab.simulator.fixtures import SQL
from wenyue_lab.simulator.inspection import Trouble
from wenyue_lab.simulator.model import Request
from wenyue_lab.simulator.process import Attempt, Crash, Pause
from wenyue_lab.simulator.seams import RETRYABLE, STEP, InDoubt

T = TypeVar("T")


class Overlapping(Asking):
    """The far process stands still between its phases, while something else is tried near by."""

    async def do_rush(self) -> list[Trouble]:
        """Two processes want the same: the far one stands still between its phases while the near one tries."""
        first, second = self.demand.rush(self.rng.randint(1, 3))
        step = self.rng.choices((STEP.GATHERED, STEP.DECIDED, STEP.WRITTEN), (70, 15, 15))[0]
        await self.stage.near.connected()
        near = self.stage.near.attempt(second)
        pid, crashes = self.stage.near.backend_pid, self.rng.random() < 0.1
        far, attempt, is_far_first = await self._overlap(first, step, near, pid, crashes=crashes)
        attempts = [(first, far, False), (second, attempt, True)]
        before = deepcopy(self.model)
        troubles: list[Trouble] = []
        left: list[tuple[Sequence[Request], bool]] = []
        for batch, tried, is_near in attempts if is_far_first else attempts[::-1]:
            if tried.answers is None:
                troubles += _unless_retryable(tried.fault, batch)
                left.append((batch, is_near))
                continue
            stood_still = not is_near and not is_far_first
            found, again = self._judge(batch, tried.answers, deepcopy(before), has_stood_still=stood_still)
            troubles += found
            left.append((again, is_near))
        for batch, is_near in sorted(left, key=lambda one: one[1]):
            if batch and not troubles:
                again = await self._try(batch, is_near=is_near)
                troubles += await self._settle(batch, again, is_near=is_near)
        return troubles

    async def do_intervene(self) -> list[Trouble]:
        """An operator changes a session while a process stands still between deciding and writing about it."""
        batch: list[Request] = (
            [self.demand.stay()] if self.rng.random() < 0.5 else self.demand.batch(self.rng.randint(1, 2))
        )
        wanted = [line.slot_id for one in batch if isinstance(one, BookingRequest) for line in one.lines]
        slot = next((self.model.slots[one] for one in wanted if one in self.model.slots), None)
        is_closing = self.rng.random() < 0.3
        act = self.operators.close(slot) if is_closing else self.operators.set_capacity(slot)
        desk = self.stage.desk.info.backend_pid
        far, verdict, is_far_first = await self._overlap(batch, STEP.DECIDED, act, desk, crashes=False)
        earlier = deepcopy(self.model)
        troubles = [] if is_far_first else verdict()
        left: Sequence[Request] = batch
        if far.answers is None:
            troubles += _unless_retryable(far.fault, batch)
        else:
            found, left = self._judge(batch, far.answers, earlier)
            troubles += found
        if is_far_first:
            troubles += verdict()
        if left and not troubles:
            troubles += await self._settle(left, await self._try(left, is_near=False), is_near=False)
        return troubles

    async def _overlap(
        self, first: Sequence[Request], step: str, near: Coroutine[Any, Any, T], pid: int, *, crashes: bool
    ) -> tuple[Attempt, T, bool]:
        """Run both at once: the far attempt, what the near one came to, and whether the far one was committed first."""
        pause = Pause(self.stage.far.process, step, crashes=crashes)
        running = self.stage.far.submit(first, pause.probe)
        stands_still = pause.wait_until_reached(running)
        task = asyncio.ensure_future(near)
        is_blocked = False
        while stands_still and not task.done() and not is_blocked:
            row = await (await self.stage.owner.execute(SQL["is_blocked"], {"pid": pid})).fetchone()
            is_blocked = bool(row and row[0])
        pause.go()
        far = await asyncio.wrap_future(running)
        came_to = await task
        self.record.events["at once: blocked" if is_blocked else "at once: went by"] += 1
        if far.fault is not None:
            self.record.events[f"at once: {type(far.fault).__name__}"] += 1
        order = "far one first" if is_blocked or not stands_still else "near one first"
        self.record.note(f"at once from {step}: {order}, far one met {type(far.fault).__name__}")
        return far, came_to, is_blocked or not stands_still


def _unless_retryable(fault: Exception | None, batch: Sequence[Request]) -> list[Trouble]:
    """Conflicts between two at once are asked again; but the counters' CHECKs must never be what stops overselling."""
    if isinstance(fault, Crash | InDoubt) or (
        isinstance(fault, RETRYABLE) and not isinstance(fault, errors.CheckViolation)
    ):
        return []
    return [fault_of(fault, batch)]
