"""One connection neither fills the status page's memory nor keeps its others waiting; nor those of the web."""

import asyncio
import socket
import tracemalloc
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final

import pytest
import uvicorn

from tests.support.hot_site import until
from wenyue.faces.status import wire
from wenyue.faces.status.pages import plain_page
from wenyue.faces.status.wire import (
    ANSWERS_PER_TURN,
    WAITING_BYTES_MAX,
    Connection,
    Handler,
    Page,
    Shelf,
    page,
)
from wenyue.infra import unread as infra_unread
from wenyue.infra.web_server import WebServer
from wenyue.infra.wire import BoundedHttp
from wenyue.kernel import unread
from wenyue.kernel.limits import PIPELINED_MAX

pytestmark = pytest.mark.anyio
BODY: Final = b"x" * 400_000
GET: Final = b"GET / HTTP/1.1\r\n\r\n"
HEAD: Final = b"HEAD / HTTP/1.1\r\n\r\n"
NET_S: Final = 30.0
CHUNK: Final = b"x" * 65_536


class Visitor(Connection):
    """A connection of which the kernel keeps little; counts what came and the most that waited to be sent."""

    def __init__(self, shelf: Shelf, came: "list[Visitor]") -> None:
        super().__init__(shelf)
        self._came = came
        self.pieces = self.most_unsent = 0
        self.line: asyncio.Transport
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The kernel keeps little for it."""
        assert isinstance(transport, asyncio.Transport)
        self.line = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        super().connection_made(transport)
        self._came.append(self)

    def data_received(self, data: bytes) -> None:
        """Count the piece."""
        self.pieces += 1
        super().data_received(data)
        self.look()

    def look(self) -> None:
        """Note what waits now."""
        self.most_unsent = max(self.most_unsent, self.line.get_write_buffer_size())

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self.is_over = True
        super().connection_lost(exc)


class Turns:
    """What every turn of the loop adds to a count, and who looks at the end of it."""

    def __init__(self, shelf: Shelf, came: list[Visitor]) -> None:
        self._shelf, self._came = shelf, came
        self._before, self._pieces = shelf.served, 0
        self.most_answered = self.most_behind = 0
        self._is_on = True
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        answered = self._shelf.served - self._before
        self._before = self._shelf.served
        pieces = sum(one.pieces for one in self._came)
        self.most_answered = max(self.most_answered, answered)
        self.most_behind = max(self.most_behind, answered - (pieces - self._pieces))
        self._pieces = pieces
        for one in self._came:
            one.look()
        if self._is_on:
            asyncio.get_running_loop().call_soon(self._turn)

    def stop(self) -> None:
        """Look no more."""
        self._is_on = False


@asynccontextmanager
async def status_page(
    handler: Handler | None = None,
) -> AsyncGenerator[tuple[Shelf, list[Visitor], int]]:
    """A shelf with one long page, whoever came to it, and its port."""
    shelf = Shelf(plain_page("404 Not Found", "没有", "no"), handler)
    shelf.pages = {"/": page(BODY, "text/plain", age_s=0)}
    came: list[Visitor] = []

    server = await asyncio.get_running_loop().create_server(lambda: Visitor(shelf, came), "127.0.0.1", 0)
    shelf.unread.start()
    try:
        yield shelf, came, server.sockets[0].getsockname()[1]
    finally:
        shelf.unread.stop()
        server.close()


@contextmanager
def silent(port: int) -> Generator[socket.socket]:
    """A connection that takes nothing of what is answered; the kernel keeps little for it."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", port))
        one.setblocking(False)
        yield one


async def ask_on(one: socket.socket, said: bytes, times: int) -> int:
    """Say it again and again, with turns of the loop in between; how many bytes were taken."""
    taken = 0
    for _ in range(times):
        with suppress(BlockingIOError, ConnectionError):
            taken += one.send(said)
        for _ in range(5):
            await asyncio.sleep(0)
    return taken


# ------------------------------------------------------------------------------------------ memory


async def test_security_fifth_1_at_most_one_answer_waits_for_who_does_not_read() -> None:
    async with status_page() as (shelf, came, port):
        with silent(port) as one:
            turns = Turns(shelf, came)
            await ask_on(one, GET * (PIPELINED_MAX // 2), 10)
            turns.stop()
            assert shelf.served >= 1
            assert came[0].most_unsent <= len(BODY) + 2_000
            assert shelf.served <= 2  # the kernel took less than one


async def test_security_fifth_1_nothing_is_read_of_who_does_not_read() -> None:
    async with status_page() as (shelf, came, port):
        with silent(port) as one:
            await ask_on(one, GET, 1)
            await until(lambda: shelf.served == 1)
            pieces = came[0].pieces
            await ask_on(one, GET * 10, 20)
            assert came[0].pieces <= pieces + 1
            assert not came[0].line.is_reading()


async def test_security_fifth_1_whoever_asks_again_without_reading_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (unread, infra_unread):
        monkeypatch.setattr(module, "UNREAD_WAIT_S", 0.2)
    async with status_page() as (shelf, came, port):
        with silent(port) as one:
            await ask_on(one, GET, 1)
            await until(lambda: came)
            async with asyncio.timeout(NET_S):
                while not came[0].is_over:
                    await ask_on(one, GET, 1)
                    await asyncio.sleep(0.01)
        assert shelf.unread.ended == 1
        assert len(shelf.here) == 0


async def test_security_fifth_1_a_slow_reader_who_takes_enough_gets_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "WAIT_S", 0.2)
    async with status_page() as (_, came, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        writer.write(GET)
        assert b"200" in await reader.readuntil(b"\r\n\r\n")
        left, looks = len(BODY), 0
        while left:
            left -= len(await reader.readexactly(min(left, 4_000)))
            if looks < 20:  # longer in all than a request may take
                looks += 1
                await asyncio.sleep(0.05)
        await until(lambda: came[0].is_over)  # now the next request does not come
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_security_fifth_1_what_is_sent_while_a_form_is_answered_is_not_kept() -> None:
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def handle(_method: str, _path: str, _body: bytes, _address: str) -> Page:
        is_asked.set()
        await may_answer.wait()
        return plain_page("200 OK", "好", "fine")

    async with status_page(handle) as (_, _, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /subscribe HTTP/1.1\r\nContent-Length: 1\r\n\r\na")
        async with asyncio.timeout(NET_S):
            await is_asked.wait()
        tracemalloc.start()
        try:
            async with asyncio.timeout(NET_S):
                for _ in range(256):  # 16 MiB
                    writer.write(CHUNK)
                    await writer.drain()
            kept = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert kept < 4_000_000
        may_answer.set()
        with suppress(ConnectionError):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()


@pytest.mark.parametrize(
    ("size", "is_over"), [(WAITING_BYTES_MAX // 8, False), (WAITING_BYTES_MAX // 4, True)]
)
async def test_security_fifth_1_what_waits_behind_a_request_is_bounded_in_bytes(
    size: int, *, is_over: bool
) -> None:
    behind = b"GET / HTTP/1.1\r\nX: " + b"a" * (size - 24) + b"\r\n\r\n"
    async with status_page() as (_, came, port):
        with silent(port) as one:
            await until(lambda: came)
            one.setblocking(True)
            one.sendall(GET + behind * 5)
            await until(lambda: came[0].pieces)
            for _ in range(20):
                await asyncio.sleep(0)
            assert came[0].is_over is is_over


# ------------------------------------------------------------------------------------------ turns of the loop


async def test_security_fifth_2_a_connection_gets_one_answer_in_a_turn() -> None:
    async with status_page() as (shelf, came, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: came)
        turns = Turns(shelf, came)
        writer.write(HEAD * PIPELINED_MAX + HEAD.replace(b"/ ", b"/last "))
        async with asyncio.timeout(NET_S):
            for _ in range(PIPELINED_MAX):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 404")
        turns.stop()
        assert turns.most_answered == 1
        assert shelf.served == PIPELINED_MAX + 1
        assert came[0].line.is_reading()
        writer.write(HEAD)  # and goes on as ever
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_security_fifth_2_many_connections_get_few_answers_in_a_turn_together(
    flood: list[asyncio.StreamWriter],
) -> None:
    async with status_page() as (shelf, came, port):
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4 * ANSWERS_PER_TURN)]
        flood.extend(writer for _, writer in lines)
        await until(lambda: len(came) == len(lines))
        turns = Turns(shelf, came)
        for _, writer in lines:
            writer.write(HEAD * PIPELINED_MAX)
        async with asyncio.timeout(NET_S):
            for reader, _ in lines:
                for _ in range(PIPELINED_MAX):
                    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        turns.stop()
        assert 1 < turns.most_behind <= ANSWERS_PER_TURN


async def test_security_fifth_2_with_too_many_behind_one_another_the_connection_ends() -> None:
    async with status_page() as (shelf, came, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: came)
        writer.write(HEAD * 5_000)
        with suppress(ConnectionError):
            async with asyncio.timeout(NET_S):
                await reader.read()
        await until(lambda: came[0].is_over)
        assert shelf.served <= 1
        writer.close()


async def test_security_fifth_2_a_form_that_comes_in_pieces_is_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bodies: list[bytes] = []
    parsed = 0
    fields = vars(wire)["_fields"]

    async def handle(_method: str, _path: str, body: bytes, _address: str) -> Page:
        bodies.append(body)
        return plain_page("200 OK", "好", "fine")

    def counted(raw: bytes) -> Mapping[bytes, bytes]:
        nonlocal parsed
        parsed += 1
        return fields(raw)

    monkeypatch.setattr(wire, "_fields", counted)
    async with status_page(handle) as (_, came, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /subscribe HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
        for n in range(100):
            writer.write(b"\r\n\r\n"[n % 4 : n % 4 + 1])
            await until(lambda n=n: came and came[0].pieces > n)
        async with asyncio.timeout(NET_S):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
        assert came[0].pieces > 90
    assert bodies == [b"\r\n\r\n" * 25]
    assert parsed <= 2


# ------------------------------------------------------------------------------------------ the web itself


async def test_security_fifth_2_the_web_does_not_parse_what_comes_behind_too_many() -> None:
    parsed = begun = 0

    class Counted(BoundedHttp):
        def on_headers_complete(self) -> None:
            nonlocal parsed
            parsed += 1
            super().on_headers_complete()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        nonlocal begun
        begun += 1
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    server = WebServer(
        uvicorn.Config(app, http=Counted, lifespan="off", log_config=None, log_level="critical")
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
        writer.write(HEAD * 5_000)
        got = b""
        with suppress(ConnectionError):
            async with asyncio.timeout(NET_S):
                got = await reader.read()
        await until(lambda: not server.server_state.connections)
        writer.close()
        server.should_exit = True
        await serving
    assert parsed == PIPELINED_MAX + 2  # the one in front, those that wait, and the one too many
    assert begun <= 1
    assert b"400" not in got  # it ends; nothing is written to it
