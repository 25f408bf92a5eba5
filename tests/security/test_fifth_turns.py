"""One connection does not keep the others waiting: few answers in a turn of the loop, on the status page and on the web."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from tests.support.hot_site import until
from tests.support.status_wire import (
    HEAD,
    NET_S,
    Turns,
    status_page,
)
from wenyue.core.limits import PIPELINED_MAX
from wenyue.locale import Message
from wenyue.platform.http.web_server import WebServer
from wenyue.platform.http.wire import BoundedHttp
from wenyue.web.status.prepared import Page
from wenyue.web.status.serving import ANSWERS_PER_TURN
from wenyue.web.status.small_pages import plain_page

pytestmark = pytest.mark.anyio


async def test_security_fifth_2_a_connection_gets_one_answer_in_a_turn() -> None:
    async with status_page() as (shelf, came, port, _):
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
    async with status_page() as (shelf, came, port, _):
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
    async with status_page() as (shelf, came, port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: came)
        writer.write(HEAD * 5_000)
        with suppress(ConnectionError):
            async with asyncio.timeout(NET_S):
                await reader.read()
        await until(lambda: came[0].is_over)
        assert shelf.served <= 1
        writer.close()


async def test_security_fifth_2_a_form_that_comes_in_pieces_is_read_once() -> None:
    bodies: list[bytes] = []

    async def handle(_method: str, _path: str, body: bytes, _address: str) -> Page:
        bodies.append(body)
        return plain_page(200, Message("Page not found"))

    async with status_page(handle) as (_, came, port, _):
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
