"""What a request and an answer carry at their edges: one host, no cache, one line; and mail passwords under TLS only."""

import asyncio
import smtplib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_site import ApiSite, api_site
from tests.support.database import DbUrls
from wenyue.platform.addresses import client_address, is_of_this_machine, line_of, parse_networks, sender_of
from wenyue.platform.config import load
from wenyue.platform.http.bodies import BodyRoom
from wenyue.platform.mail import Post
from wenyue.platform.variables import SettingsError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as site:
        yield site


async def status_of(site: ApiSite, hosts: list[bytes], path: str, version: str = "1.1") -> int:
    """The status of a GET with these Host headers."""
    said: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": version,
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", host) for host in hosts],
        "client": ("192.0.2.1", 1234),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    await site.app(scope, receive, send)
    return said[0]["status"]


async def test_security_L_a_request_names_one_host(site: ApiSite) -> None:
    for path in ("/v1/venues", "/", "/healthz"):
        assert await status_of(site, [b"book.example.cn"], path) == 200
        assert await status_of(site, [b"[::1]:8000"], path) == 200
        assert await status_of(site, [], path, "1.0") == 200
        for bad in ([], [b"a", b"a"], [b"a", b"b"], [b"a b"], [b"a/b"], [b""], [b"a@b"]):
            assert await status_of(site, bad, path) == 400, bad


async def test_security_L_a_name_that_was_sent_decides_no_link(site: ApiSite) -> None:
    for path in ("/", "/docs"):
        page = await site.client.get(path, headers={"Host": "evil.example"})
        assert "evil.example" not in page.text
        own = await site.client.get(path, headers={"Host": "127.0.0.1:8000"})
        assert "http://127.0.0.1" in own.text


async def test_security_L_answers_about_bookings_are_kept_by_no_cache(site: ApiSite) -> None:
    person = await site.traveller()
    slot = (await site.slots("lake"))[0]["slot_id"]
    booked = await site.book(person, slot)
    assert booked.status_code == 201
    refused = await site.book(person, slot)
    assert refused.status_code == 409
    for answer in (booked, refused, await site.client.post("/v1/bookings")):
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["a\x00b", "a\r\nBcc: x", "a\u2028b", "a\x1bb"])
async def test_security_L_a_name_is_one_line(site: ApiSite, name: str) -> None:
    person = await site.traveller()
    slot = (await site.slots("lake"))[0]["slot_id"]
    answer = await site.book(person, slot, contact_name=name)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/contact_name"]


async def test_security_L_signing_in_again_ends_the_token_that_was_sent_along(site: ApiSite) -> None:
    person = await site.traveller()
    body = {"card_no": person.card_no, "pin": "20260001"}
    again = await site.client.post("/v1/session", json=body, headers=person.headers)
    assert again.status_code == 201
    for token, status in ((person.token, 401), (again.json()["token"], 201)):
        head = {"Authorization": f"Bearer {token}"}
        visitor = {"name": person.name, "number": person.number}
        assert (await site.client.post("/v1/visitors", json=visitor, headers=head)).status_code == status
    keeper = await site.staff()
    password = {"login": "gate", "password": "correct horse"}
    assert (await site.client.post("/v1/gate/session", json=password, headers=keeper.headers)).is_success
    scan = await site.client.delete("/v1/gate/session", headers=keeper.headers)
    assert scan.status_code in (204, 401)


# ------------------------------------------------------------------------------------------------ whose address


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # nobody's proxy: not believed
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["9.9.9.9, 198.51.100.1"], "198.51.100.1"),  # what the client wrote itself comes first
        ("10.0.0.1", ["9.9.9.9", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], ""),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2:3:4:5:6"),
        ("", ["198.51.100.1"], ""),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),  # some write the port, too
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
    ],
)
def test_security_M1_only_a_named_proxy_says_whose_address_it_is(
    peer: str, forwarded: list[str], expected: str
) -> None:
    assert client_address(peer, forwarded, parse_networks(["10.0.0.0/8"])) == expected


def asgi(peer: str, host: str = "127.0.0.1:8000", **fields: str) -> dict[str, Any]:
    """A request's scope."""
    head = [(b"host", host.encode())]
    head += [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return {"client": (peer, 1), "headers": head}


@pytest.mark.parametrize(
    "name", ["cf_connecting_ip", "true_client_ip", "x_real_ip", "forwarded", "x_client_ip"]
)
@pytest.mark.parametrize("peer", ["10.0.0.1", "203.0.113.9"])
def test_security_M1_no_other_field_says_whose_address_it_is(peer: str, name: str) -> None:
    assert sender_of(asgi(peer, **{name: "198.51.100.1"}), parse_networks(["10.0.0.0/8"])) == peer
    assert sender_of(asgi(peer, **{name: "198.51.100.1"}), ()) == peer


def test_security_M1_this_machine_is_who_comes_over_loopback_and_was_not_passed_on() -> None:
    own = {
        "user_agent": "Prometheus/3.5",
        "x_prometheus_scrape_timeout_seconds": "10",
        "sec_fetch_site": "none",
    }
    for peer, host in (
        ("127.0.0.1", "127.0.0.1:8000"),
        ("::1", "[::1]:8000"),
        ("::ffff:127.0.0.1", "localhost"),
    ):
        assert is_of_this_machine(asgi(peer, host, **own), ())
        assert not is_of_this_machine(
            asgi(peer, host, **own), parse_networks(["127.0.0.0/8", "::1"])
        )  # a proxy here
        assert not is_of_this_machine(asgi(peer, host, **own, cf_connecting_ip="127.0.0.1"), ())
        assert not is_of_this_machine(asgi(peer, "book.example.cn", **own), ())
    assert not is_of_this_machine(asgi("10.0.0.1"), parse_networks(["10.0.0.0/8"]))
    assert not is_of_this_machine(
        asgi("10.0.0.1", x_forwarded_for="127.0.0.1"), parse_networks(["10.0.0.0/8"])
    )
    assert not is_of_this_machine(asgi(""), ())
    twice = asgi("127.0.0.1")
    assert not is_of_this_machine({**twice, "headers": twice["headers"] * 2}, ())


async def test_security_M1_a_body_counts_for_whoever_the_named_proxy_says() -> None:
    room = BodyRoom(parse_networks(["10.0.0.1"]))
    ends = [asyncio.Event() for _ in range(3)]

    async def send(client: str, end: asyncio.Event) -> bytes:
        pieces = [b"{", b"}"]

        async def receive() -> dict[str, Any]:
            if len(pieces) == 1:
                await end.wait()
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        return await room.read_body(asgi("10.0.0.1", x_forwarded_for=client), receive)

    clients = ("198.51.100.1", "198.51.100.2", "198.51.100.1")
    sending = [asyncio.create_task(send(*one)) for one in zip(clients, ends, strict=True)]
    while room.reading < 3:
        await asyncio.sleep(0)
    here = sorted(one.address for one in room._here)  # pyright: ignore[reportPrivateUsage]
    assert here == sorted(clients)
    for end in ends:
        end.set()
    assert await asyncio.gather(*sending) == [b"{}"] * 3


def test_one_line_of_ipv6_is_one_place() -> None:
    assert line_of("2001:db8:1:2:3:4:5:6") == line_of("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert line_of("203.0.113.9") == "203.0.113.9"
    assert not line_of("")


def test_a_mistyped_proxy_is_named() -> None:
    with pytest.raises(SettingsError, match=r"WENYUE_TRUSTED_PROXIES: 10\.0\.0\.256"):
        load({"WENYUE_TRUSTED_PROXIES": "10.0.0.256"})


# ------------------------------------------------------------------------------------------------ mail


@pytest.fixture
def plain_server() -> Iterator[tuple[int, list[bytes]]]:
    """A mail server without STARTTLS that takes any password, and what it heard."""
    heard: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            # (whoever does not wait for the last answer is no fault)
            with suppress(OSError), connection, connection.makefile("rwb") as file:
                file.write(b"220 here\r\n")
                file.flush()
                for line in file:
                    heard.append(line)
                    word = line[:4].upper()
                    answer = {
                        b"EHLO": b"250-here\r\n250 AUTH PLAIN\r\n",
                        b"AUTH": b"235 ok\r\n",
                        b"DATA": b"354 go\r\n",
                    }
                    file.write(answer.get(word, b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n"))
                    file.flush()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield listening.getsockname()[1], heard
        listening.shutdown(socket.SHUT_RDWR)


def test_security_L_a_mail_password_is_not_sent_in_the_clear(plain_server: tuple[int, list[bytes]]) -> None:
    port, heard = plain_server
    with pytest.raises(smtplib.SMTPNotSupportedError, match="in the clear"):
        Post(f"smtp://user:secret@127.0.0.1:{port}", "a@example.cn").send(["b@example.cn"], "x", "y")
    assert not any(line.startswith((b"AUTH", b"MAIL")) for line in heard)
    Post(f"smtp://127.0.0.1:{port}", "a@example.cn").send(["b@example.cn"], "x", "y")
    assert any(line.startswith(b"mail FROM") for line in heard)
    Post(f"smtp://user:secret@127.0.0.1:{port}?plain=1", "a@example.cn").send(["b@example.cn"], "x", "y")
    assert any(line.startswith(b"AUTH") for line in heard)
