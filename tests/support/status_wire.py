"""The status page's own connections, each counting what came and what waited to be sent, and people who read nothing."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, ClassVar, Final

from tests.support.hot_site import until
from wenyue.locale import Message
from wenyue.web.status.connections import Room, Visitor
from wenyue.web.status.prepared import page
from wenyue.web.status.serving import Handler, PageServer, Shelf
from wenyue.web.status.small_pages import plain_page

BODY: Final = b"x" * 400_000
GET: Final = b"GET / HTTP/1.1\r\n\r\n"
HEAD: Final = b"HEAD / HTTP/1.1\r\n\r\n"
NET_S: Final = 30.0
CHUNK: Final = b"x" * 65_536


class Counted(Visitor):
    """A connection of which the kernel keeps little; counts what came and the most that waited to be sent."""

    came: "ClassVar[list[Counted]]"

    def __init__(self, room: Room, **given: Any) -> None:
        super().__init__(room, **given)
        self.pieces = self.most_unsent = 0
        self.line: asyncio.Transport
        self.is_over = False

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The kernel keeps little for it."""
        self.line = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        super().connection_made(transport)
        self.came.append(self)

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

    def __init__(self, shelf: Shelf, came: list[Counted]) -> None:
        self._shelf, self._came = shelf, came
        self._before, self._pieces, self._fresh = shelf.served, 0, 0
        self.most_answered = self.most_behind = 0
        self._is_on = True
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        answered = self._shelf.served - self._before
        self._before = self._shelf.served
        pieces = sum(one.pieces for one in self._came)
        self.most_answered = max(self.most_answered, answered)
        fresh, self._pieces = pieces - self._pieces, pieces
        self.most_behind = max(
            self.most_behind, answered - fresh - self._fresh
        )  # a piece is answered in the next turn
        self._fresh = fresh
        for one in self._came:
            one.look()
        if self._is_on:
            asyncio.get_running_loop().call_soon(self._turn)

    def stop(self) -> None:
        """Look no more."""
        self._is_on = False


@asynccontextmanager
async def served(shelf: Shelf, protocol: type[Visitor] = Visitor) -> AsyncGenerator[tuple[PageServer, int]]:
    """The page's server, and its port."""
    server = PageServer(shelf, protocol)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        try:
            yield server, listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def status_page(
    handler: Handler | None = None,
) -> AsyncGenerator[tuple[Shelf, list[Counted], int, PageServer]]:
    """A shelf with one long page, whoever came to it, its port and its server."""
    shelf = Shelf(plain_page(404, Message("Page not found")), handler)
    shelf.pages = {"/": page(BODY, "text/plain", age_s=0)}
    came: list[Counted] = []
    protocol = type("CountedHere", (Counted,), {"came": came, "heads": {}})
    async with served(shelf, protocol) as (server, port):
        yield shelf, came, port, server


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
