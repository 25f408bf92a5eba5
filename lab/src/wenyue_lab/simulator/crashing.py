"""Steps in which a process dies, or nobody hears what it did."""

from typing import Final

from wenyue_lab.simulator.asking import Asking, describe, fault_of
from wenyue_lab.simulator.inspection import Trouble, inspect
from wenyue_lab.simulator.process import Crash
from wenyue_lab.simulator.seams import STEP, InDoubt

_CRASHES: Final = (STEP.GATHERED, STEP.DECIDED, STEP.WRITTEN)


class Crashing(Asking):
    """Crashes and lost replies."""

    async def do_crash(self) -> list[Trouble]:
        """A process dies in the middle of a batch: nothing has happened. Mostly the client asks again."""
        batch, is_near = self.demand.batch(self.rng.randint(1, 3)), self.rng.random() < 0.6
        at = self.rng.choice(_CRASHES)
        attempt = await self._try(batch, is_near=is_near, crash_at=at)
        self.record.note(f"crash {at} in {[describe(one) for one in batch]}: {type(attempt.fault).__name__}")
        if attempt.answers is not None:  # nothing was written, so the probe was not passed
            return await self._settle(batch, attempt, is_near=is_near)
        if not isinstance(attempt.fault, Crash | InDoubt):
            return [fault_of(attempt.fault, batch)]
        troubles = await inspect(self.stage.owner, self.model)
        if troubles or self.rng.random() < 0.2:
            return troubles
        other = not is_near if self.rng.random() < 0.5 else is_near
        return await self._settle(batch, await self._try(batch, is_near=other), is_near=other)

    async def do_lost_reply(self) -> list[Trouble]:
        """The server commits and nobody hears of it: the same ids again must find what was done."""
        batch, is_near = self.demand.batch(self.rng.randint(1, 3)), self.rng.random() < 0.6
        process = self.stage.near if is_near else self.stage.far.process
        process.views.slots.clear()  # with fresh facts every request of the batch is decided
        is_hard = self.rng.random() < 0.5
        attempt = await self._try(
            batch, is_near=is_near, crash_at="" if is_hard else STEP.COMMITTED, loses_reply=is_hard
        )
        self.record.note(f"reply lost of {[describe(one) for one in batch]}: {type(attempt.fault).__name__}")
        if attempt.answers is not None:  # nothing was written, so there was no COMMIT
            return await self._settle(batch, attempt, is_near=is_near)
        if not isinstance(attempt.fault, Crash | InDoubt):
            return [fault_of(attempt.fault, batch)]
        for request in batch:
            self.model.answer(request, self.now)
        troubles = await inspect(self.stage.owner, self.model)
        if troubles:
            return troubles
        other = not is_near if self.rng.random() < 0.5 else is_near
        return await self._settle(batch, await self._try(batch, is_near=other), is_near=other)
