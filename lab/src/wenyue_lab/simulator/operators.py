"""Operators and gates at work. Each act changes the database at once, and returns how to tell the model of it."""

import random
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from wenyue.application.capacities import SetCapacity, SetDayCapacity
from wenyue.application.close_slots import CloseSlots, do_close_slots
from wenyue.application.lift_closure import LiftClosure, do_lift_closure
from wenyue.application.operating import Act, NotDone
from wenyue.application.reprice import Reprice, do_reprice
from wenyue.application.set_capacity import CapacitySet, do_set_capacity
from wenyue.booking import BookingState, redeem, undo_redemption
from wenyue.core.ids import uuid7
from wenyue.locale import DEFAULT, SOURCE
from wenyue.ops.acting_as import SERVER
from wenyue_lab.simulator.dataset import Slot
from wenyue_lab.simulator.fixtures import SQL, Fixtures
from wenyue_lab.simulator.inspection import Trouble
from wenyue_lab.simulator.seams import BelowTaken, slot_planning
from wenyue_lab.simulator.timing import Clock

ROOMY: Final = 150  # an inn's rooms
Verdict = Callable[[], list[Trouble]]


class Operators:
    """One desk with a connection of its own; each act is a use case in a transaction of the owner's, as by command."""

    def __init__(
        self,
        desk: AsyncConnection[TupleRow],
        fixtures: Fixtures,
        rng: random.Random,
        clock: Clock,
        note: Callable[[str], None],
    ) -> None:
        self._desk, self._fixtures, self._rng, self._clock, self._note = desk, fixtures, rng, clock, note
        self._model = fixtures.model
        self._scans: list[tuple[UUID, UUID, int, int]] = []
        self._closures: dict[tuple[int, date], int] = {}

    @asynccontextmanager
    async def _acting(self) -> AsyncGenerator[Act]:
        """The transaction of an operator's act, by the desk's own connection and the fixtures' clock."""
        async with self._desk.transaction():
            yield Act(self._desk, self._clock.now, SERVER)

    async def anything(self) -> Verdict:
        """Close or open a day, change a capacity or a price, freeze a card."""
        choice: Callable[[], Coroutine[Any, Any, Verdict]] = self._rng.choice(
            (
                self.close,
                self._reopen,
                self._reopen,
                self.set_capacity,
                self._set_day_capacity,
                self._reprice,
                self._freeze,
            )
        )
        return await choice()

    async def close(self, slot: Slot | None = None) -> Verdict:
        """Close the day of a session, or any day."""
        _, product, day = self._rng.choice(self._fixtures.venue_days)
        if slot is not None:
            product, day = slot.product, slot.day
        venue = next(one.venue for one in self._model.slots.values() if one.product == product)
        request = CloseSlots(venue, day, day, {DEFAULT: "检修", SOURCE: "repairs"}, product)
        async with self._acting() as act:
            done = await do_close_slots(act, request)
        if isinstance(done, NotDone):
            return lambda: _refused(f"close {request}", done)
        if done.closure_id is not None:
            self._closures[product, day] = done.closure_id
        return lambda: self._switched(product, day, done.slots, is_open=False)

    async def _reopen(self) -> Verdict:
        shut = [slot for slot in self._model.slots.values() if not slot.is_open]
        if not shut:
            return _nothing
        slot = self._rng.choice(shut)
        closure_id = self._closures.pop((slot.product, slot.day), None)
        async with self._acting() as act:
            if (
                closure_id is None
            ):  # a capacity that follows closed it, and no announcement: nothing lifts that but this
                count = await slot_planning.reopen_slots(
                    self._desk, slot.venue, slot.product, slot.day, slot.day
                )
            else:
                count = await do_lift_closure(act, LiftClosure(closure_id))
        if isinstance(count, NotDone):
            return lambda: _refused(f"lift closure {closure_id}", count)
        return lambda: self._switched(slot.product, slot.day, count, is_open=True)

    def _switched(self, product: int, day: date, count: int, *, is_open: bool) -> list[Trouble]:
        slots = [slot for slot in self._on(product, day) if slot.is_open is not is_open]
        for slot in slots:
            slot.is_open = is_open
        what = "opens" if is_open else "closes"
        self._note(f"operator {what} {[slot.id for slot in slots]}")
        if count == len(slots):
            return []
        return [Trouble("answer", f"operator {what}: engine says {count} slots, model {len(slots)}")]

    def _on(self, product: int, day: date) -> list[Slot]:
        return [slot for slot in self._model.slots.values() if slot.product == product and slot.day == day]

    async def set_capacity(self, slot: Slot | None = None) -> Verdict:
        """More or fewer places in a session; with a given one, down to what is taken, or a little further."""
        if slot is None:
            slot = self._rng.choice(list(self._model.slots.values()))
            step = self._rng.randint(-3, 4) if slot.is_named else self._rng.choice((-3, 60, 150))
            capacity = min(ROOMY, max(0, self._model.capacity[slot.own] + step))
        else:
            capacity = max(0, sum(self._model.counted()[slot.own]) - self._rng.choice((0, 0, 1, 2)))
        below_taken = self._below_taken()
        async with self._acting() as act:
            said = await do_set_capacity(act, SetCapacity(slot.id, capacity, below_taken))
        reserved = sum(self._model.capacity[pool] for name, pool in slot.reserves.items() if name != "online")
        wanted = {slot.own: capacity}
        if slot.reserves:
            wanted[slot.reserves["online"]] = capacity - reserved
        return lambda: self._capacity_set(
            f"slot {slot.id} for {capacity}", wanted, said, is_followed=below_taken == "follow"
        )

    def _below_taken(self) -> BelowTaken:
        return self._rng.choice(("refuse", "follow"))

    async def _set_day_capacity(self) -> Verdict:
        slot = self._rng.choice([one for one in self._model.slots.values() if one.day_pool is not None])
        pool = slot.day_pool or 0
        capacity = max(0, self._model.capacity[pool] + self._rng.randint(-4, 4))
        below_taken = self._below_taken()
        async with self._acting() as act:
            said = await do_set_capacity(act, SetDayCapacity(slot.venue, slot.day, capacity, below_taken))
        what = f"day {slot.day} of venue {slot.venue} for {capacity}"
        return lambda: self._capacity_set(what, {pool: capacity}, said, is_followed=below_taken == "follow")

    def _capacity_set(
        self, what: str, wanted: dict[int, int], said: CapacitySet | NotDone, *, is_followed: bool
    ) -> list[Trouble]:
        counted = self._model.counted()
        if any(count < 0 for count in wanted.values()):
            expected: set[CapacitySet | NotDone] = {NotDone.BELOW_RESERVES}
            if not is_followed and any(0 <= count < sum(counted[pool]) for pool, count in wanted.items()):
                expected.add(NotDone.BELOW_TAKEN)
        elif not is_followed and any(count < sum(counted[pool]) for pool, count in wanted.items()):
            expected = {NotDone.BELOW_TAKEN}
        else:
            before = dict(self._model.capacity), dict(self._model.targets)
            for pool, count in wanted.items():
                self._model.targets.pop(pool, None)
                self._model.capacity[pool] = max(count, taken := sum(counted[pool]))
                if count < taken:
                    self._model.targets[pool] = count
            is_same = before == (self._model.capacity, self._model.targets)
            expected = {CapacitySet.UNCHANGED if is_same else CapacitySet.SET}
            if any(pool in self._model.targets for pool in wanted):
                expected = {CapacitySet.FOLLOWS}
        self._note(f"operator sets {what} → {said.name}")
        if said in expected:
            return []
        return [Trouble("answer", f"{what}: engine says {said.name}, model {[one.name for one in expected]}")]

    async def _reprice(self) -> Verdict:
        slot = self._rng.choice(list(self._model.slots.values()))
        price = 100 * self._rng.randint(1, 99)
        async with self._acting() as act:
            done = await do_reprice(act, Reprice(slot.product, {slot.day: price}))
        if isinstance(done, NotDone):
            return lambda: _refused(f"reprice {slot.product}", done)

        def report_trouble() -> list[Trouble]:
            for one in self._on(slot.product, slot.day):
                one.price = price
            self._note(f"operator sets product {slot.product} at {price} on {slot.day}")
            return []

        return report_trouble

    async def _freeze(self) -> Verdict:
        card = self._rng.choice(list(self._model.cards.values()))
        is_frozen = not card.is_frozen and self._rng.random() < 0.5
        await self._desk.execute(SQL["freeze"], {"id": card.id, "state": 4 if is_frozen else 3})

        def report_trouble() -> list[Trouble]:
            card.is_frozen = is_frozen
            self._note(f"card {card.id} {'frozen' if is_frozen else 'in use'}")
            return []

        return report_trouble

    # ------------------------------------------------------------------------------------------------ the gate

    async def let_in(self) -> list[Trouble]:
        """Somebody is let in, once or again, or the gate takes it back."""
        if self._scans and self._rng.random() < 0.3:
            return await self._take_back()
        confirmed = [one for one in self._model.bookings.values() if one.state is BookingState.CONFIRMED]
        if not confirmed:
            return []
        booking = self._rng.choice(confirmed)
        line = self._rng.choice(booking.lines)
        visitor = self._rng.choice([0, 0, *range(len(line.persons)), 7])
        now, scan = self._clock.now, uuid7(int(self._clock.now.timestamp() * 1000), self._rng.randbytes(10))
        async with self._desk.transaction():
            said = await redeem(
                self._desk,
                scan,
                booking_id=booking.id,
                line_no=line.no,
                visitor_no=visitor,
                gate="1",
                now=now,
            )
        expected = self._model.can_redeem(booking.id, line.no, visitor)
        got = None if said is None else said.is_new
        if got:
            self._scans.append((scan, booking.id, line.no, visitor))
        self._note(f"gate: {booking.id} line {line.no} visitor {visitor} → {got}")
        return [] if got == expected else [Trouble("answer", f"gate: engine says {got}, model {expected}")]

    async def _take_back(self) -> list[Trouble]:
        scan, booking_id, line_no, visitor = self._scans.pop(self._rng.randrange(len(self._scans)))
        async with self._desk.transaction():
            is_undone = await undo_redemption(self._desk, scan, "wrong gate", self._clock.now)
        line = next(one for one in self._model.bookings[booking_id].lines if one.no == line_no)
        line.scans.discard(visitor)
        self._note(f"gate: {booking_id} line {line_no} visitor {visitor} taken back")
        return [] if is_undone else [Trouble("answer", "gate: a standing redemption could not be taken back")]


def _nothing() -> list[Trouble]:
    return []


def _refused(what: str, said: NotDone) -> list[Trouble]:
    """Of an act that nothing stands against."""
    return [Trouble("answer", f"operator: {what}: {said}")]
