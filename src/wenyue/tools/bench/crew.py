"""The load processes: started once, told what to send, fired together, and added up."""

import itertools
import multiprocessing
from collections.abc import Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import perf_counter
from typing import Any, Final, Self, cast

import uvloop

from wenyue.infra.leash import end_with_parent
from wenyue.tools.bench.histogram import Histogram
from wenyue.tools.bench.load import Outcome, Shape, drive
from wenyue.tools.bench.site import cpu_seconds
from wenyue.tools.bench.wire import Plan, build

_HEAD_START_S: Final = 0.05
_PREPARE_DEADLINE_S: Final = 120.0
_OVERTIME_S: Final = 30.0  # beyond the window: draining, adding up
_END_DEADLINE_S: Final = 5.0


class CrewLost(Exception):
    """A load process died or did not answer in time; the figures of this run mean nothing."""


@dataclass(slots=True)
class Volley:
    """One measured run, all load processes together."""

    per_s: dict[str, float] = field(default_factory=dict[str, float])  # answers a second, by status
    statuses: dict[str, int] = field(
        default_factory=dict[str, int]
    )  # every answer, warm-up and drain included
    histogram: Histogram = field(default_factory=Histogram)
    sent: int = 0
    lost: int = 0
    unsent: int = 0
    is_exhausted: bool = False
    samples: dict[str, str] = field(default_factory=dict[str, str])


class Crew:
    """`size` load processes. Use as a context manager: they end with the block, and with this process."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._members: list[tuple[BaseProcess, Connection[Any, Any]]] = []

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        for _ in range(self._size):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,), daemon=True)
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

    def cpu_s(self) -> float:
        """Processor seconds that the load processes have used so far."""
        return sum(cpu_seconds(process.pid) for process, _ in self._members if process.pid is not None)

    def fire(
        self,
        plan: Plan,
        *,
        port: int,
        connections: int,
        warm_s: float,
        measure_s: float,
        rate_per_s: float = 0.0,
    ) -> Volley:
        """Build every member's share of `plan`, then load together. Raises CrewLost."""
        for number, (_, pipe) in enumerate(self._members):
            pipe.send(plan.share(number, self._size))
        for _, pipe in self._members:
            _receive(pipe, _PREPARE_DEADLINE_S)
        starts_at = perf_counter() + _HEAD_START_S + connections * 0.0005
        for number, (_, pipe) in enumerate(self._members):
            pipe.send(
                Shape(
                    host="127.0.0.1",
                    port=port,
                    connections=connections // self._size,
                    starts_at=starts_at,
                    warm_s=warm_s,
                    measure_s=measure_s,
                    rate_per_s=rate_per_s / self._size,
                    seed=number + 1,
                )
            )
        return combine(
            cast("Outcome", _receive(pipe, warm_s + measure_s + _OVERTIME_S)) for _, pipe in self._members
        )


def combine(outcomes: Iterable[Outcome]) -> Volley:
    """One run of several processes: rates add up, latencies merge."""
    volley = Volley()
    for one in outcomes:
        for status, count in one.statuses.items():
            rate = count / one.seconds if one.seconds > 0 else 0.0
            volley.per_s[status] = volley.per_s.get(status, 0.0) + rate
        for status, count in one.all_statuses.items():
            volley.statuses[status] = volley.statuses.get(status, 0) + count
        volley.histogram.merge(one.histogram)
        volley.sent += one.sent
        volley.lost += one.lost
        volley.unsent += one.unsent
        volley.is_exhausted |= one.is_exhausted
        volley.samples |= one.samples
    return volley


def _receive(pipe: "Connection[Any, Any]", deadline_s: float) -> object:
    try:
        if not pipe.poll(deadline_s):
            raise CrewLost(f"a load process did not answer within {deadline_s:.0f} s")
        answer: object = pipe.recv()
    except (EOFError, OSError) as error:
        raise CrewLost("a load process ended; see the lines above") from error
    return answer


def _serve(pipe: "Connection[Any, Any]") -> None:
    """The life of a load process: a plan, then a shape, again and again, until the pipe closes."""
    end_with_parent()
    try:
        while True:
            plan = cast("Plan", pipe.recv())
            requests = build(plan)
            pipe.send(len(requests))
            shape = cast("Shape", pipe.recv())
            source = iter(requests) if plan.kind == "book" else itertools.cycle(requests)
            pipe.send(uvloop.run(drive(shape, source)))
    except (EOFError, OSError, KeyboardInterrupt):  # the benchmark has ended or was ended
        return
