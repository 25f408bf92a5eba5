"""The status page's process: what it probes and records, what hostile requests get, and that it survives what it reports."""

import asyncio
import gzip
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.status_page import Web, page_for, probed_web
from tests.support.status_wire import served
from wenyue.locale import Message
from wenyue.web.status.history import History
from wenyue.web.status.prepared import Page
from wenyue.web.status.probe import ask
from wenyue.web.status.serving import Shelf
from wenyue.web.status.small_pages import plain_page

pytestmark = pytest.mark.anyio


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with probed_web() as made:
        yield made


def test_it_loads_neither_driver_nor_application() -> None:
    look = "import sys, wenyue.web.status.__main__; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True
    )
    names = loaded.stdout.split()
    assert "uvicorn" in names
    assert {"psycopg", "starlette", "fastapi", "pydantic"} & set(names) == set()
    rooms = {".".join(name.split(".")[:3]) for name in names if name.startswith("wenyue.web.")}
    assert rooms == {"wenyue.web.status"}
    rest = {name.split(".")[1] for name in names if name.startswith("wenyue.")}
    assert rest == {"core", "locale", "platform", "web"}


async def test_a_probe_never_raises(web: Web) -> None:
    base = f"http://127.0.0.1:{web.server.sockets[0].getsockname()[1]}"
    assert (await ask(base, "/")).status == 200
    web.status = 0
    assert (await ask(base, "/")).status is None
    assert (await ask("http://127.0.0.1:1", "/")).status is None
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert (await ask(f"http://127.0.0.1:{mute.getsockname()[1]}", "/", 0.05)).status is None


async def test_an_outage_is_recorded_and_so_is_its_end(web: Web, tmp_path: Path) -> None:
    status = page_for(web, tmp_path)
    for _ in range(3):
        await status.tick()
    assert b"\xe4\xb8\x80\xe5\x88\x87\xe6\xad\xa3\xe5\xb8\xb8" in status.shelf.pages["/"].plain[1]  # 一切正常
    web.status = 0
    for _ in range(4):
        await status.tick()
    said = json.loads(status.shelf.pages["/status.json"].plain[1])
    assert said["state"] == "down"
    assert sorted(one["component"] for one in said["incidents"]) == ["booking", "entry"]
    again = page_for(web, tmp_path)  # the process was killed meanwhile: the incident goes on
    web.status = 200
    for _ in range(5):
        await again.tick()
    said = json.loads(again.shelf.pages["/status.json"].plain[1])
    assert said["state"] == "ok"
    assert [one["closed_at"] is not None for one in said["incidents"]] == [True, True]
    assert len(History(tmp_path / "status").incidents()) == 2


async def test_the_monitors_words_are_shown(web: Web, tmp_path: Path) -> None:
    (tmp_path / "monitor").mkdir()
    said = {"at": datetime.now(UTC).isoformat(), "components": {"messages": "down", "partners": "ok"}}
    (tmp_path / "monitor" / "state.json").write_text(json.dumps(said), encoding="utf-8")
    status = page_for(web, tmp_path)
    await status.tick()
    states = {
        one["name"]: one["state"]
        for one in json.loads(status.shelf.pages["/status.json"].plain[1])["components"]
    }
    assert states == {"booking": "ok", "entry": "ok", "messages": "down", "partners": "ok"}


async def test_a_disk_that_takes_nothing_does_not_end_the_page(web: Web, tmp_path: Path) -> None:
    (tmp_path / "status").write_text("a file where the folder should be", encoding="utf-8")
    status = page_for(web, tmp_path)
    for _ in range(2):
        await status.tick()
    assert json.loads(status.shelf.pages["/status.json"].plain[1])["state"] == "ok"


async def test_a_disk_that_hangs_does_not_hold_up_the_page(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wenyue.web.status.server.FILE_DEADLINE_S", 0.05)
    hangs = threading.Event()

    def hang(_history: History) -> None:
        hangs.wait(60)

    monkeypatch.setattr(History, "incidents", hang)
    status = page_for(web, tmp_path)
    try:
        async with asyncio.timeout(30):
            for _ in range(3):
                await status.tick()
        assert json.loads(status.shelf.pages["/status.json"].plain[1])["state"] == "ok"
    finally:
        hangs.set()


# --- the wire


@pytest.fixture
async def port(web: Web, tmp_path: Path) -> AsyncIterator[int]:
    status = page_for(web, tmp_path)
    await status.tick()
    async with served(status.shelf) as (_, port):
        yield port


async def talk(port: int, sent: bytes) -> bytes:
    """What comes back until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(30):
        got = await reader.read()
    writer.close()
    return got


END = b"Connection: close\r\n\r\n"


HOSTILE = [
    (b"GET / HTTP/1.1\r\n" + END, b"200 OK"),
    (b"GET /en?lang=x HTTP/1.0\r\n\r\n", b"200 OK"),
    (b"HEAD / HTTP/1.1\r\n" + END, b"200 OK"),
    (b"GET /nowhere HTTP/1.1\r\n" + END, b"404 Not Found"),
    (b"GET /../../etc/passwd HTTP/1.1\r\n" + END, b"404 Not Found"),
    (b"GET / HTTP/1.1\r\nContent-Length: 5\r\n" + END, b"405"),
    (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + END, b"405"),
    (b"POST /subscribe HTTP/1.1\r\n" + END, b"405"),
    (b"DELETE / HTTP/1.1\r\n" + END, b"405"),
    (b"nonsense\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nX: " + b"a" * 9000, b"431"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 9000, b"400"),
]


@pytest.mark.parametrize(("sent", "status"), HOSTILE)
async def test_every_request_gets_its_answer(port: int, sent: bytes, status: bytes) -> None:
    assert (await talk(port, sent)).split(b" ", 1)[1].startswith(status)


async def test_pages_are_kept_by_whoever_has_them(port: int) -> None:
    first = await talk(port, b"GET / HTTP/1.1\r\nAccept-Encoding: gzip\r\n" + END)
    head, _, body = first.partition(b"\r\n\r\n")
    assert b"max-age=10" in head
    assert gzip.decompress(body).startswith(b"<!doctype html>")
    etag = re.search(rb'etag: ("[0-9a-f]+")', head)
    assert etag is not None
    same = await talk(port, b"GET / HTTP/1.1\r\nIf-None-Match: " + etag[1] + b"\r\n" + END)
    assert same.startswith(b"HTTP/1.1 304")
    assert same.endswith(b"\r\n\r\n")


async def test_requests_in_a_row_are_answered_in_a_row(port: int) -> None:
    got = await talk(port, b"GET /healthz HTTP/1.1\r\n\r\n" * 5 + b"GET /healthz HTTP/1.1\r\n" + END)
    assert got.count(b"ok\n") == 6


async def test_a_form_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(_method: str, _path: str, _body: bytes, _address: str) -> Page:
        raise OSError

    monkeypatch.setattr("wenyue.web.status.serving.WAIT_S", 0.05)
    async with served(Shelf(plain_page(404, Message("Page not found")), handle)) as (_, port):
        head = b"POST /subscribe HTTP/1.1\r\nContent-Length: 3\r\n\r\n"
        assert (await talk(port, head)).startswith(b"HTTP/1.1 408")
        assert (await talk(port, head + b"a=b")).startswith(b"HTTP/1.1 503")
