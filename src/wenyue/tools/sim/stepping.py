"""The steps of a simulation: batches, crashes, lost replies, two processes at once, operators, gates, time."""

import asyncio
import hashlib
import random
from collections import Counter, deque
from collections.abc import Coroutine, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow

from wenyue.booking import Answer, BookingRequest, ChangeKind, ChangeRequest, Outcome
from wenyue.tools.sim.demand import Demand
from wenyue.tools.sim.inspection import Caught, Trouble, compare, inspect, is_refusal, show
from wenyue.tools.sim.memory import Memory
from wenyue.tools.sim.model import Naive, Request
from wenyue.tools.sim.operators import Operators
from wenyue.tools.sim.process import Attempt, Away, Crash, Pause, Process
from wenyue.tools.sim.quiet import Quiet
from wenyue.tools.sim.seams import RETRYABLE, STEP, InDoubt, due_holds
from wenyue.tools.sim.timing import Clock
from wenyue.tools.sim.town import SQL, Town

T = TypeVar("T")
TRIES_MAX: Final = 4  # an answer must come by then: every unknown converges
LAST_SHOWN: Final = 14
SWEEP_MAX: Final = 20
_CRASHES: Final = (STEP.GATHERED, STEP.DECIDED, STEP.WRITTEN)


@dataclass
class Record:
    """What happened so far: for the digest, for the report, for the figures."""

    step: int = 0
    last: deque[str] = field(default_factory=lambda: deque[str](maxlen=LAST_SHOWN))
    digest: Any = field(default_factory=hashlib.sha256)
    outcomes: Counter[str] = field(default_factory=Counter[str])
    events: Counter[str] = field(default_factory=Counter[str])

    def note(self, text: str) -> None:
        """One line of history."""
        self.last.append(f"{self.step:>6} {text}")
        self.digest.update(text.encode())


@dataclass
class Stage:
    """The connections and processes that every epoch of a run shares."""

    clock: Clock
    owner: AsyncConnection[TupleRow]
    desk: AsyncConnection[TupleRow]  # operators, as the owner, and gates: one transaction at a time
    near: Process
    far: Away


class Steps:
    """One epoch: a fresh world, and what may happen in it. Every method that begins with `do_` is one step."""

    def __init__(self, stage: Stage, town: Town, rng: random.Random, record: Record) -> None:
        self.stage, self.town, self.rng, self.record = stage, town, rng, record
        self.model: Naive = town.model
        self.demand = Demand(rng, town, stage.clock)
        self.memory = Memory(stage.clock)
        self.quiet = Quiet(stage.owner, rng, stage.clock, record.note)
        self.operators = Operators(stage.desk, town, rng, stage.clock, record.note)

    @property
    def now(self) -> datetime:
        """The virtual wall clock."""
        return self.stage.clock.now

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

    # -------------------------------------------------------------------------------------------- batches

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
                    return [_fault(attempt.fault, waiting)]
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
                    Trouble(one.by, f"{_describe(request)}: {one.says}") for one in compare(said, expected)
                ]
        return troubles, again

    def _told(self, request: Request, answer: Answer, how: str = "") -> None:
        self.record.outcomes[answer.outcome.name] += 1
        self.record.note(f"{how or 'answered'}: {_describe(request)} → {show(answer)}")

    # -------------------------------------------------------------------------------------------- faults

    async def do_crash(self) -> list[Trouble]:
        """A process dies in the middle of a batch: nothing has happened. Mostly the client asks again."""
        batch, is_near = self.demand.batch(self.rng.randint(1, 3)), self.rng.random() < 0.6
        at = self.rng.choice(_CRASHES)
        attempt = await self._try(batch, is_near=is_near, crash_at=at)
        self.record.note(f"crash {at} in {[_describe(one) for one in batch]}: {type(attempt.fault).__name__}")
        if attempt.answers is not None:  # nothing was written, so the probe was not passed
            return await self._settle(batch, attempt, is_near=is_near)
        if not isinstance(attempt.fault, Crash | InDoubt):
            return [_fault(attempt.fault, batch)]
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
        self.record.note(f"reply lost of {[_describe(one) for one in batch]}: {type(attempt.fault).__name__}")
        if attempt.answers is not None:  # nothing was written, so there was no COMMIT
            return await self._settle(batch, attempt, is_near=is_near)
        if not isinstance(attempt.fault, Crash | InDoubt):
            return [_fault(attempt.fault, batch)]
        for request in batch:
            self.model.answer(request, self.now)
        troubles = await inspect(self.stage.owner, self.model)
        if troubles:
            return troubles
        other = not is_near if self.rng.random() < 0.5 else is_near
        return await self._settle(batch, await self._try(batch, is_near=other), is_near=other)

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

    # -------------------------------------------------------------------------------------------- time and memory

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


def _unless_retryable(fault: Exception | None, batch: Sequence[Request]) -> list[Trouble]:
    """Conflicts between two at once are asked again; but the counters' CHECKs must never be what stops overselling."""
    if isinstance(fault, Crash | InDoubt) or (
        isinstance(fault, RETRYABLE) and not isinstance(fault, errors.CheckViolation)
    ):
        return []
    return [_fault(fault, batch)]


def _fault(fault: Exception | None, batch: Sequence[Request]) -> Trouble:
    what = f"{' '.join(str(fault).split())[:160]} in {[_describe(one) for one in batch]}"
    if isinstance(fault, errors.IntegrityError):
        return Trouble(f"constraint {fault.diag.constraint_name}", what)
    return Trouble(f"fault {type(fault).__name__}", what)


def _describe(request: Request) -> str:
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
