"""A server of one thread whose answers a test chooses, for clients that are to be tried."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

HERE: Final = "127.0.0.1"
DEADLINE_S: Final = 60.0  # a net
Answer = tuple[int, Mapping[str, object]]
SILENCE: Final[Answer] = (0, {})


@asynccontextmanager
async def answering(answer: Callable[[int], Answer], *, after_s: float = 0.0) -> AsyncGenerator[int]:
    """Its port: the n-th request (from 0) gets this answer, `after_s` later; SILENCE: none, as long as the client waits."""
    count = 0
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                (status, said), count = answer(count), count + 1
                await asyncio.sleep(after_s)
                if status:
                    body = json.dumps(said).encode()
                    writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
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
