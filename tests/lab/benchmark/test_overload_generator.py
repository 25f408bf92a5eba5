"""The open-loop load process against small servers whose behaviour is known."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from time import perf_counter

from wenyue_lab.benchmark.overload.load_generator import DOUBTFUL, LoadGenerator, Record
from wenyue_lab.benchmark.overload.orders import Maker, Orders, Stream
from wenyue_lab.benchmark.overload.tally import tally_of

Answer = Callable[[int, asyncio.StreamWriter], Awaitable[bool]]


class _Server:
    """Answers requests by `answer(number, writer)`, which says whether the connection stays."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.seen = 0
        self.bodies: list[bytes] = []
        self.port = 0
        self.loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stopped: asyncio.Event | None = None

    def run(self) -> None:
        self.loop.run_until_complete(self._serve())
        self.loop.close()

    async def _serve(self) -> None:
        self._stopped = asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=256)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await self._stopped.wait()
        talks = asyncio.all_tasks() - {asyncio.current_task()}
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await asyncio.sleep(0.01)  # transports close in the loop's next rounds

    def wait(self) -> None:
        assert self._ready.wait(30)

    def stop(self) -> None:
        assert self._stopped is not None
        self.loop.call_soon_threadsafe(self._stopped.set)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.rpartition(b"Content-Length: ")[2].split(b"\r\n")[0])
                self.bodies.append(await reader.readexactly(length))
                self.seen += 1
                if not await self._answer(self.seen, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the load is over
        finally:
            writer.close()


@contextmanager
def running(answer: Answer) -> Generator[_Server]:
    server = _Server(answer)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        server.wait()
        yield server
    finally:
        server.stop()
        thread.join(30)


def fire(
    server: _Server,
    *,
    rate: float,
    seconds: float,
    connections: int,
    drain_s: float = 30.0,
    patience_s: float = 60.0,  # nobody leaves because the machine paused, unless a test is about leaving
) -> Record:
    stream = Stream("ordinary", ((seconds, rate),), first_card=1, cards=2_000, slots=(1, 2))
    generator = LoadGenerator("127.0.0.1", server.port, connections, patience_s)
    try:
        generator.open_all()
        return generator.fire(Orders((stream,), perf_counter() + 0.02, drain_s), [Maker(stream)])
    finally:
        generator.close()


def answer(status: str, body: bytes = b"", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{extra}\r\n".encode() + body


def test_every_request_is_sent_once_and_its_answer_noted() -> None:
    async def reply(number: int, writer: asyncio.StreamWriter) -> bool:
        if number % 4:
            writer.write(answer("201 Created", b"{}"))
        else:  # in pieces, as answers may come
            writer.write(b"HTTP/1.1 503 Busy\r\ncontent-le")
            await writer.drain()
            await asyncio.sleep(0.002)
            writer.write(b'ngth: 24\r\n\r\n{"outcome":"overl')
            await asyncio.sleep(0.002)
            writer.write(b'oaded"}')
        return True

    with running(reply) as server:
        record = fire(server, rate=800, seconds=0.5, connections=20)
    assert len(record.codes) == server.seen == record.numbers[0] == len(record.lags)
    assert len(set(server.bodies)) == server.seen
    assert list(record.codes).count(503) == server.seen // 4
    assert set(record.codes) == {201, 503}
    assert record.resent == record.never_sent == 0


def test_a_stall_counts_for_everybody_who_came_meanwhile() -> None:
    stalls_until = 0.0

    async def reply(number: int, writer: asyncio.StreamWriter) -> bool:
        nonlocal stalls_until
        if number == 20:
            stalls_until = perf_counter() + 0.4
        await asyncio.sleep(max(0.0, stalls_until - perf_counter()))
        writer.write(answer("201 Created"))
        return True

    with running(reply) as server:
        record = fire(server, rate=400, seconds=0.8, connections=4)
    late = [latency for latency in record.latencies if latency > 0.1]
    assert len(late) > 60  # 400 a second fell due during the stall, whatever connections were free
    assert record.queued_max > 30
    assert len(record.codes) == server.seen


def test_who_finds_no_connection_in_time_leaves_and_is_counted() -> None:
    async def reply(number: int, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.5 if number == 1 else 0.0)
        writer.write(answer("201 Created"))
        return True

    with running(reply) as server:
        record = fire(server, rate=200, seconds=0.3, connections=1, patience_s=0.1)
    assert record.never_sent > 0
    assert list(record.codes).count(0) == record.never_sent
    assert len(record.codes) == record.numbers[0] == server.seen + record.never_sent


def test_a_connection_that_the_server_closes_is_opened_again() -> None:
    async def reply(number: int, writer: asyncio.StreamWriter) -> bool:
        is_last = number % 3 == 0
        writer.write(
            answer("503 Busy" if is_last else "201 Created", extra="connection: close\r\n" * is_last)
        )
        return not is_last

    with running(reply) as server:
        record = fire(server, rate=300, seconds=0.5, connections=5)
    assert len(record.codes) == server.seen == record.numbers[0]
    assert record.reopened >= server.seen // 3 - 5
    assert set(record.codes) == {201, 503}


def test_a_request_whose_connection_dies_is_sent_again_under_the_same_id() -> None:
    died: set[bytes] = set()

    async def reply(number: int, writer: asyncio.StreamWriter) -> bool:
        body = server.bodies[-1]
        if number % 10 == 0 and body not in died:  # none dies twice: the generator tries only so often
            died.add(body)
            return False
        writer.write(answer("201 Created"))
        return True

    with running(reply) as server:
        record = fire(server, rate=300, seconds=0.5, connections=10)
    assert record.resent == len(died) > 0
    assert len(server.bodies) - len(set(server.bodies)) == record.resent
    assert set(record.codes) == {201}
    assert len(record.codes) == record.numbers[0]


def test_what_gets_no_answer_is_counted_and_an_unknown_outcome_is_doubtful() -> None:
    async def reply(number: int, writer: asyncio.StreamWriter) -> bool:
        if number % 5 == 0:
            await asyncio.sleep(30)
        writer.write(answer("503 Service Unavailable", b'{"outcome":"unknown"}'))
        return True

    with running(reply) as server:
        record = fire(server, rate=100, seconds=0.5, connections=100, drain_s=2.0)
    whole = tally_of(record).span(0.0, 1.0)
    assert set(record.codes) == {0, DOUBTFUL}
    assert whole.unanswered == server.seen // 5
    assert whole.doubtful == server.seen - whole.unanswered
    assert whole.offered == record.numbers[0]
