"""Answers that nobody reads hold no place of the hot lane; their connections end after a time, and nothing is said of it."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import uvicorn

from tests.support.api_server import serving_app
from tests.support.database import DbUrls
from tests.support.hot_site import until
from tests.support.traveller_site import CARD, DOCUMENT, NAME
from wenyue.app import App
from wenyue.core import unread
from wenyue.core.limits import PIPELINED_MAX, UNREAD_RATE_MIN, UNREAD_WAIT_S
from wenyue.core.unread import Unread, too_many
from wenyue.platform.http import unread as infra_unread
from wenyue.platform.http.web_server import WebServer
from wenyue.platform.http.wire import BoundedHttp

pytestmark = pytest.mark.anyio
LONG: Final = 8_000_000  # more than any kernel keeps for one connection
SILENT: Final = 30
ENOUGH: Final = int(UNREAD_RATE_MIN * UNREAD_WAIT_S)
SIGN_IN: Final = {"card_no": CARD[0], "pin": CARD[1]}


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the kernel nor the server keeps more than a few answers for somebody who does not read."""
    made = BoundedHttp.connection_made

    def narrow(self: BoundedHttp, transport: asyncio.Transport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
        transport.set_write_buffer_limits(high=0)
        made(self, transport)

    monkeypatch.setattr(BoundedHttp, "connection_made", narrow)


def _silent(port: int, asked: bytes) -> socket.socket:
    """A connection that asks and takes nothing of what is answered."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    one.connect(("127.0.0.1", port))
    one.sendall(asked)
    return one


# ------------------------------------------------------------------------------------------------ the hot lane


@pytest.fixture
def site(make_database: Callable[[], DbUrls], tmp_path: Path, narrow: None) -> Iterator[tuple[str, App]]:
    del narrow  # is in force
    with serving_app(make_database(), tmp_path) as served:
        yield served


async def test_security_H1_bookings_whose_answers_nobody_reads_hold_no_place_of_the_hot_lane(
    site: tuple[str, App],
) -> None:
    address, app = site
    hot = app.services.admission.hot
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        await client.post("/v1/cards/activation", json={**SIGN_IN, "name": NAME, "number": DOCUMENT})
        token = (await client.post("/v1/session", json=SIGN_IN)).json()["token"]
        assert (
            await client.post("/v1/bookings", json={}, headers={"Authorization": f"Bearer {token}"})
        ).status_code == 422
        booking = (
            "POST /v1/bookings HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: 2\r\n\r\n{{}}"
        ).encode()
        before = hot.done
        silent = [_silent(int(address.rpartition(":")[2]), booking * PIPELINED_MAX) for _ in range(SILENT)]
        try:
            await until(lambda: hot.done - before >= 2 * SILENT)
            await until(lambda: hot.in_flight == 0)
            known = await client.post("/v1/bookings", json={}, headers={"Authorization": f"Bearer {token}"})
        finally:
            for one in silent:
                one.close()
    assert known.status_code in {422, 429}  # decided, not put off
    assert hot.done - before < PIPELINED_MAX * SILENT  # the others still wait behind what is not read


# ------------------------------------------------------------------------------------------------ the connections


class _Site:
    """Answers with as many bytes as its path says; and how many requests it began."""

    def __init__(self) -> None:
        self.begun = 0
        self.server = WebServer(
            uvicorn.Config(self, http=BoundedHttp, lifespan="off", log_config=None, log_level="error")
        )
        self.port = 0

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        self.begun += 1
        while (await receive()).get("more_body"):
            pass
        size = int(scope["path"].strip("/"))
        await asyncio.sleep(0)
        head = [(b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"x" * size})

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    @property
    def tasks(self) -> int:
        return len(self.server.server_state.tasks)


@pytest.fixture
async def plain(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Site]:
    for module in (unread, infra_unread):
        monkeypatch.setattr(module, "UNREAD_WAIT_S", 0.2)
    site = _Site()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site.port = listener.getsockname()[1]
        serving = asyncio.create_task(site.server.serve(sockets=[listener]))
        await until(lambda: site.server.started)
        yield site
        site.server.should_exit = True
        await serving


def _ask(size: int) -> bytes:
    return b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % size


@pytest.mark.parametrize(
    "asked", [_ask(LONG), _ask(LONG // 20) * 30], ids=["one answer", "one after another"]
)
async def test_security_H1_a_connection_whose_peer_takes_nothing_ends_quietly(
    plain: _Site, asked: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    silent = [_silent(plain.port, asked) for _ in range(5)]
    try:
        await until(lambda: plain.begun >= len(silent))
        await until(lambda: plain.server.unread.ended == len(silent))
        await until(lambda: (plain.connections, plain.tasks) == (0, 0))
    finally:
        for one in silent:
            one.close()
    assert [one for one in caplog.records if one.exc_info or one.levelno >= logging.WARNING] == []


async def test_security_H1_a_slow_reader_who_takes_enough_gets_everything(plain: _Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plain.port, limit=4096)
    writer.write(_ask(LONG))
    assert b"200" in await reader.readuntil(b"\r\n\r\n")
    left, looks = LONG, 0
    while left:
        left -= len(await reader.read(65_536))
        if looks < 20 and not left % 7:  # pauses that are long enough for a look
            looks += 1
            await asyncio.sleep(0.05)
    assert plain.server.unread.ended == 0
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def test_security_H1_whoever_leaves_with_answers_unread_leaves_no_trace(
    plain: _Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(unread, "UNREAD_WAIT_S", 1e9)  # it is the peer who ends it
    caplog.set_level(logging.INFO)
    silent = [_silent(plain.port, _ask(LONG // 20) * 30) for _ in range(5)]
    await until(lambda: plain.server.unread.waiting == len(silent))
    for one in silent:
        one.close()
    await until(lambda: (plain.connections, plain.tasks) == (0, 0))
    assert [one for one in caplog.records if one.exc_info or one.levelno >= logging.WARNING] == []


async def test_security_H1_requests_that_wait_behind_another_are_few(plain: _Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plain.port)
    writer.write(_ask(10) * PIPELINED_MAX)
    for _ in range(PIPELINED_MAX):
        await asyncio.wait_for(reader.readuntil(b"x" * 10), 30)
    writer.close()
    begun = plain.begun
    many = _silent(plain.port, _ask(10) * 3_000)
    await until(lambda: plain.begun > begun)
    await until(lambda: (plain.connections, plain.tasks) == (0, 0))
    assert plain.begun - begun < 3_000
    many.close()


# ------------------------------------------------------------------------------------------------ the rules


def test_security_H1_who_takes_too_little_is_given_up_and_who_takes_enough_has_as_long_again() -> None:
    one = Unread("a", 100.0, 5_000)
    assert not one.is_given_up(100.0 + UNREAD_WAIT_S - 1, 5_000)
    assert one.is_given_up(100.0 + UNREAD_WAIT_S, 5_000 + ENOUGH - 1)
    assert not one.is_given_up(100.0 + UNREAD_WAIT_S, 5_000 + ENOUGH)
    assert not one.is_given_up(100.0 + 2 * UNREAD_WAIT_S - 1, 5_000 + ENOUGH)
    assert one.is_given_up(100.0 + 2 * UNREAD_WAIT_S, 5_000 + ENOUGH)


def test_security_H1_the_longest_of_the_busiest_address_end_when_too_many_wait() -> None:
    busy = [Unread("a", float(number), 0) for number in (3, 1, 2, 5)]
    others = [Unread("b", 0.0, 0), Unread("b", 9.0, 0), Unread("c", 0.5, 0)]
    assert too_many([*busy, *others], 7) == []
    assert [one.since_s for one in too_many([*busy, *others], 5)] == [1.0, 2.0]
    assert too_many([*busy, *others], 0) != []
    assert len(too_many([*busy, *others], 2)) == 5


async def test_security_H1_so_many_connections_with_answers_unread_and_no_more(
    plain: _Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "UNREAD_WAIT_S", 1e9)
    monkeypatch.setattr(infra_unread, "UNREAD_AT_ONCE_MAX", 3)
    silent = [_silent(plain.port, _ask(LONG)) for _ in range(8)]
    try:
        await until(lambda: plain.server.unread.ended == 5)
        await until(lambda: plain.connections == 3)
    finally:
        for one in silent:
            one.close()
