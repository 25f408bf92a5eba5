"""One connection does not fill the status page's memory, whether it does not read or sends too much."""

import asyncio
import tracemalloc
from contextlib import suppress

import pytest

from tests.support.hot_site import until
from tests.support.status_wire import (
    BODY,
    CHUNK,
    GET,
    NET_S,
    Turns,
    ask_on,
    silent,
    status_page,
)
from wenyue.core import unread
from wenyue.core.limits import PIPELINED_MAX
from wenyue.locale import Message
from wenyue.platform.http import unread as infra_unread
from wenyue.web.status.connections import WAITING_BYTES_MAX
from wenyue.web.status.prepared import Page
from wenyue.web.status.small_pages import plain_page

pytestmark = pytest.mark.anyio


async def test_security_fifth_1_at_most_one_answer_waits_for_who_does_not_read() -> None:
    async with status_page() as (shelf, came, port, _):
        with silent(port) as one:
            turns = Turns(shelf, came)
            await ask_on(one, GET * (PIPELINED_MAX // 2), 10)
            turns.stop()
            assert shelf.served >= 1
            assert came[0].most_unsent <= len(BODY) + 2_000
            assert shelf.served <= 2  # the kernel took less than one


async def test_security_fifth_1_nothing_is_read_of_who_does_not_read() -> None:
    async with status_page() as (shelf, came, port, _):
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
    async with status_page() as (shelf, came, port, server):
        with silent(port) as one:
            await ask_on(one, GET, 1)
            await until(lambda: came)
            async with asyncio.timeout(NET_S):
                while not came[0].is_over:
                    await ask_on(one, GET, 1)
                    await asyncio.sleep(0.01)
        assert server.unread.ended == 1
        assert len(shelf.room.here) == 0


async def test_security_fifth_1_a_slow_reader_who_takes_enough_gets_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wenyue.web.status.serving.WAIT_S", 1)
    async with status_page() as (_, came, port, _):
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
        return plain_page(200, Message("Page not found"))

    async with status_page(handle) as (_, _, port, _):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /subscribe HTTP/1.1\r\nContent-Length: 1\r\n\r\na")
        async with asyncio.timeout(NET_S):
            await is_asked.wait()
        tracemalloc.start()
        try:
            with suppress(ConnectionError):  # it is no request: the connection ends
                async with asyncio.timeout(NET_S):
                    for _ in range(256):  # 16 MiB
                        writer.write(CHUNK)
                        await writer.drain()
            kept = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert kept < 4_000_000
        may_answer.set()
        writer.close()


@pytest.mark.parametrize(
    ("size", "is_over"), [(WAITING_BYTES_MAX // 8, False), (WAITING_BYTES_MAX // 4, True)]
)
async def test_security_fifth_1_what_waits_behind_a_request_is_bounded_in_bytes(
    size: int, *, is_over: bool
) -> None:
    behind = b"GET / HTTP/1.1\r\nX: " + b"a" * (size - 24) + b"\r\n\r\n"
    async with status_page() as (_, came, port, _):
        with silent(port) as one:
            await until(lambda: came)
            one.setblocking(True)
            one.sendall(GET + behind * 5)
            await until(lambda: came[0].pieces)
            for _ in range(20):
                await asyncio.sleep(0)
            assert came[0].is_over is is_over
