"""Requests of a simulation: asked of one of two processes, the answers compared with the model."""

import asyncio
import random
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from typing import Final

from psycopg import errors

from wenyue.booking import Answer, BookingRequest, ChangeRequest, Outcome
from wenyue_lab.simulator.demand import Demand
from wenyue_lab.simulator.fixtures import Fixtures
from wenyue_lab.simulator.inspection import Trouble, compare, is_refusal, show
from wenyue_lab.simulator.memory import Memory
from wenyue_lab.simulator.model import Naive, Request
from wenyue_lab.simulator.operators import Operators
from wenyue_lab.simulator.process import Attempt
from wenyue_lab.simulator.quiet_spells import Quiet
from wenyue_lab.simulator.stage import Record, Stage

TRIES_MAX: Final = 4  # an answer must come by then: every unknown converges


class Asking:
    """One epoch: fresh fixtures, and how something is asked in it."""

    def __init__(self, stage: Stage, fixtures: Fixtures, rng: random.Random, record: Record) -> None:
        self.stage, self.fixtures, self.rng, self.record = stage, fixtures, rng, record
        self.model: Naive = fixtures.model
        self.demand = Demand(rng, fixtures, stage.clock)
        self.memory = Memory(stage.clock)
        self.quiet = Quiet(stage.owner, rng, stage.clock, record.note)
        self.operators = Operators(stage.desk, fixtures, rng, stage.clock, record.note)

    @property
    def now(self) -> datetime:
        """The virtual wall clock."""
        return self.stage.clock.now

    async def _from_memory(self, request: Request, *, is_near: bool) -> Answer | None:
        if not isinstance(request, BookingRequest):
            return None
        if is_near:
            answer = await self.stage.near.refuse(request)
        else:
            answer = await asyncio.wrap_future(self.stage.far.run_refusal(request))
        if answer is not None:
            self.record.events["refused from memory"] += 1
            self._told(request, answer, "from memory")
        return answer

    async def _try(
        self, batch: Sequence[Request], *, is_near: bool, crash_at: str = "", loses_reply: bool = False
    ) -> Attempt:
        process = self.stage.near if is_near else self.stage.far.process
        probe = process.crash_probe(crash_at) if crash_at else None
        if is_near:
            attempt = await process.attempt(batch, probe, loses_reply=loses_reply)
        else:
            running = self.stage.far.submit(batch, probe, loses_reply=loses_reply)
            attempt = await asyncio.wrap_future(running)
        return attempt

    async def _settle(
        self, batch: Sequence[Request], attempt: Attempt, *, is_near: bool, may_conflict: bool = False
    ) -> list[Trouble]:
        """Compare the answers with the model, and ask again where the engine would; it must come to an end."""
        waiting = list(batch)
        for _ in range(TRIES_MAX):
            if attempt.answers is None:
                if not may_conflict:
                    return [fault_of(attempt.fault, waiting)]
            else:
                troubles, waiting = self._judge(waiting, attempt.answers)
                if troubles or not waiting:
                    return troubles
            may_conflict = False
            attempt = await self._try(waiting, is_near=is_near)
        return [Trouble("I6", f"no answer after {TRIES_MAX} tries: {len(waiting)} requests")]

    def _judge(
        self,
        batch: Sequence[Request],
        answers: Sequence[Answer],
        earlier: Naive | None = None,
        *,
        has_stood_still: bool = False,
    ) -> tuple[list[Trouble], list[Request]]:
        """Troubles, and the requests that are to be asked again because cached facts were out of date.

        `earlier`: the model before another batch that was decided at the same time; a refusal may stem from there,
        and so may a replay in a batch that had read everything and stood still while the other one went by.
        """
        troubles: list[Trouble] = []
        again: list[Request] = []
        for request, said in zip(batch, answers, strict=True):
            if said.outcome is Outcome.STALE_FACTS:
                again.append(request)
                continue
            before = earlier.answer(request, self.now) if earlier else None
            self._told(request, said)
            may_be_old = is_refusal(said) or (has_stood_still and said.is_replay)
            if may_be_old and said == before and said != deepcopy(self.model).answer(request, self.now):
                continue  # told of what was so a moment before: nothing was done
            expected = self.model.answer(request, self.now)
            if said != expected:
                troubles += [
                    Trouble(one.by, f"{describe(request)}: {one.says}") for one in compare(said, expected)
                ]
        return troubles, again

    def _told(self, request: Request, answer: Answer, how: str = "") -> None:
        self.record.outcomes[answer.outcome.name] += 1
        self.record.note(f"{how or 'answered'}: {describe(request)} → {show(answer)}")


def fault_of(fault: Exception | None, batch: Sequence[Request]) -> Trouble:
    """An attempt failed with an error that no attempt may meet."""
    what = f"{' '.join(str(fault).split())[:160]} in {[describe(one) for one in batch]}"
    if isinstance(fault, errors.IntegrityError):
        return Trouble(f"constraint {fault.diag.constraint_name}", what)
    return Trouble(f"fault {type(fault).__name__}", what)


def describe(request: Request) -> str:
    """One line about a request, for the history of a run."""
    if isinstance(request, ChangeRequest):
        moves = f" {list(request.moves)}" if request.moves else ""
        return f"{request.kind.name} {str(request.booking_id)[-6:]} by {request.holder_id}{moves}"
    people = [int.from_bytes(visitor.person_key) for visitor in request.visitors]
    lines = [
        f"{line.quantity}×{line.slot_id}{'card' if line.is_on_card else ''}{list(line.visitors)}"
        for line in request.lines
    ]
    what = "HOLD" if request.is_hold else "BOOK"
    who = f"{request.holder_id}/{request.card_id} {request.channel.name.lower()} people {people}"
    return f"{what} {str(request.id)[-6:]} {' '.join(lines)} by {who}"
