"""Connections that never stop sending headers, or never start."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.support.serving import bounded_site, say_at_once
from wenyue.core.limits import HEAD_BYTES_MAX
from wenyue.platform.http import wire

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


async def _ends(port: int, begin: bytes, more: bytes) -> int:
    """How many bytes of `more`, again and again, are taken before the connection ends."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begin)
    sent = 0
    with suppress(ConnectionError):
        while sent < 64 * HEAD_BYTES_MAX and not writer.is_closing():
            writer.write(more)
            await writer.drain()
            sent += len(more)
            await asyncio.sleep(0)
    writer.close()
    return sent


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "said",
    [
        CHUNKED + b"0\r\nx-a: ",
        CHUNKED + b"3\r\nabc\r\n0\r\nx-a: ",
        CHUNKED + b"3;",
        CHUNKED + b"3\r\nabc\r\n3;a=",
    ],
    ids=["trailer", "trailer after a body", "extension", "extension of the second"],
)
async def test_security_eighth_F1_what_is_neither_head_nor_body_ends(port: int, said: bytes) -> None:
    """An endless trailer was copied whole with every piece, and kept: minutes of a process, and its memory."""
    assert await _ends(port, said, b"a" * 4_096) < 16 * HEAD_BYTES_MAX
    assert await _ends(port, said.replace(b"POST", b"GET"), b"a" * 4_096) < 16 * HEAD_BYTES_MAX


async def test_security_eighth_F1_a_long_body_in_chunks_and_its_trailers_pass(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    size = 16 * HEAD_BYTES_MAX
    for _ in range(2):
        writer.write(CHUNKED)
        for _ in range(size // 1_024):
            writer.write(b"400;a=b\r\n%s\r\n" % (b"b" * 1_024))
            await writer.drain()
        writer.write(b"0\r\nx-sum: 7\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        while await reader.readline() != b"\r\n":
            pass
        assert await reader.readexactly(len(str(size))) == str(size).encode()
    writer.close()


@pytest.mark.parametrize(
    "said", [b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n"], ids=["first", "after a request"]
)
async def test_security_eighth_F5_an_empty_line_keeps_no_connection(
    port: int, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request begins with it, so no timer ran: the connection stayed for ever."""
    monkeypatch.setattr(wire, "HEAD_WAIT_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if len(said) > 2:
        writer.write(said[:-2])
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.05)  # answered, and kept for the next
    writer.write(b"\r\n")
    assert b" 408 " in await asyncio.wait_for(reader.read(), 4)  # before uvicorn's own five seconds
    writer.close()


async def test_security_eighth_F1_what_was_answered_unread_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A trickle kept the connection for as long as it went on."""
    monkeypatch.setattr(wire, "HEAD_WAIT_S", 0.2)
    async with bounded_site(say_at_once) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def trickle() -> None:
            with suppress(ConnectionError):
                while True:
                    writer.write(b"1\r\na\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.02)

        writer.write(CHUNKED)
        trickling = asyncio.create_task(trickle())
        try:
            with suppress(ConnectionError):
                assert (await asyncio.wait_for(reader.read(), 30)).startswith(b"HTTP/1.1 200")
        finally:
            trickling.cancel()
        writer.close()
