"""The load processes: started once, given their orders, and read together."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import perf_counter
from typing import Any, Final, Self, cast

from wenyue.infra.files import allow_many_files
from wenyue.infra.leash import end_with_parent
from wenyue.tools.bench.crew import CrewLost
from wenyue.tools.bench.overload.gun import Gun
from wenyue.tools.bench.overload.orders import Maker, Orders, Stream
from wenyue.tools.bench.overload.tally import Tally, tally_of
from wenyue.tools.bench.site import HOST, cpu_seconds

_PREPARE_DEADLINE_S: Final = 120.0
_HEAD_START_S: Final = 0.3
_ADD_UP_S: Final = 120.0
_END_DEADLINE_S: Final = 5.0


class Battery:
    """`size` load processes with `connections` connections together. Use as a context manager: they end with the block."""

    def __init__(self, *, size: int, port: int, connections: int, cores: Sequence[int] = ()) -> None:
        self._size, self._port, self._connections = size, port, connections
        self._cores = tuple(cores)
        self._members: list[tuple[BaseProcess, Connection[Any, Any]]] = []
        self._seed = 0

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        for number in range(self._size):
            ours, theirs = context.Pipe()
            cores = self._cores[number % len(self._cores) :][:1] if self._cores else ()
            process = context.Process(
                target=_serve, args=(theirs, self._port, self._connections // self._size, cores), daemon=True
            )
            process.start()
            theirs.close()
            self._members.append((process, ours))
        return self

    def __exit__(self, *_: object) -> None:
        for process, pipe in self._members:
            pipe.close()
            process.join(_END_DEADLINE_S)
            if process.is_alive():
                process.kill()
                process.join()

    @property
    def size(self) -> int:
        """How many processes there are."""
        return self._size

    def cpu_s(self) -> float:
        """Processor seconds that the load processes have used so far."""
        return sum(cpu_seconds(process.pid) for process, _ in self._members if process.pid is not None)

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
        for number, (_, pipe) in enumerate(self._members):
            pipe.send(tuple(stream.share(number, self._size) for stream in streams))
        for _, pipe in self._members:
            _receive(pipe, _PREPARE_DEADLINE_S)
        starts_at = perf_counter() + _HEAD_START_S
        before(starts_at)
        orders = Orders(tuple(streams), starts_at, drain_s, self._seed)
        for number, (_, pipe) in enumerate(self._members):
            pipe.send(orders.share(number, self._size))
        limit_s = max(stream.seconds for stream in streams) + drain_s + _HEAD_START_S + _ADD_UP_S
        total = Tally()
        for _, pipe in self._members:
            total.merge(cast("Tally", _receive(pipe, limit_s)))
        return total, starts_at


def _receive(pipe: "Connection[Any, Any]", deadline_s: float) -> object:
    try:
        if not pipe.poll(deadline_s):
            raise CrewLost(f"a load process did not answer within {deadline_s:.0f} s")
        answer: object = pipe.recv()
    except (EOFError, OSError) as error:
        raise CrewLost("a load process ended; see the lines above") from error
    return answer


def _serve(pipe: "Connection[Any, Any]", port: int, connections: int, cores: Sequence[int]) -> None:
    """The life of a load process: streams to prepare, then orders, again and again, until the pipe closes."""
    end_with_parent()
    allow_many_files()
    if cores:
        os.sched_setaffinity(0, cores)
    gun = Gun(HOST, port, connections)
    makers: dict[Stream, Maker] = {}
    try:
        while True:
            streams = cast("tuple[Stream, ...]", pipe.recv())
            known = {_cards_of(stream): maker for stream, maker in makers.items()}
            makers = {stream: _maker(stream, known) for stream in streams}
            gun.open_all()
            pipe.send(len(makers))
            orders = cast("Orders", pipe.recv())
            record = gun.fire(orders, [makers[stream] for stream in orders.streams])
            pipe.send(tally_of(record))
    except (EOFError, OSError, KeyboardInterrupt):  # the benchmark has ended or was ended
        gun.close()


def _cards_of(stream: Stream) -> tuple[int, int]:
    return stream.first_card, stream.cards


def _maker(stream: Stream, known: dict[tuple[int, int], Maker]) -> Maker:
    """A maker whose people are computed once, whatever else changes."""
    earlier = known.get(_cards_of(stream))
    return Maker(stream, earlier.people if earlier else None)
