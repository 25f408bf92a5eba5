"""One address closes nothing to the others: the status page, a pair's way, subscriptions; and a mail server that hangs."""

import asyncio
import logging
import re
import ssl
import struct
import threading
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.support.hot_site import until
from wenyue.faces.status.asking import MAILS_PER_HOUR_MAX, OF_LINE_MAX, OF_REGION_MAX, Asking, mailbox_of
from wenyue.faces.status.pages import plain_page
from wenyue.faces.status.subscribers import CONFIRMATIONS_WAITING_MAX, Send, Subscribers
from wenyue.faces.status.wire import Connection, Handler, Page, Shelf
from wenyue.infra.addresses import Network, line_of, parse_networks
from wenyue.infra.server.account import Account
from wenyue.infra.server.place import SOCKET_PORT, Place
from wenyue.infra.server.successor import Link, tls
from wenyue.infra.shares import Shares
from wenyue.kernel.limits import (
    LINK_HANDSHAKES_MAX,
    LINK_HANDSHAKES_OF_ADDRESS_MAX,
    STATUS_CONNECTIONS_MAX,
    STATUS_OF_ADDRESS_MAX,
)
from wenyue.kernel.personal import KeyRing, Vault
from wenyue.tools.standby.link import Gate, door, listening
from wenyue.tools.standby.state import certificate, put

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
) -> AsyncGenerator[tuple[Shelf, list[Connection], int]]:
    """The status page's shelf, whoever came to it so far, and its port."""
    shelf = Shelf(plain_page("404 Not Found", "没有", "no"), handler, frozenset(), proxies)
    came: list[Connection] = []

    def visitor() -> Connection:
        came.append(Connection(shelf))
        return came[-1]

    server = await asyncio.get_running_loop().create_server(visitor, "127.0.0.1", 0)
    try:
        yield shelf, came, server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _get(port: int, source: str, said: bytes = b"GET /x HTTP/1.1\r\n\r\n") -> bytes:
    async with asyncio.timeout(_NET_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        writer.write(said)
        line = await reader.readline()
        writer.close()
        return line


@pytest.fixture
async def flood() -> AsyncIterator[list[asyncio.StreamWriter]]:
    made: list[asyncio.StreamWriter] = []
    yield made
    for one in made:
        one.transport.abort()
        with suppress(OSError):
            await one.wait_closed()


async def _flooded(port: int, came: list[Connection], flood: list[asyncio.StreamWriter]) -> int:
    """More connections than one address may have, all of which the page has seen; how many."""
    many = STATUS_OF_ADDRESS_MAX + 40
    for _ in range(many):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        flood.append(writer)
    await until(lambda: len(came) == many)
    await asyncio.sleep(0)  # the newest is entered in the turn after it was made
    return many


async def test_security_third_one_address_cannot_close_the_status_page(
    flood: list[asyncio.StreamWriter],
) -> None:
    async with _shelf() as (shelf, came, port):
        await _flooded(port, came, flood)
        assert len(shelf.here) == STATUS_OF_ADDRESS_MAX
        assert STATUS_OF_ADDRESS_MAX * 8 < STATUS_CONNECTIONS_MAX
        assert (await _get(port, "127.0.9.9")).startswith(b"HTTP/1.1 404")
        assert (await _get(port, "127.0.0.1")).startswith(b"HTTP/1.1 404")  # its own newcomers are served too


async def test_security_third_visitors_behind_a_named_proxy_are_not_one_line(
    flood: list[asyncio.StreamWriter],
) -> None:
    async with _shelf(proxies=parse_networks(["127.0.0.1"])) as (shelf, came, port):
        many = await _flooded(port, came, flood)
        assert len(shelf.here) == many


async def test_security_third_a_length_of_thousands_of_digits_is_too_long(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handle(_method: str, _path: str, _body: bytes, _address: str) -> Page:
        return plain_page("200 OK", "好", "fine")

    async with _shelf(handle) as (_, _, port):
        with caplog.at_level(logging.ERROR):
            for digits in (b"9" * 4_400, b"0" * 4_400, b"2049", b"-1", b"1_0", "١".encode()):
                said = b"POST /subscribe HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % digits
                assert (await _get(port, "127.0.0.1", said)).startswith(b"HTTP/1.1 413")
    assert not caplog.records


# ------------------------------------------------------------------------------------------ subscriptions


class _Now:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 29, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def _subscribers(folder: Path, send: Send, now: _Now) -> Subscribers:
    vault = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))
    return Subscribers(folder, vault, send, "https://status.example.cn", now)


async def _subscribe(to: Subscribers, email: str, peer: str) -> int:
    page = await to.handle("POST", "/subscribe", urlencode({"email": email}).encode(), peer)
    return int(page.plain[0].split()[1])


async def test_security_third_a_mailbox_gets_one_confirmation_a_day(tmp_path: Path) -> None:
    mails: deque[tuple[str, str]] = deque()
    now = _Now()
    subscribers = _subscribers(tmp_path, lambda to, _subject, text: mails.append((to[0], text)), now)
    spellings = ["victim@example.cn", "Victim@Example.cn", "victim+1@example.cn", "victim+2@example.cn"]
    for n, email in enumerate(spellings * 10):
        assert await _subscribe(subscribers, email, f"192.0.{n}.1") == 200
    assert await _subscribe(subscribers, "other@example.cn", "198.51.100.1") == 200
    await until(lambda: len(mails) >= 2)
    assert [to for to, _ in mails] == ["victim@example.cn", "other@example.cn"]
    found = str(re.findall(r"https://\S+", mails[0][1])[0])
    fields = {name: values[0] for name, values in parse_qs(urlsplit(found).query).items()}
    await subscribers.handle("POST", "/confirm", urlencode(fields).encode(), "")
    leave = parse_qs(urlsplit(subscribers.link("/leave", fields["mark"])).query)
    left = urlencode({name: values[0] for name, values in leave.items()}).encode()
    assert b"200 OK" in (await subscribers.handle("POST", "/leave", left, "")).plain[0]
    assert await _subscribe(subscribers, "victim@example.cn", "203.0.113.1") == 200  # left, and asked again
    now.at += timedelta(hours=25)
    assert await _subscribe(subscribers, "victim@example.cn", "203.0.113.1") == 200
    await until(lambda: len(mails) >= 3)
    assert [to for to, _ in mails] == ["victim@example.cn", "other@example.cn", "victim@example.cn"]
    assert b"victim" not in (tmp_path / "subscribers.db").read_bytes()
    subscribers.close()


async def test_security_third_a_confirmation_that_could_not_be_sent_is_sent_when_asked_again(
    tmp_path: Path,
) -> None:
    tries: list[str] = []

    def send(to: object, _subject: str, _text: str) -> None:
        tries.append(str(to))
        if len(tries) == 1:
            raise OSError("no mail server")

    subscribers = _subscribers(tmp_path, send, _Now())
    assert await _subscribe(subscribers, "one@example.cn", "192.0.2.1") == 200
    await until(lambda: tries)
    await until(lambda: not (tmp_path / "subscribers.db-journal").exists())
    async with asyncio.timeout(_NET_S):
        while len(tries) < 2:
            assert await _subscribe(subscribers, "one@example.cn", f"198.51.{len(tries)}.1") in {200, 429}
            await asyncio.sleep(0.01)
    subscribers.close()


def test_security_third_no_line_and_no_region_uses_up_what_is_for_all() -> None:
    at = [0.0]
    asking = Asking(lambda: at[0])
    line = [asking.may_ask(f"2001:db8:1:1::{n:x}") for n in range(20)]
    assert sum(line) == OF_LINE_MAX
    region = [asking.may_ask(f"2001:db8:1:{n:x}::1") for n in range(2, 100)]
    assert sum(line) + sum(region) == OF_REGION_MAX
    block = [asking.may_ask(f"192.0.2.{n}") for n in range(256)]
    assert sum(block) == OF_REGION_MAX
    assert asking.may_ask("203.0.113.9")
    at[0] = 3601.0
    assert asking.may_ask("2001:db8:1:1::1")
    for _ in range(MAILS_PER_HOUR_MAX):
        assert asking.has_mails
        asking.note_mail()
    assert not asking.may_ask("198.51.100.77")
    at[0] = 7203.0
    assert asking.may_ask("198.51.100.77")


def test_security_third_tags_and_dots_are_the_same_mailbox() -> None:
    assert mailbox_of("A.b+news@Gmail.com") == mailbox_of("ab@gmail.com")
    assert mailbox_of("a.b+x@example.cn") == "a.b@example.cn"
    assert mailbox_of("+x@example.cn") == "+x@example.cn"


async def test_security_third_a_mail_server_that_hangs_keeps_nobody_from_subscribing(tmp_path: Path) -> None:
    hangs, goes_on = threading.Event(), threading.Event()

    def send(_to: object, _subject: str, _text: str) -> None:
        hangs.set()
        goes_on.wait(_NET_S)

    subscribers = _subscribers(tmp_path, send, _Now())
    try:
        asked = CONFIRMATIONS_WAITING_MAX - 1
        for n in range(asked):
            assert await _subscribe(subscribers, f"a{n}@example.cn", f"192.{n}.2.1") == 200
        assert hangs.is_set()
        assert await _subscribe(subscribers, "genuine@example.cn", "203.0.113.5") == 200
        assert await _subscribe(subscribers, "late@example.cn", "203.0.113.6") == 503  # at once, and told why
        assert not goes_on.is_set()
    finally:
        goes_on.set()
        subscribers.close()


async def test_many_who_subscribe_in_one_moment_do_not_pass_the_bound_together(tmp_path: Path) -> None:
    goes_on = threading.Event()

    def send(_to: object, _subject: str, _text: str) -> None:
        goes_on.wait(_NET_S)

    subscribers = _subscribers(tmp_path, send, _Now())
    try:
        asked = [
            _subscribe(subscribers, f"a{n}@example.cn", f"192.{n}.2.1")
            for n in range(CONFIRMATIONS_WAITING_MAX + 20)
        ]
        said = Counter(await asyncio.gather(*asked))
        assert said == {200: CONFIRMATIONS_WAITING_MAX, 503: 20}
    finally:
        goes_on.set()
        subscribers.close()


async def test_whoever_leaves_before_the_answer_does_not_cost_a_mailbox_its_confirmation(
    tmp_path: Path,
) -> None:
    mails: list[str] = []
    subscribers = _subscribers(tmp_path, lambda to, _subject, _text: mails.append(to[0]), _Now())
    asking = asyncio.create_task(_subscribe(subscribers, "one@example.cn", "192.0.2.1"))
    await asyncio.sleep(0)
    asking.cancel()  # as the connection does when it is lost
    with suppress(asyncio.CancelledError):
        await asking
    assert await _subscribe(subscribers, "one@example.cn", "198.51.100.1") == 200
    await until(lambda: mails)
    assert mails == ["one@example.cn"]
    subscribers.close()


# ------------------------------------------------------------------------------------------ the way between a pair


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while said := await reader.read(4096):
            writer.write(said)
            await writer.drain()
    writer.close()


def _replication_login() -> bytes:
    fields = b"user\0wenyue_standby\0replication\0true\0\0"
    return struct.pack("!II", len(fields) + 8, 3 << 16) + fields


async def _is_ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(1), _NET_S) == b""
    except ConnectionResetError:
        return True


async def test_security_third_only_known_peers_begin_a_handshake_and_few_at_once(
    tmp_path: Path, flood: list[asyncio.StreamWriter]
) -> None:
    mine, theirs = certificate("here"), certificate("there")
    here, there = tmp_path / "here", tmp_path / "there"
    link = Link("primary", "127.0.0.1", 0, "127.0.0.0/30", "127.0.0.1", 1, "secret")
    for home, own, peer in ((here, mine, theirs), (there, theirs, mine)):
        home.mkdir()
        put(home, link, own, peer[0])
    place = Place(here, tmp_path, tmp_path, tmp_path, Account("me", 0, 0, switch=False), {})
    inside = await asyncio.start_unix_server(_echo, tmp_path / f".s.PGSQL.{SOCKET_PORT}")
    gate = Gate(place, link)
    with listening(link) as listener:
        port = listener.getsockname()[1]
        accepting = asyncio.create_task(door(gate, tls(here, ssl.Purpose.CLIENT_AUTH)).run(listener))

        async def come(source: str, context: ssl.SSLContext | None = None) -> asyncio.StreamReader:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(source, 0), ssl=context
            )
            flood.append(writer)
            return reader

        replicating = await come("127.0.0.1", tls(there, ssl.Purpose.SERVER_AUTH))
        flood[-1].write(_replication_login())
        assert await replicating.readexactly(len(_replication_login())) == _replication_login()
        wire = flood[-1]
        strangers = [await come("127.0.0.9") for _ in range(LINK_HANDSHAKES_MAX)]
        assert all([await _is_ended(one) for one in strangers])  # before a byte of TLS
        silent = [await come("127.0.0.1") for _ in range(LINK_HANDSHAKES_OF_ADDRESS_MAX + 3)]
        assert all([await _is_ended(one) for one in silent[:3]])
        for source in ("127.0.0.1", "127.0.0.2"):
            other = await come(source, tls(there, ssl.Purpose.SERVER_AUTH))
            flood[-1].write(_replication_login())
            assert await other.readexactly(len(_replication_login())) == _replication_login()
        wire.write(b"still here")
        assert await replicating.readexactly(10) == b"still here"
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)
        gate.close()
    inside.close()
