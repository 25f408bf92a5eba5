"""Judges refusals that a process gave from memory and a look confirmed.

What was wanted is full now, and what the refusal names was full at some moment of the last 0.8 seconds. A replay is never
refused, whoever booked it and however short a time ago.
"""

from collections import deque
from typing import Final

from wenyue.booking import Answer, BookingRequest, Outcome
from wenyue_lab.simulator.inspection import Trouble, show
from wenyue_lab.simulator.model import Naive, Request
from wenyue_lab.simulator.timing import Clock

FRESH_S: Final = 0.8
_KEPT: Final = 64


class Memory:
    """How much room every pool had lately."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rooms: deque[tuple[float, dict[int, int]]] = deque(maxlen=_KEPT)

    def note(self, model: Naive) -> None:
        """Remember the rooms as they are after a step."""
        self._rooms.append((self._clock.seconds, model.rooms()))

    def judge(self, said: Answer, request: Request, model: Naive) -> list[Trouble]:
        """What is wrong with a refusal from memory, if anything."""
        if not isinstance(request, BookingRequest) or said.line is None:
            return [Trouble("memory", f"refused what it cannot know: {show(said)}")]
        known = model.bookings.get(request.id)
        # Another body is refused one way or the other.
        if known is not None and known.body == request.body_hash:
            return [Trouble("memory", f"a replay of {request.id} was refused from memory: {show(said)}")]
        line = request.lines[said.line]
        slot = model.slots[line.slot_id]
        if said.outcome is Outcome.NOT_RELEASED:
            is_true = self._clock.now < slot.release and said.at == slot.release
            return [] if is_true else [Trouble("memory", f"released, and refused from memory: {show(said)}")]
        channel = request.channel.name.lower()
        pools = {slot.own, slot.day_pool, slot.reserves.get(channel)}
        rooms_now = model.rooms()
        if all(rooms_now[pool] >= line.quantity for pool in pools if pool is not None):
            return [Trouble("memory", f"there is room now: {show(said)}")]
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
