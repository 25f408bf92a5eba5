"""Judges refusals that a process gave from memory: they must have been true at some moment of the last 0.8 seconds.

A replay must not be refused at all, unless it was booked within that time, and by the other process.
"""

from collections import deque
from typing import Final
from uuid import UUID

from wenyue.booking import Answer, BookingRequest, Outcome
from wenyue.tools.sim.inspection import Trouble, show
from wenyue.tools.sim.model import Naive, Request
from wenyue.tools.sim.timing import Clock

FRESH_S: Final = 0.8
_KEPT: Final = 64


class Memory:
    """How much room every pool had lately."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rooms: deque[tuple[float, dict[int, int]]] = deque(maxlen=_KEPT)
        self._booked: dict[UUID, tuple[float, bool]] = {}  # when, and whether by the near process

    def note(self, model: Naive) -> None:
        """Remember the rooms as they are after a step."""
        self._rooms.append((self._clock.seconds, model.rooms()))

    def note_booked(self, booking_id: UUID, *, is_near: bool) -> None:
        """A booking was made, now, by this process."""
        self._booked[booking_id] = self._clock.seconds, is_near

    def judge(self, said: Answer, request: Request, model: Naive, *, is_near: bool) -> list[Trouble]:
        """What is wrong with a refusal from memory, if anything."""
        if not isinstance(request, BookingRequest) or said.line is None:
            return [Trouble("memory", f"refused what it cannot know: {show(said)}")]
        known = model.bookings.get(request.id)
        at, by_near = self._booked.get(request.id, (0.0, is_near))
        may_know = by_near is is_near or at < self._clock.seconds - FRESH_S
        # Another body is refused one way or the other.
        if known is not None and known.body == request.body_hash and may_know:
            return [Trouble("memory", f"a replay of {request.id} was refused from memory: {show(said)}")]
        line = request.lines[said.line]
        slot = model.slots[line.slot_id]
        if said.outcome is Outcome.NOT_RELEASED:
            is_true = self._clock.now < slot.release and said.at == slot.release
            return [] if is_true else [Trouble("memory", f"released, and refused from memory: {show(said)}")]
        channel = request.channel.name.lower()
        pools = {slot.own, slot.day_pool, slot.reserves.get(channel)}
        lately = [rooms for at, rooms in self._rooms if at >= self._clock.seconds - FRESH_S]
        older = [rooms for at, rooms in self._rooms if at < self._clock.seconds - FRESH_S]
        states = [*older[-1:], *lately]  # the state that was in force when the window began, and all since
        is_true = any(
            rooms[pool] < line.quantity
            for rooms in states
            for pool in pools
            if pool is not None and model.full[pool] is said.outcome
        )
        return [] if is_true else [Trouble("memory", f"there is room, and for long: {show(said)}")]
