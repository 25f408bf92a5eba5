"""The load of the drills ends when it is told to: nothing goes on after it, no connection is left."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from wenyue.tools.drill.client import Client, Wire
from wenyue.tools.drill.history import History
from wenyue.tools.drill.load import Traffic
from wenyue.tools.drill.town import VENUES, Demand, Town

pytestmark = pytest.mark.anyio
HERE = "127.0.0.1"
DEADLINE_S = 20.0
REPLY = b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def busy_server() -> AsyncGenerator[int]:
    """Refuses everything after a moment, on connections that stay."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
                await reader.readexactly(length)
                await asyncio.sleep(0.01)
                writer.write(REPLY)
                await writer.drain()
        writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, HERE, 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(*serving)  # they end with their clients' connections


@pytest.mark.parametrize("is_told_first", [False, True], ids=["while it sends", "while it waits for answers"])
async def test_cancelled_it_takes_everything_with_it(*, is_told_first: bool) -> None:
    history = History()
    town = Town(500, tuple(tuple((venue,) for venue in range(VENUES)) for _ in range(10)))
    async with busy_server() as port:
        wire = Wire(port)
        traffic = Traffic(Client(history, wire, seed=1), Demand(town, seed=1), rate_per_s=500, seed=1)
        before = asyncio.all_tasks()
        history.begin()
        running = asyncio.create_task(traffic.run())
        async with asyncio.timeout(DEADLINE_S):
            while len(history.operations) < 50:
                await asyncio.sleep(0.01)
            if is_told_first:
                traffic.stop()
                await asyncio.sleep(0.05)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        left = [one.get_coro() for one in asyncio.all_tasks() - before]
        wire.close()
    assert [one for one in left if "Traffic" in repr(one)] == []
