"""The steps of a simulation: batches, crashes, lost replies, two processes at once, operators, gates, time."""

import asyncio
import hashlib
import pickle
import random
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow

from wenyue.booking import (
    Answer,
    BookingRequest,
    BookingState,
    ChangeKind,
    ChangeRequest,
    Outcome,
    redeem,
    undo_redemption,
)
from wenyue.kernel.ids import uuid7
from wenyue.tools.sim.demand import Demand
from wenyue.tools.sim.inspection import Caught, Trouble, compare, inspect, is_refusal, show
from wenyue.tools.sim.memory import Memory
from wenyue.tools.sim.model import Naive, Request, Slot
from wenyue.tools.sim.process import Attempt, Away, Crash, Pause, Process
from wenyue.tools.sim.seams import RETRYABLE, STEP, InDoubt, due_holds, opening
from wenyue.tools.sim.timing import Clock
from wenyue.tools.sim.town import SQL, Town

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
    desk: AsyncConnection[TupleRow]  # operators and gates: the application's role, one transaction at a time
    near: Process
    far: Away


class Steps:
    """One epoch: a fresh world, and what may happen in it. Every method that begins with `do_` is one step."""

    def __init__(self, stage: Stage, town: Town, rng: random.Random, record: Record) -> None:
        self.stage, self.town, self.rng, self.record = stage, town, rng, record
        self.model: Naive = town.model
        self.demand = Demand(rng, town, stage.clock)
        self.memory = Memory(stage.clock)
        self._scans: list[tuple[UUID, UUID, int, int]] = []

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
            refused = self._from_memory(request, is_near=is_near)
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

    def _from_memory(self, request: Request, *, is_near: bool) -> Answer | None:
        if not isinstance(request, BookingRequest):
            return None
        process = self.stage.near if is_near else self.stage.far.process
        answer = process.views.refuse(request.id, request.channel, request.lines, self.now)
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
            return await process.attempt(batch, probe, loses_reply=loses_reply)
        return await asyncio.wrap_future(self.stage.far.submit(batch, probe, loses_reply=loses_reply))

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
        self, batch: Sequence[Request], answers: Sequence[Answer], earlier: Naive | None = None
    ) -> tuple[list[Trouble], list[Request]]:
        """Troubles, and the requests that are to be asked again because cached facts were out of date.

        `earlier`: the model before another batch that was decided at the same time; a refusal may stem from there.
        """
        troubles: list[Trouble] = []
        again: list[Request] = []
        for request, said in zip(batch, answers, strict=True):
            if said.outcome is Outcome.STALE_FACTS:
                again.append(request)
                continue
            before = earlier.answer(request, self.now) if earlier else None
            expected = self.model.answer(request, self.now)
            self._told(request, said)
            if said != expected and not (is_refusal(said) and said == before):
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
        crashes = self.rng.random() < 0.1

        async def near() -> Attempt:
            return await self.stage.near.attempt(second)

        await self.stage.near.connected()
        attempts = await self._overlap(first, step, near(), self.stage.near.backend_pid, crashes=crashes)
        before = pickle.dumps(self.model)
        troubles: list[Trouble] = []
        left: list[tuple[list[Request], bool]] = []
        for attempt, is_near in attempts:
            batch = second if is_near else first
            if attempt.answers is None:
                if not isinstance(attempt.fault, (*RETRYABLE, Crash, InDoubt)):
                    troubles.append(_fault(attempt.fault, batch))
                elif isinstance(attempt.fault, errors.CheckViolation):
                    troubles.append(_fault(attempt.fault, batch))
                left.append((batch, is_near))
                continue
            earlier: Naive = pickle.loads(before)  # noqa: S301 - our own, just made
            found, again = self._judge(batch, attempt.answers, earlier)
            troubles += found
            left.append((again, is_near))
        if troubles:
            return troubles
        for batch, is_near in sorted(left, key=lambda one: one[1]):
            if batch:
                again = await self._try(batch, is_near=is_near)
                troubles += await self._settle(batch, again, is_near=is_near)
        return troubles

    async def _overlap(
        self,
        first: Sequence[Request],
        step: str,
        near: Coroutine[Any, Any, Attempt],
        pid: int,
        *,
        crashes: bool,
    ) -> list[tuple[Attempt, bool]]:
        """Run both; the attempts in the order in which they were committed, with who made them (near: True)."""
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
        attempt = await task
        is_far_first = is_blocked or not stands_still
        self.record.events["rush: blocked" if is_blocked else "rush: went by"] += 1
        self.record.note(
            f"rush at {step}: far {type(far.fault).__name__}, near {type(attempt.fault).__name__},"
            f" {'far' if is_far_first else 'near'} first"
        )
        pair = [(far, False), (attempt, True)]
        return pair if is_far_first else pair[::-1]

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

    async def do_refresh(self) -> list[Trouble]:
        """A process renews its memory of pools, as it does every quarter of a second."""
        if self.rng.random() < 0.6:
            await self.stage.near.refresh()
        else:
            await asyncio.wrap_future(self.stage.far.run_refresh())
        return []

    # -------------------------------------------------------------------------------------------- people at work

    async def do_operator(self) -> list[Trouble]:
        """Somebody closes or opens a day, changes a capacity or a price, freezes a card."""
        choice: Callable[[], Coroutine[Any, Any, list[Trouble]]] = self.rng.choice(
            (
                self._close,
                self._reopen,
                self._set_capacity,
                self._set_day_capacity,
                self._reprice,
                self._freeze,
            )
        )
        return await choice()

    async def _close(self) -> list[Trouble]:
        venue, product, day = self.rng.choice(self.town.venue_days)
        more = {"from_day": day, "to_day": day, "reason_zh": "检修", "reason_en": "repairs"}
        async with self.stage.desk.transaction():
            count = await opening.close_slots(self.stage.desk, venue, product, **more)
        slots = [slot for slot in self._on(product, day) if slot.is_open]
        return self._switched("close", slots, count, is_open=False)

    async def _reopen(self) -> list[Trouble]:
        shut = [slot for slot in self.model.slots.values() if not slot.is_open]
        if not shut:
            return []
        slot = self.rng.choice(shut)
        async with self.stage.desk.transaction():
            count = await opening.reopen_slots(self.stage.desk, slot.venue, slot.product, slot.day, slot.day)
        slots = [one for one in self._on(slot.product, slot.day) if not one.is_open]
        return self._switched("reopen", slots, count, is_open=True)

    def _switched(self, what: str, slots: list[Slot], count: int, *, is_open: bool) -> list[Trouble]:
        for slot in slots:
            slot.is_open = is_open
        self.record.note(f"operator: {what} {[slot.id for slot in slots]}")
        if count == len(slots):
            return []
        return [Trouble("answer", f"{what}: engine says {count} slots, model {len(slots)}")]

    def _on(self, product: int, day: object) -> list[Slot]:
        return [slot for slot in self.model.slots.values() if slot.product == product and slot.day == day]

    async def _set_capacity(self) -> list[Trouble]:
        slot = self.rng.choice(list(self.model.slots.values()))
        capacity = max(0, self.model.capacity[slot.own] + self.rng.randint(-3, 3))
        async with self.stage.desk.transaction():
            said = await opening.set_capacity(self.stage.desk, slot.id, capacity)
        reserved = sum(self.model.capacity[pool] for name, pool in slot.reserves.items() if name != "online")
        wanted = {slot.own: capacity}
        if slot.reserves:
            wanted[slot.reserves["online"]] = capacity - reserved
        return self._capacity_set(f"slot {slot.id} holds {capacity}", wanted, said)

    async def _set_day_capacity(self) -> list[Trouble]:
        slot = self.rng.choice([one for one in self.model.slots.values() if one.day_pool is not None])
        pool = slot.day_pool or 0
        capacity = max(0, self.model.capacity[pool] + self.rng.randint(-4, 4))
        async with self.stage.desk.transaction():
            said = await opening.set_day_capacity(self.stage.desk, slot.venue, slot.day, capacity)
        return self._capacity_set(
            f"day {slot.day} of venue {slot.venue} holds {capacity}", {pool: capacity}, said
        )

    def _capacity_set(self, what: str, wanted: dict[int, int], said: opening.CapacityAnswer) -> list[Trouble]:
        counted, answer = self.model.counted(), opening.CapacityAnswer
        if any(count < 0 for count in wanted.values()):
            refusals = {answer.BELOW_RESERVES}
            if any(0 <= count < sum(counted[pool]) for pool, count in wanted.items()):
                refusals.add(answer.BELOW_TAKEN)
        elif any(count < sum(counted[pool]) for pool, count in wanted.items()):
            refusals = {answer.BELOW_TAKEN}
        else:
            is_same = all(self.model.capacity[pool] == count for pool, count in wanted.items())
            self.model.capacity.update(wanted)
            refusals = {answer.UNCHANGED if is_same else answer.SET}
        self.record.note(f"operator: {what} → {said.name}")
        if said in refusals:
            return []
        return [Trouble("answer", f"{what}: engine says {said.name}, model {[one.name for one in refusals]}")]

    async def _reprice(self) -> list[Trouble]:
        slot = self.rng.choice(list(self.model.slots.values()))
        price = 100 * self.rng.randint(1, 99)
        async with self.stage.desk.transaction():
            await opening.reprice(self.stage.desk, slot.product, {slot.day: price})
        for one in self._on(slot.product, slot.day):
            one.price = price
        self.record.note(f"operator: product {slot.product} costs {price} on {slot.day}")
        return []

    async def _freeze(self) -> list[Trouble]:
        card = self.rng.choice(list(self.model.cards.values()))
        card.is_frozen = not card.is_frozen and self.rng.random() < 0.5
        await self.stage.desk.execute(SQL["freeze"], {"id": card.id, "state": 4 if card.is_frozen else 3})
        self.record.note(f"operator: card {card.id} {'frozen' if card.is_frozen else 'in use'}")
        return []

    async def do_gate(self) -> list[Trouble]:
        """Somebody is let in, once or again, or the gate takes it back."""
        if self._scans and self.rng.random() < 0.3:
            return await self._undo()
        confirmed = [one for one in self.model.bookings.values() if one.state is BookingState.CONFIRMED]
        if not confirmed:
            return []
        booking = self.rng.choice(confirmed)
        line = self.rng.choice(booking.lines)
        visitor = self.rng.choice([0, 0, *range(len(line.persons)), 7])
        scan = uuid7(int(self.now.timestamp() * 1000), self.rng.randbytes(10))
        async with self.stage.desk.transaction():
            said = await redeem(
                self.stage.desk,
                scan,
                booking_id=booking.id,
                line_no=line.no,
                visitor_no=visitor,
                gate="1",
                now=self.now,
            )
        expected = self.model.can_redeem(booking.id, line.no, visitor)
        got = None if said is None else said.is_new
        if got:
            self._scans.append((scan, booking.id, line.no, visitor))
        self.record.note(f"gate: {booking.id} line {line.no} visitor {visitor} → {got}")
        return [] if got == expected else [Trouble("answer", f"gate: engine says {got}, model {expected}")]

    async def _undo(self) -> list[Trouble]:
        scan, booking_id, line_no, visitor = self._scans.pop(self.rng.randrange(len(self._scans)))
        async with self.stage.desk.transaction():
            is_undone = await undo_redemption(self.stage.desk, scan, "wrong gate", self.now)
        line = next(one for one in self.model.bookings[booking_id].lines if one.no == line_no)
        line.scans.discard(visitor)
        self.record.note(f"gate: {booking_id} line {line_no} visitor {visitor} taken back")
        return [] if is_undone else [Trouble("answer", "gate: a standing redemption could not be taken back")]


WEIGHTS: Final = {
    "batch": 58, "rush": 11, "crash": 5, "lost_reply": 4, "sweep": 3, "advance": 5, "refresh": 6, "operator": 4, "gate": 4,
}  # fmt: skip


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
