"""The status page's own connections, each counting what came and what waited to be sent, and people who read nothing."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

from wenyue.locale import Message
from wenyue.web.status.pages import plain_page
from wenyue.web.status.wire import (
    Connection,
    Handler,
    Shelf,
    page,
)

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
    shelf = Shelf(plain_page("404 Not Found", Message("Page not found")), handler)
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
