"""What a request and an answer carry at their edges: one host, no cache, one line; and mail passwords under TLS only."""

import smtplib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_site import ApiSite, api_site
from tests.support.database import DbUrls
from wenyue.infra.addresses import client_address, line_of, parse_networks
from wenyue.infra.config import SettingsError, load
from wenyue.infra.mail import Post

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
    ],
)
def test_security_M1_only_a_named_proxy_says_whose_address_it_is(
    peer: str, forwarded: list[str], expected: str
) -> None:
    assert client_address(peer, forwarded, parse_networks(["10.0.0.0/8"])) == expected


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
            with connection, connection.makefile("rwb") as file:
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
