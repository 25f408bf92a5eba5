"""The load generator against a small server whose behaviour is known."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from time import perf_counter

import pytest

from wenyue_lab.benchmark.load import Outcome, Shape, drive

_REQUEST = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


class _Server:
    """Answers every request; says 409 to each `refuse_every`-th, in two pieces; stalls once for `stall_s`."""

    def __init__(self, *, refuse_every: int = 0, stall_s: float = 0.0) -> None:
        self.seen = 0
        self._refuse_every = refuse_every
        self._stall_s = stall_s
        self._stalls_until = 0.0
        self._open = 0
        self.is_idle = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            while True:
                await reader.readexactly(len(_REQUEST))
                self.seen += 1
                await self._answer(writer, self.seen)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the load is over
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._open -= 1
            if not self._open:
                self.is_idle.set()

    async def _answer(self, writer: asyncio.StreamWriter, number: int) -> None:
        if self._stall_s and number == 50:
            self._stalls_until = perf_counter() + self._stall_s
        await asyncio.sleep(max(0.0, self._stalls_until - perf_counter()))
        if self._refuse_every and number % self._refuse_every == 0:
            writer.write(b"HTTP/1.1 409 Conflict\r\ncontent-le")
            await asyncio.sleep(0.001)
            writer.write(b"ngth: 4\r\n\r\nno")
            await asyncio.sleep(0.001)
            writer.write(b"pe")
        else:
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")


@asynccontextmanager
async def _running(server: _Server) -> AsyncGenerator[int]:
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listener:
        yield int(listener.sockets[0].getsockname()[1])
        await asyncio.wait_for(server.is_idle.wait(), 10)


def _drive(server: _Server, source: Iterator[bytes], *, measure_s: float, rate_per_s: float = 0.0) -> Outcome:
    async def go() -> Outcome:
        async with _running(server) as port:
            shape = Shape("127.0.0.1", port, 4, perf_counter() + 0.05, 0.05, measure_s, rate_per_s)
            return await drive(shape, source)

    return asyncio.run(go())


def test_a_closed_loop_sends_each_request_once_and_ends_when_they_run_out() -> None:
    server = _Server(refuse_every=10)
    outcome = _drive(server, itertools.repeat(_REQUEST, 200), measure_s=30.0)
    assert outcome.is_exhausted
    assert server.seen == outcome.sent == 200
    assert outcome.all_statuses == {"201": 180, "409": 20}
    assert outcome.lost == 0
    assert outcome.samples["409"].endswith("nope")


def test_a_closed_loop_ends_with_its_window() -> None:
    server = _Server()
    outcome = _drive(server, itertools.repeat(_REQUEST), measure_s=0.2)
    assert not outcome.is_exhausted
    assert outcome.seconds >= 0.2
    assert sum(outcome.statuses.values()) < sum(outcome.all_statuses.values()) == outcome.sent == server.seen


def test_an_open_loop_counts_the_wait_that_a_stall_causes_for_everybody() -> None:
    """A closed loop would see one slow answer per connection; here all that fell due meanwhile waited."""
    server = _Server(stall_s=0.3)
    outcome = _drive(server, itertools.repeat(_REQUEST), measure_s=0.6, rate_per_s=500.0)
    assert outcome.sent == server.seen
    assert outcome.histogram.total >= outcome.statuses["201"]
    assert outcome.histogram.quantile_ms(0.5) > 20
    assert outcome.histogram.quantile_ms(0.99) > 200


def test_an_open_loop_sends_what_fell_due_however_late_it_wakes_up() -> None:
    """The rate holds from the start that was asked for: it is compared with the instant of the last request."""
    taken_at: list[float] = []

    def source() -> Iterator[bytes]:
        while True:
            taken_at.append(perf_counter())
            yield _REQUEST

    async def go() -> tuple[float, Outcome]:
        async with _running(_Server()) as port:
            starts_at = perf_counter() - 0.5  # as if what came before had taken half a second too long
            shape = Shape("127.0.0.1", port, 4, starts_at, 0.05, 0.6, 500.0)
            return starts_at, await drive(shape, source())

    starts_at, outcome = asyncio.run(go())
    assert len(taken_at) == outcome.sent + outcome.unsent
    assert len(taken_at) == pytest.approx(500 * (taken_at[-1] - starts_at), rel=0.2)


def test_an_open_loop_counts_what_it_could_not_even_send() -> None:
    outcome = _drive(_Server(stall_s=1.2), itertools.repeat(_REQUEST), measure_s=0.5, rate_per_s=500.0)
    assert outcome.unsent > 100
    assert outcome.histogram.total >= outcome.unsent
    assert outcome.histogram.quantile_ms(0.5) > 100
