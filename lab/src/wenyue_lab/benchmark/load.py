"""One load process: raw HTTP/1.1 over keep-alive connections, as cheap as Python allows, since it shares the cores.

Closed loop: every connection sends its next request when its answer has come: the most the server can do.
Open loop: requests fall due at a fixed rate whether or not earlier ones were answered, and a latency counts from
the instant the request was due (no coordinated omission).
"""

import asyncio
import contextlib
import gc
import random
import re
import socket
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, cast

from wenyue_lab.benchmark.histogram import Histogram

_LENGTH: Final = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *(\d+)")
_TICK_S: Final = 0.001
_CONNECT_DEADLINE_S: Final = 10.0
_DRAIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Shape:
    """How to load: `rate_per_s` 0 is the closed loop. Instants are on this machine's monotonic clock."""

    host: str
    port: int
    connections: int
    starts_at: float
    warm_s: float
    measure_s: float
    rate_per_s: float = 0.0
    seed: int = 1


@dataclass(slots=True)
class Outcome:
    """What one process saw. `statuses` counts answers of the measured window, `all_statuses` every answer."""

    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict[str, int])
    all_statuses: dict[str, int] = field(default_factory=dict[str, int])
    histogram: Histogram = field(default_factory=Histogram)
    sent: int = 0
    lost: int = 0  # connections that broke with a request under way
    unsent: int = 0  # open loop: due, but no connection was free before the end
    is_exhausted: bool = False  # the requests ran out before the time did
    samples: dict[str, str] = field(default_factory=dict[str, str])  # one body of every unexpected status


class _Run:
    """State that all connections of a process share; swapped, not tested, when the window opens and shuts."""

    __slots__ = (
        "answered",
        "closed",
        "closed_at",
        "counts",
        "idle",
        "is_open_loop",
        "latencies",
        "lost",
        "samples",
        "sent",
        "take",
        "waiting",
        "warm_counts",
    )

    def __init__(self, source: Iterator[bytes], *, is_open_loop: bool) -> None:
        self.take: Callable[[], bytes] = source.__next__
        self.is_open_loop = is_open_loop
        self.latencies: list[float] = []
        self.counts: dict[bytes, int] = {}
        self.warm_counts: dict[bytes, int] = {}
        self.closed = asyncio.Event()
        self.samples: dict[bytes, bytes] = {}
        self.idle: deque[_Connection] = deque()
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.sent = 0
        self.answered = 0
        self.lost = 0
        self.closed_at = 0.0

    def close(self) -> None:
        """No further request is sent."""
        if not self.closed_at:
            self.closed_at = perf_counter()
            self.closed.set()
        self.take = iter(cast("list[bytes]", [])).__next__
        self.waiting.clear()


class _Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    __slots__ = ("_due", "_is_busy", "_partial", "_run", "_write", "transport")

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._partial = b""
        self._due = 0.0
        self._is_busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._write = self.transport.write
        raw = cast("socket.socket", transport.get_extra_info("socket"))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        """The first request of a closed loop, if there is one left."""
        with contextlib.suppress(StopIteration):
            self.send(perf_counter(), self._run.take())

    def send(self, due: float, request: bytes) -> None:
        """Send `request`, whose latency counts from `due`."""
        self._due = due
        self._is_busy = True
        self._run.sent += 1
        self._write(request)

    def data_received(self, data: bytes) -> None:
        if self._partial:
            data = self._partial + data
        head = data.find(b"\r\n\r\n")
        if head < 0:
            self._partial = data
            return
        length = _LENGTH.search(data, 0, head)
        if len(data) - head - 4 < (int(length[1]) if length else 0):
            self._partial = data
            return
        self._partial = b""
        self._answered(data)

    def _answered(self, data: bytes) -> None:
        run = self._run
        now = perf_counter()
        run.latencies.append(now - self._due)
        status = data[9:12]
        seen = run.counts.get(status, 0)
        run.counts[status] = seen + 1
        if not seen:
            run.samples.setdefault(status, data[:1500])
        run.answered += 1
        if run.is_open_loop:
            if run.waiting:
                self.send(*run.waiting.popleft())
            else:
                self._is_busy = False
                run.idle.append(self)
            return
        try:
            request = run.take()
        except StopIteration:
            self._is_busy = False
            run.close()
            return
        self._due = now
        run.sent += 1
        self._write(request)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._is_busy:
            self._run.lost += 1
            self._is_busy = False
        if self in self._run.idle:
            self._run.idle.remove(self)


async def drive(shape: Shape, source: Iterator[bytes]) -> Outcome:
    """Send requests of `source` as `shape` says and return what came back. Bounded in time by the shape."""
    loop = asyncio.get_running_loop()
    run = _Run(source, is_open_loop=shape.rate_per_s > 0)
    connections = await _connect(shape, run)
    gc.collect()
    gc.freeze()
    gc.disable()
    await asyncio.sleep(max(0.0, shape.starts_at - perf_counter()))
    if run.is_open_loop:
        run.idle.extend(connections)
        arrivals = loop.create_task(_arrive(shape, run))
    else:
        arrivals = None
        for connection in connections:
            connection.start()
    await asyncio.sleep(max(0.0, shape.starts_at + shape.warm_s - perf_counter()))
    run.warm_counts, run.counts, run.latencies = run.counts, {}, []
    opened_at = perf_counter()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(run.closed.wait(), shape.measure_s)
    outcome = Outcome(is_exhausted=run.closed.is_set(), unsent=len(run.waiting))
    now = perf_counter()
    run.latencies.extend(
        now - due for due, _ in run.waiting
    )  # never sent: what they waited so far is the least
    run.close()
    outcome.seconds = run.closed_at - opened_at
    if arrivals is not None:
        arrivals.cancel()
    await _finish(run, outcome)
    for connection in connections:
        connection.transport.abort()
    await asyncio.sleep(0)
    gc.enable()
    gc.unfreeze()
    return outcome


async def _finish(run: _Run, outcome: Outcome) -> None:
    """Wait for what is under way when the window shuts, and add it all up."""
    outcome.statuses = _named(run.counts)
    in_window = len(run.latencies)
    drained_by = perf_counter() + _DRAIN_S
    while (  # noqa: ASYNC110 - an event would be looked at with every answer of the run
        run.answered + run.lost < run.sent and perf_counter() < drained_by
    ):
        await asyncio.sleep(0.01)
    # An open loop also counts the answers that came after the window: leaving them out would flatter the tail.
    outcome.histogram.add_seconds(run.latencies if run.is_open_loop else run.latencies[:in_window])
    outcome.all_statuses = _named(run.counts)
    for status, count in _named(run.warm_counts).items():
        outcome.all_statuses[status] = outcome.all_statuses.get(status, 0) + count
    outcome.sent = run.sent
    outcome.lost = run.sent - run.answered
    outcome.samples = {
        status.decode("latin-1"): body.decode("utf-8", "replace") for status, body in run.samples.items()
    }


async def _connect(shape: Shape, run: _Run) -> list[_Connection]:
    loop = asyncio.get_running_loop()

    async def one() -> _Connection:
        _transport, connection = await loop.create_connection(
            lambda: _Connection(run), shape.host, shape.port
        )
        return connection

    async with asyncio.timeout(_CONNECT_DEADLINE_S):
        return [await one() for _ in range(shape.connections)]


async def _arrive(shape: Shape, run: _Run) -> None:
    """Let requests fall due as a Poisson process; what finds no free connection waits, and its wait counts."""
    chance = random.Random(shape.seed)  # noqa: S311 - arrival times, not secrets
    gap = chance.expovariate
    due = shape.starts_at + gap(shape.rate_per_s)
    while True:
        now = perf_counter()
        while due <= now:
            try:
                request = run.take()
            except StopIteration:
                run.close()
                return
            if run.idle:
                run.idle.popleft().send(due, request)
            else:
                run.waiting.append((due, request))
            due += gap(shape.rate_per_s)
        await asyncio.sleep(_TICK_S)


def _named(counts: dict[bytes, int]) -> dict[str, int]:
    return {status.decode("latin-1"): count for status, count in counts.items()}
