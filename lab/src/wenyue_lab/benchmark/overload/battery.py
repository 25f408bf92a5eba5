"""The load processes: started once, given their orders, and read together."""

import os
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any, Final, cast

from wenyue.platform.files import allow_many_files
from wenyue.platform.parent_death_signal import end_with_parent
from wenyue_lab.benchmark.members import Members
from wenyue_lab.benchmark.overload.load_generator import LoadGenerator
from wenyue_lab.benchmark.overload.orders import Maker, Orders, Stream
from wenyue_lab.benchmark.overload.tally import Tally, tally_of
from wenyue_lab.benchmark.site import HOST

_PREPARE_DEADLINE_S: Final = 120.0
_HEAD_START_S: Final = 0.3
_ADD_UP_S: Final = 120.0


class Battery(Members):
    """`size` load processes with `connections` connections together. Use as a context manager: they end with the block."""

    def __init__(self, *, size: int, port: int, connections: int, cores: Sequence[int] = ()) -> None:
        taken = [tuple(cores)[number % len(cores) :][:1] if cores else () for number in range(size)]
        super().__init__(_serve, [(port, connections // size, own) for own in taken])
        self._seed = 0

    def fire(
        self,
        streams: Sequence[Stream],
        *,
        drain_s: float,
        before: Callable[[float], None] = lambda _starts_at: None,
    ) -> tuple[Tally, float]:
        """Run `streams` on all processes together; what came of them, and when they began. Raises CrewLost.

        `before` is called with that instant (perf_counter) shortly before it, when everything is prepared.
        """
        self._seed += 1
        self._tell(
            tuple(stream.share(number, self.size) for stream in streams) for number in range(self.size)
        )
        self._hear(_PREPARE_DEADLINE_S)
        starts_at = perf_counter() + _HEAD_START_S
        before(starts_at)
        orders = Orders(tuple(streams), starts_at, drain_s, self._seed)
        self._tell(orders.share(number, self.size) for number in range(self.size))
        limit_s = max(stream.seconds for stream in streams) + drain_s + _HEAD_START_S + _ADD_UP_S
        total = Tally()
        for tally in cast("list[Tally]", self._hear(limit_s)):
            total.merge(tally)
        return total, starts_at


def _serve(pipe: "Connection[Any, Any]", port: int, connections: int, cores: Sequence[int]) -> None:
    """The life of a load process: streams to prepare, then orders, again and again, until the pipe closes."""
    end_with_parent()
    allow_many_files()
    if cores:
        os.sched_setaffinity(0, cores)
    generator = LoadGenerator(HOST, port, connections)
    makers: dict[Stream, Maker] = {}
    try:
        while True:
            streams = cast("tuple[Stream, ...]", pipe.recv())
            known = {_cards_of(stream): maker for stream, maker in makers.items()}
            makers = {stream: _maker(stream, known) for stream in streams}
            generator.open_all()
            pipe.send(len(makers))
            orders = cast("Orders", pipe.recv())
            record = generator.fire(orders, [makers[stream] for stream in orders.streams])
            pipe.send(tally_of(record))
    except (EOFError, OSError, KeyboardInterrupt):  # the benchmark has ended or was ended
        generator.close()


def _cards_of(stream: Stream) -> tuple[int, int]:
    return stream.first_card, stream.cards


def _maker(stream: Stream, known: dict[tuple[int, int], Maker]) -> Maker:
    """A maker whose people are computed once, whatever else changes."""
    earlier = known.get(_cards_of(stream))
    return Maker(stream, earlier.people if earlier else None)
