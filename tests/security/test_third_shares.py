"""One address closes nothing to the others: shares of lines, and the status page's connections."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.support.status_wire import served
from wenyue.core.limits import (
    STATUS_CONNECTIONS_MAX,
    STATUS_OF_ADDRESS_MAX,
)
from wenyue.locale import Message
from wenyue.platform.addresses import Network, line_of, parse_networks
from wenyue.platform.load_shedding.shares import Shares
from wenyue.web.status.connections import Room
from wenyue.web.status.prepared import Page
from wenyue.web.status.serving import Handler, Shelf
from wenyue.web.status.small_pages import plain_page

pytestmark = pytest.mark.anyio
_NET_S = 30.0


# ------------------------------------------------------------------------------------------ shares


def test_security_third_the_busiest_line_gives_way_and_nobody_else() -> None:
    here: Shares[str] = Shares(6, 4, lambda one: one.startswith("idle"))
    for n in range(3):
        assert here.enter(f"idle a{n}", "192.0.2.1") is None
    assert here.enter("b0", "192.0.2.2") is None
    assert here.enter("works a3", "192.0.2.1") is None
    assert here.enter("works a4", "192.0.2.1") == "idle a0"  # at its own share
    assert here.enter("c0", "192.0.2.3") is None
    assert here.enter("d0", "192.0.2.4") == "idle a1"  # full in all
    assert here.enter("e0", "::ffff:192.0.2.5") == "idle a2"
    assert sorted(here) == ["b0", "c0", "d0", "e0", "works a3", "works a4"]
    for one in list(here):
        here.leave(one)
        here.leave(one)
    assert (len(here), list(here)) == (0, [])
    assert here.enter("f", "192.0.2.1") is None


def test_security_third_an_ipv6_network_is_one_line_and_mapped_ipv4_are_many() -> None:
    here: Shares[int] = Shares(100, 2)
    assert [here.enter(n, f"2001:db8::{n:x}") for n in range(4)] == [None, None, 0, 1]
    assert line_of("::ffff:192.0.2.7") == line_of("192.0.2.7") == "192.0.2.7"
    assert line_of("fe80::1%eth0") == "fe80::/64"


# ------------------------------------------------------------------------------------------ the status page


@asynccontextmanager
async def _shelf(
    handler: Handler | None = None, proxies: tuple[Network, ...] = ()
) -> AsyncGenerator[tuple[Shelf, int]]:
    """The status page's shelf, and its port."""
    shelf = Shelf(plain_page(404, Message("Page not found")), handler, Room(proxies))
    async with served(shelf) as (_, port):
        yield shelf, port


async def _get(port: int, source: str, said: bytes = b"GET /x HTTP/1.1\r\n\r\n") -> bytes:
    async with asyncio.timeout(_NET_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        writer.write(said)
        line = await reader.readline()
        writer.close()
        return line


async def _flooded(port: int, flood: list[asyncio.StreamWriter]) -> int:
    """More connections than one address may have, each answered or let go; how many."""
    many = STATUS_OF_ADDRESS_MAX + 40
    for _ in range(many):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        flood.append(writer)
        writer.write(b"GET /x HTTP/1.1\r\n\r\n")
        async with asyncio.timeout(_NET_S):
            assert (await reader.readline()).startswith(b"HTTP/1.1 404")
    return many


async def test_security_third_one_address_cannot_close_the_status_page(
    flood: list[asyncio.StreamWriter],
) -> None:
    async with _shelf() as (shelf, port):
        await _flooded(port, flood)
        assert len(shelf.room.here) == STATUS_OF_ADDRESS_MAX
        assert STATUS_OF_ADDRESS_MAX * 8 < STATUS_CONNECTIONS_MAX
        assert (await _get(port, "127.0.9.9")).startswith(b"HTTP/1.1 404")
        assert (await _get(port, "127.0.0.1")).startswith(b"HTTP/1.1 404")  # its own newcomers are served too


async def test_security_third_visitors_behind_a_named_proxy_are_not_one_line(
    flood: list[asyncio.StreamWriter],
) -> None:
    async with _shelf(proxies=parse_networks(["127.0.0.1"])) as (shelf, port):
        many = await _flooded(port, flood)
        assert len(shelf.room.here) == many


async def test_security_third_a_length_of_thousands_of_digits_is_too_long(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handle(_method: str, _path: str, _body: bytes, _address: str) -> Page:
        return plain_page(200, Message("Page not found"))

    async with _shelf(handle) as (_, port):
        with caplog.at_level(logging.ERROR):
            for digits, status in (
                (b"9" * 4_400, b"400"),
                (b"0" * 4_400, b"413"),
                (b"2049", b"413"),
                (b"-1", b"400"),
                (b"1_0", b"400"),
                ("١".encode(), b"400"),
            ):
                said = b"POST /subscribe HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % digits
                assert (await _get(port, "127.0.0.1", said)).startswith(b"HTTP/1.1 " + status)
    assert not caplog.records
