"""The status page: what it says, that it is small, that hostile requests get little, and that it survives what it reports."""

import asyncio
import gzip
import json
import re
import socket
import sqlite3
import threading
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from starlette.requests import Request

from wenyue.faces.shared.pages import status_url
from wenyue.faces.status.history import INCIDENTS_MAX, History
from wenyue.faces.status.model import COMPONENTS, Day, Incident, Note, Seen, Standing, State
from wenyue.faces.status.pages import Known, all_pages, html
from wenyue.faces.status.probe import ask
from wenyue.faces.status.rules import class_of, follow, from_monitor, judge, last_days, overall, uptime
from wenyue.faces.status.run import place_of
from wenyue.faces.status.server import Place, StatusPage
from wenyue.faces.status.subscribers import Subscribers
from wenyue.faces.status.wire import Connection
from wenyue.infra.config import load
from wenyue.kernel.personal import KeyRing, Vault

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
OK, DOWN = Seen(200, 5.0), Seen(None, 4000.0)
BYTES_MAX = 100 * 1024


def incident(n: int = 1, **more: Any) -> Incident:
    note = Note(NOW, "investigating", "<b>正在</b>查", "looking & searching")
    made = Incident(f"i{n}", "booking", NOW, None, False, "预约<慢>", "Booking is slow", (note,))
    return replace(made, **more)


def known(state: State = State.OK, incidents: Sequence[Incident] = ()) -> Known:
    days = {
        TODAY - timedelta(days=n): Day(TODAY - timedelta(days=n), 86_000, 300, n % 7 * 20) for n in range(90)
    }
    standings = {one.name: Standing(state, NOW, took_ms=3.2) for one in COMPONENTS}
    return Known(
        NOW,
        standings,
        {one.name: days for one in COMPONENTS},
        incidents,
        booking_url="https://book.example.cn",
        own_url="https://status.example.cn",
        takes_subscriptions=True,
    )


# ------------------------------------------------------------------------------------------------- rules


def test_what_probes_mean() -> None:
    assert judge([OK, OK]) is State.OK
    assert judge([OK, Seen(404, 5.0)]) is State.OK
    assert judge([OK, Seen(503, 5.0)]) is State.SLOW  # it refuses because it is busy
    assert judge([OK, Seen(200, 1501.0)]) is State.SLOW
    assert judge([Seen(503, 5.0), OK]) is State.DOWN  # it says itself that it is not ready
    assert judge([OK, Seen(500, 5.0)]) is State.DOWN
    assert judge([DOWN]) is State.DOWN


def test_one_bad_probe_is_no_outage() -> None:
    standing = follow(None, State.OK, 5.0, NOW)
    standing = follow(standing, State.DOWN, None, NOW)
    assert standing.state is State.OK
    standing = follow(standing, State.DOWN, None, NOW)
    assert (standing.state, standing.bad) == (State.DOWN, 2)
    standing = follow(standing, State.OK, 5.0, NOW)
    assert standing.state is State.DOWN
    assert follow(standing, State.OK, 5.0, NOW).state is State.OK


def test_a_silent_or_mad_monitor_says_nothing() -> None:
    said = {"at": NOW.isoformat(), "components": {"messages": "slow", "x": "nonsense"}}
    assert from_monitor(said, NOW) == {"messages": State.SLOW, "x": State.UNKNOWN}
    assert from_monitor(said, NOW + timedelta(minutes=5)) == {}
    mad_ones: list[object] = [
        None,
        7,
        "x",
        {"at": 3},
        {"at": "2026-01-01"},
        {"at": NOW.isoformat(), "components": 7},
    ]
    for mad in mad_ones:
        assert from_monitor(mad, NOW) == {}


def test_uptime_counts_only_what_was_seen() -> None:
    days = last_days({TODAY: Day(TODAY, 50, 25, 25)}, TODAY)
    assert (len(days), uptime(days)) == (90, 0.75)
    assert [class_of(one) for one in days[-2:]] == ["none", "slow"]
    assert class_of(Day(TODAY, 1, 0, 61)) == "down"
    assert uptime(last_days({}, TODAY)) is None
    assert overall({}) is State.UNKNOWN


# ------------------------------------------------------------------------------------------------- pages


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_both_languages_say_it_all(state: State, locale: str) -> None:
    text = html(known(state, [incident(), incident(2, closed_at=NOW)]), locale)
    for must in ("status.json", "feed.atom", 'lang="' + locale, "data-plain", "https://book.example.cn"):
        assert must in text
    assert "&lt;b&gt;" in text if locale == "zh-CN" else "looking &amp; searching" in text
    shown = re.sub(r'<[^>]*lang="zh-CN"[^>]*>[^<]*<|<[^>]+>', " ", text)
    assert bool(re.search("[\u4e00-\u9fff]", shown.replace("稳", ""))) == (locale == "zh-CN")


def test_a_page_with_everything_is_small() -> None:
    many = [
        replace(
            incident(n, closed_at=NOW),
            notes=tuple(Note(NOW, "watching", "经过" * 40, "what " * 40) for _ in range(4)),
        )
        for n in range(30)
    ]
    pages = all_pages(known(State.DOWN, many))
    needed = [path for path in pages if path.startswith("/static/")]
    assert sum(len(pages[path].plain[1]) for path in ["/", *needed]) < BYTES_MAX
    assert gzip.decompress(pages["/"].zipped[1]) == pages["/"].plain[1]


def test_programs_can_read_it() -> None:
    pages = all_pages(known(State.SLOW, [incident()]))
    said = json.loads(pages["/status.json"].plain[1])
    assert said["state"] == "slow"
    assert [one["name"] for one in said["components"]] == [one.name for one in COMPONENTS]
    assert len(said["components"][0]["days"]) == 90
    assert said["incidents"][0]["notes"][0]["en"] == "looking & searching"
    for path in ("/feed.atom", "/en/feed.atom"):
        root = ET.fromstring(pages[path].plain[1])  # noqa: S314 - our own feed
        atom = "{http://www.w3.org/2005/Atom}"
        assert [one.text for one in root.iter(f"{atom}id")] == [
            "https://status.example.cn/",
            "https://status.example.cn/incident/i1",
        ]


# ------------------------------------------------------------------------------------------------- history


def test_seconds_and_incidents_are_kept(tmp_path: Path) -> None:
    history = History(tmp_path)
    for _ in range(2):
        history.add_seconds(
            TODAY, {("booking", State.OK): 10.0, ("booking", State.DOWN): 2.0, ("x", State.UNKNOWN): 9}
        )
    assert history.days("booking", TODAY) == {TODAY: Day(TODAY, 20.0, 0.0, 4.0)}
    id_ = history.open_incident(replace(incident(), id=""))
    assert history.add_note(id_, Note(NOW, "watching", "看", "watch"))
    assert history.add_note(id_, Note(NOW, "resolved", "好", "good"))
    assert not history.add_note(id_, Note(NOW, "watching", "还", "still"))
    [stored] = history.incidents()
    assert stored.closed_at == NOW
    assert [one.state for one in stored.notes] == ["resolved", "watching", "investigating"]


def test_history_is_bounded(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add_seconds(TODAY - timedelta(days=401), {("booking", State.OK): 1.0})
    history.add_seconds(TODAY, {("booking", State.OK): 1.0})
    assert list(history.days("booking", date.min)) == [TODAY]
    history.open_incident(incident(0))
    with sqlite3.connect(history.path) as file:
        rows = [(f"x{n}", f"2026-01-01T00:00:{n:06d}") for n in range(INCIDENTS_MAX + 9)]
        file.executemany("INSERT INTO incident VALUES (?, 'booking', ?, '2026-01-02', 1, 'a', 'b')", rows)
    file.close()
    history.open_incident(incident(1))
    with sqlite3.connect(history.path) as file:
        [(count,)] = file.execute("SELECT count(*) FROM incident WHERE closed_at IS NOT NULL").fetchall()
    file.close()
    assert count == INCIDENTS_MAX


# ------------------------------------------------------------------------------------------------- the process


class Web:
    """What is probed: answers every request with one status, or not at all."""

    def __init__(self) -> None:
        self.status = 200
        self.server: asyncio.Server

    async def serve(self) -> str:
        """Its address."""
        self.server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            if self.status:
                writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: 0\r\n\r\n".encode())
        writer.close()


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    made = Web()
    await made.serve()
    yield made
    made.server.close()


def page_for(web: Web, home: Path, subscribers: Subscribers | None = None) -> StatusPage:
    target = f"http://127.0.0.1:{web.server.sockets[0].getsockname()[1]}"
    return StatusPage(Place(home, target, target), subscribers=subscribers, every_s=0.01)


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
    monkeypatch.setattr("wenyue.faces.status.server.FILE_DEADLINE_S", 0.05)
    hangs = threading.Event()

    def hang(_history: History) -> None:
        hangs.wait(30)

    monkeypatch.setattr(History, "incidents", hang)
    status = page_for(web, tmp_path)
    try:
        async with asyncio.timeout(5):
            for _ in range(3):
                await status.tick()
        assert json.loads(status.shelf.pages["/status.json"].plain[1])["state"] == "ok"
    finally:
        hangs.set()


# ------------------------------------------------------------------------------------------------- the wire


@pytest.fixture
async def port(web: Web, tmp_path: Path) -> AsyncIterator[int]:
    status = page_for(web, tmp_path)
    await status.tick()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(status.shelf), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def talk(port: int, sent: bytes) -> bytes:
    """What comes back until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(10):
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
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 9000, b"431"),
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


# ------------------------------------------------------------------------------------------------- subscriptions


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

    async def post(path: str, **fields: str) -> bytes:
        return (await subscribers.handle("POST", path, urlencode(fields).encode(), "1.2.3.4")).plain[0]

    async def mailed(count: int) -> str:
        async with asyncio.timeout(10):
            while len(mails) < count:
                await asyncio.sleep(0.01)
        return mails[-1][2]

    assert b"422" in await post("/subscribe", email="nonsense")
    assert b"200 OK" in await post("/subscribe", email="One@Example.cn", lang="en")
    link = urlsplit(str(re.findall(r"https://\S+", await mailed(1))[0]))
    fields = {name: values[0] for name, values in parse_qs(link.query).items()}
    sending = asyncio.create_task(subscribers.run())
    subscribers.tell(incident())
    assert b"403" in await post("/confirm", **(fields | {"sign": "0" * 32}))
    button = await subscribers.handle("GET", "/confirm", link.query.encode(), "")
    assert fields["sign"].encode() in button.plain[1]
    assert b"200 OK" in await post("/confirm", **fields)
    subscribers.tell(incident())
    text = await mailed(2)
    assert (mails[1][0], "looking & searching" in text) == ("One@Example.cn", True)
    leave = parse_qs(urlsplit(str(re.findall(r"https://\S+/leave\S+", text)[0])).query)
    assert b"200 OK" in await post("/leave", mark=leave["mark"][0], sign=leave["sign"][0])
    assert b"403" in await post("/confirm", **fields)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert b"One@Example" not in (tmp_path / "subscribers.db").read_bytes()
    answers = [await post("/subscribe", email=f"a{n}@example.cn") for n in range(6)]
    assert [b"429" in one for one in answers] == [False] * 4 + [True, True]
    assert page_for(web, tmp_path / "x", subscribers).shelf.handled


# ------------------------------------------------------------------------------------------------- the way there


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, "http://book.test:8100/"),
        ({"WENYUE_PORT": "65500"}, "http://book.test:65400/"),
        ({"WENYUE_STATUS_URL": "https://status.example.cn/"}, "https://status.example.cn"),
        ({"WENYUE_STATUS": "0"}, ""),
        (
            {"WENYUE_STATUS": "0", "WENYUE_STATUS_URL": "https://status.example.cn"},
            "https://status.example.cn",
        ),
        (
            {"WENYUE_PUBLIC_URL": "https://book.example.cn"},
            "",
        ),  # nobody knows what stands in front of the port
    ],
)
def test_pages_lead_to_the_status_page(variables: dict[str, str], wanted: str) -> None:
    app = SimpleNamespace(state=SimpleNamespace(services=SimpleNamespace(settings=load(variables))))
    scope: dict[str, Any] = {"type": "http", "app": app, "scheme": "http", "path": "/", "headers": []}
    scope["server"] = ("book.test", 80)
    assert status_url(Request(scope)) == wanted


def test_the_process_knows_both_addresses() -> None:
    plain = place_of(load({"WENYUE_HOST": "0.0.0.0"}))  # noqa: S104 - a setting, not bound to
    assert (plain.target, plain.booking_url, plain.own_url) == (
        "http://127.0.0.1:8000",
        "http://127.0.0.1:8000",
        "http://127.0.0.1:8100",
    )
    apart = place_of(
        load({"WENYUE_STATUS_TARGET": "http://lb:8081", "WENYUE_PUBLIC_URL": "https://book.example.cn"})
    )
    assert (apart.target, apart.booking_url) == ("http://lb:8081", "https://book.example.cn")
