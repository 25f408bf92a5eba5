"""One load process that sends what it is given: the benchmark's generator, with requests of any kind."""

import itertools
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any, Final, Self, cast

import uvloop

from wenyue.platform.parent_death_signal import end_with_parent
from wenyue_lab.benchmark.load import Outcome, Shape, drive
from wenyue_lab.benchmark.members import WorkersLost
from wenyue_lab.benchmark.site import HOST

_OVERTIME_S: Final = 30.0
_END_DEADLINE_S: Final = 5.0
_HEAD_START_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Way:
    """How to send: `per_s` 0 is the closed loop; `again`: the requests in turn, as long as it lasts."""

    seconds: float
    connections: int
    warm_s: float = 0.3
    per_s: float = 0.0
    again: bool = False


class Sender:
    """A load process. Use as a context manager: it ends with the block, and with this process."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(_END_DEADLINE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def send(self, requests: Sequence[bytes], way: Way) -> Outcome:
        """Load with these requests. Raises WorkersLost."""
        shape = Shape(HOST, self._port, way.connections, 0.0, way.warm_s, way.seconds, way.per_s)
        try:
            self._pipe.send((list(requests), shape, way.again))
            if not self._pipe.poll(way.warm_s + way.seconds + _OVERTIME_S):
                raise WorkersLost("the load process did not answer in time")
            return cast("Outcome", self._pipe.recv())
        except (EOFError, OSError) as error:
            raise WorkersLost("the load process ended; see the lines above") from error


def _serve(pipe: "Connection[Any, Any]") -> None:
    end_with_parent()
    try:
        while True:
            requests, shape, again = cast("tuple[list[bytes], Shape, bool]", pipe.recv())
            source = itertools.cycle(requests) if again else iter(requests)
            starts_at = perf_counter() + _HEAD_START_S + shape.connections * 0.0005
            pipe.send(uvloop.run(drive(replace(shape, starts_at=starts_at), source)))
    except (EOFError, OSError, KeyboardInterrupt):  # the measurement has ended or was ended
        return
