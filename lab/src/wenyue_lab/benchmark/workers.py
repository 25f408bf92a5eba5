"""The load processes: started once, told what to send, fired together, and added up."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any, Final, cast

import uvloop

from wenyue.platform.parent_death_signal import end_with_parent
from wenyue_lab.benchmark.histogram import Histogram
from wenyue_lab.benchmark.load import Outcome, Shape, drive
from wenyue_lab.benchmark.members import Members
from wenyue_lab.benchmark.wire import Plan, build

_HEAD_START_S: Final = 0.05
_PREPARE_DEADLINE_S: Final = 120.0
_OVERTIME_S: Final = 30.0  # beyond the window: draining, adding up


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


class Workers(Members):
    """`size` load processes. Use as a context manager: they end with the block, and with this process."""

    def __init__(self, size: int) -> None:
        super().__init__(_serve, [()] * size)

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
        self._tell(plan.share(number, self.size) for number in range(self.size))
        self._hear(_PREPARE_DEADLINE_S)
        starts_at = perf_counter() + _HEAD_START_S + connections * 0.0005
        self._tell(
            Shape(
                host="127.0.0.1",
                port=port,
                connections=connections // self.size,
                starts_at=starts_at,
                warm_s=warm_s,
                measure_s=measure_s,
                rate_per_s=rate_per_s / self.size,
                seed=number + 1,
            )
            for number in range(self.size)
        )
        return combine(cast("list[Outcome]", self._hear(warm_s + measure_s + _OVERTIME_S)))


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
