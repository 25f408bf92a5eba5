"""The chaos proxy does what it says, and the same for the same seed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from time import monotonic

import pytest

from wenyue_lab.chaos.proxy import CALM, ChaosProxy, LinkNoise

pytestmark = pytest.mark.anyio
HERE = "127.0.0.1"
DEADLINE_S = 20.0


class Echo:
    """Answers every line with the same line, and remembers what it got."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError):
            while line := await reader.readline():
                self.got.append(line)
                writer.write(line)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def proxied(noise: LinkNoise = CALM, *, seed: int = 1) -> AsyncGenerator[tuple[Echo, ChaosProxy]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, HERE, 0)
    port = int(server.sockets[0].getsockname()[1])
    async with ChaosProxy((HERE, 0), (HERE, port), seed=seed) as proxy:
        proxy.noise = noise
        yield echo, proxy
    server.close()


async def ask(proxy: ChaosProxy, line: bytes = b"hello\n") -> bytes:
    """One line on a connection of its own; b'' when the connection ended without an answer."""
    reader, writer = await asyncio.open_connection(HERE, proxy.port)
    try:
        writer.write(line)
        return await asyncio.wait_for(reader.readline(), DEADLINE_S)
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


async def test_calm_weather_carries() -> None:
    async with proxied() as (echo, proxy):
        assert await ask(proxy) == b"hello\n"
        assert echo.got == [b"hello\n"]


async def test_a_lost_reply_is_one_whose_request_went_through() -> None:
    async with proxied(LinkNoise(lost_reply_chance=1.0)) as (echo, proxy):
        assert await ask(proxy) == b""
        assert echo.got == [b"hello\n"]
        assert proxy.counts["lost replies"] == 1


async def test_delay_and_bandwidth_take_their_time() -> None:
    async with proxied(LinkNoise(delay_s=0.1)) as (_, proxy):
        began = monotonic()
        assert await ask(proxy) == b"hello\n"
        assert monotonic() - began >= 0.2  # there and back
        proxy.noise = LinkNoise(bytes_per_s=100)
        reader, writer = await asyncio.open_connection(HERE, proxy.port)
        began = monotonic()
        for _ in range(3):
            writer.write(b"0123456789\n")
            assert await asyncio.wait_for(reader.readline(), DEADLINE_S) == b"0123456789\n"
        assert monotonic() - began >= 0.2
        writer.transport.abort()


async def test_a_stall_holds_a_piece_up() -> None:
    async with proxied(LinkNoise(stall_chance=1.0, stall_s=0.1)) as (_, proxy):
        began = monotonic()
        assert await ask(proxy) == b"hello\n"
        assert monotonic() - began >= 0.2  # there and back
        assert proxy.counts["stalls"] == 2


async def test_half_open_carries_nothing_until_it_is_over() -> None:
    async with proxied(LinkNoise(is_half_open=True)) as (echo, proxy):
        asking = asyncio.create_task(ask(proxy))
        await asyncio.sleep(0.2)
        assert not asking.done()
        assert echo.got == []
        proxy.noise = CALM
        assert await asking == b"hello\n"


async def test_a_cut_ends_every_connection() -> None:
    async with proxied(LinkNoise(is_half_open=True)) as (_, proxy):
        asking = [asyncio.create_task(ask(proxy)) for _ in range(5)]
        while proxy.counts["connections"] < 5:
            await asyncio.sleep(0.01)
        assert proxy.cut() == 5
        assert await asyncio.gather(*asking) == [b""] * 5


async def test_the_same_seed_resets_the_same_connections() -> None:
    async def outcome(seed: int) -> list[bool]:
        async with proxied(LinkNoise(reset_chance=0.3), seed=seed) as (_, proxy):
            return [await ask(proxy) == b"hello\n" for _ in range(40)]

    first = await outcome(7)
    assert first == await outcome(7)
    assert first != await outcome(8)
    assert 5 < sum(first) < 38
