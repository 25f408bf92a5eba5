"""Subscriptions to the status page: confirmed, told, left, limited, and sealed."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.support.status_page import Web, incident, page_for, probed_web
from tests.support.status_wire import served
from wenyue.core.personal import KeyRing, Vault
from wenyue.locale import Message
from wenyue.platform.addresses import parse_networks
from wenyue.web.status.connections import Room
from wenyue.web.status.prepared import Page
from wenyue.web.status.serving import Shelf
from wenyue.web.status.small_pages import plain_page
from wenyue.web.status.subscribers import Subscribers

pytestmark = pytest.mark.anyio


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with probed_web() as made:
        yield made


async def linked(shelf: Shelf, path: str) -> bytes:
    """What a link of a mail leads to."""
    async with served(shelf) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        got = await reader.read()
        writer.close()
        return got


async def test_who_subscribes_confirms_is_told_and_leaves(web: Web, tmp_path: Path) -> None:
    mails: list[tuple[str, str, str]] = []
    vault = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))
    subscribers = Subscribers(
        tmp_path,
        vault,
        lambda to, subject, text: mails.append((to[0], subject, text)),
        "https://status.example.cn",
        lambda: datetime.now(UTC),
    )

    async def post(path: str, **fields: str) -> int:
        return (await subscribers.handle("POST", path, urlencode(fields).encode(), "1.2.3.4")).status

    async def mailed(count: int) -> str:
        async with asyncio.timeout(30):
            while len(mails) < count:
                await asyncio.sleep(0.01)
        return mails[-1][2]

    assert await post("/subscribe", email="nonsense") == 422
    assert await post("/subscribe", email="One@Example.cn", lang="en") == 200
    link = urlsplit(str(re.findall(r"https://\S+", await mailed(1))[0]))
    fields = {name: values[0] for name, values in parse_qs(link.query).items()}
    sending = asyncio.create_task(subscribers.send_mails())
    subscribers.queue_mails(incident())
    assert await post("/confirm", **(fields | {"sign": "0" * 32})) == 403
    button = await subscribers.handle("GET", "/confirm", link.query.encode(), "")
    assert fields["sign"].encode() in button.plain[1]
    assert await post("/confirm", **fields) == 200
    subscribers.queue_mails(incident())
    text = await mailed(2)
    assert (mails[1][0], "looking & searching" in text) == ("One@Example.cn", True)
    leave = parse_qs(urlsplit(str(re.findall(r"https://\S+/leave\S+", text)[0])).query)
    assert await post("/leave", mark=leave["mark"][0], sign=leave["sign"][0]) == 200
    assert await post("/confirm", **fields) == 403
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert b"One@Example" not in (tmp_path / "subscribers.db").read_bytes()
    answers = [await post("/subscribe", email=f"a{n}@example.cn") for n in range(6)]
    assert [one == 429 for one in answers] == [False] * 4 + [True, True]
    button = await linked(page_for(web, tmp_path / "x", subscribers).shelf, f"/confirm?{link.query}")
    assert (button[:12], fields["sign"].encode() in button) == (b"HTTP/1.1 200", True)


async def test_security_M1_subscriptions_count_for_whoever_the_named_proxy_says() -> None:
    seen: list[str] = []

    async def handle(_method: str, _path: str, _body: bytes, address: str) -> Page:
        seen.append(address)
        return lost

    lost = plain_page(404, Message("Page not found"))
    for proxies in (parse_networks(["127.0.0.1"]), ()):
        async with served(Shelf(lost, handle, Room(proxies))) as (_, port):
            for field in ("X-Forwarded-For", "CF-Connecting-IP"):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(
                    f"POST /subscribe HTTP/1.1\r\n{field}: 198.51.100.7\r\nContent-Length: 0\r\n\r\n".encode()
                )
                await reader.read()
                writer.close()
    assert seen == ["198.51.100.7", "127.0.0.1", "127.0.0.1", "127.0.0.1"]
