"""Connections that never stop sending headers, or never start."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from wenyue.infra import wire
from wenyue.infra.wire import BoundedHttp
from wenyue.kernel.limits import HEAD_BYTES_MAX

pytestmark = pytest.mark.anyio


async def _answer(_scope: Any, receive: Any, send: Any) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"%d" % size
    head = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(_answer, http=BoundedHttp, lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        await serving


async def test_endless_headers_are_refused_early(port: int) -> None:
    for chunk in (b"X-More: %s\r\n" % (b"a" * 1000), b"a" * 1000):  # many headers; one that never ends
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")
        sent = 0
        with suppress(ConnectionError):
            while not reader.at_eof() and sent < 64 * HEAD_BYTES_MAX:
                writer.write(chunk)
                await writer.drain()
                sent += len(chunk)
                await asyncio.sleep(0)
        assert sent < 64 * HEAD_BYTES_MAX
        writer.close()


async def test_a_head_below_the_bound_and_a_large_body_pass(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):  # the same connection again
        size = 4 * HEAD_BYTES_MAX
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n" % (b"a" * (HEAD_BYTES_MAX - 4096)))
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (size, b"b" * size))
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        while await reader.readline() != b"\r\n":
            pass
        assert await reader.readexactly(len(str(size))) == str(size).encode()
    writer.close()


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost"])
async def test_a_head_that_does_not_come_ends_the_connection(
    port: int, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_WAIT_S", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    assert (await asyncio.wait_for(reader.read(), 30)).startswith(b"HTTP/1.1 408")
    writer.close()
