"""Connections that never stop sending headers, or never start."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.support.serving import bounded_site
from wenyue.infra import wire
from wenyue.kernel.limits import HEAD_BYTES_MAX

pytestmark = pytest.mark.anyio


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with bounded_site() as found:
        yield found


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
