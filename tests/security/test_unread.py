"""Nothing that is unread or unproven holds a place of any class: slow bodies, bodies of nobody, heads that do not end."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.api_server import serving_app
from tests.support.api_site import PASSWORD
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, DOCUMENT, NAME
from wenyue.app import App
from wenyue.core import body_reading
from wenyue.core.admission import Priority
from wenyue.core.body_reading import Reading, whom_to_cut
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Database
from wenyue.platform.http import bodies, wire
from wenyue.platform.http.bodies import BodyRoom, BodySlow, SenderGone
from wenyue.web.middleware.front import Front
from wenyue.web.middleware.logins import Logins
from wenyue.web.shared.session import LOGIN_COOKIE, STAFF_COOKIE

pytestmark = pytest.mark.anyio
SLOW = 300  # more than the desk has places, more than a lane's floor
NET_S = 60.0
SIGN_IN = {"card_no": CARD[0], "pin": CARD[1]}
# For every class: a path whose body is sent slowly, and a genuine request of that class with what it answers at least.
CLASSES = {
    "hot": ("POST", "/v1/bookings", "traveller"),
    "callback": ("POST", "/v1/payments/alipay/notify", "nobody"),
    "confirm": ("POST", f"/v1/bookings/{uuid7()}/confirmation", "traveller"),
    "gate": ("POST", "/v1/gate/scans", "staff"),
    "hold": ("POST", "/v1/visitors", "traveller"),
    "sign_in": ("POST", "/v1/session", "sign-in"),
    "browse": ("GET", "/v1/bookings", "traveller"),
    "stranger": ("POST", "/preferences", "nobody"),
    "report": ("GET", "/console", "staff page"),
}


@pytest.fixture
def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> Iterator[tuple[str, App]]:
    with serving_app(make_database(), tmp_path) as served:
        yield served


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(NET_S):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def slow_bodies(address: str, path: str, count: int, *, is_chunked: bool) -> AsyncGenerator[None]:
    """`count` connections that have sent a head and one byte of a body, and nothing more."""
    port = int(address.rpartition(":")[2])
    length = b"Transfer-Encoding: chunked\r\n\r\n1\r\n{" if is_chunked else b"Content-Length: 60\r\n\r\n{"
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%b" % (path.encode(), length)
    writers: list[asyncio.StreamWriter] = []
    try:
        for _ in range(count):
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writers.append(writer)
            writer.write(head)
        yield
    finally:
        for writer in writers:
            writer.transport.abort()
        for writer in writers:
            with suppress(OSError):
                await writer.wait_closed()


async def _headers(client: httpx.AsyncClient, who: str) -> dict[str, str]:
    if who == "traveller":
        body = {"card_no": CARD[0], "pin": CARD[1], "name": NAME, "number": DOCUMENT}
        await client.post("/v1/cards/activation", json=body)
        return {"Authorization": f"Bearer {(await client.post('/v1/session', json=SIGN_IN)).json()['token']}"}
    if who.startswith("staff"):
        signed = await client.post("/v1/gate/session", json={"login": "gate", "password": PASSWORD})
        token = signed.json()["token"]
        return (
            {"Cookie": f"{STAFF_COOKIE}={token}"} if "page" in who else {"Authorization": f"Bearer {token}"}
        )
    return {}


@pytest.mark.parametrize("name", list(CLASSES))
async def test_security_H1_slow_bodies_hold_no_place_of_any_class(site: tuple[str, App], name: str) -> None:
    address, app = site
    admission = app.services.admission
    method, path, who = CLASSES[name]
    async with httpx.AsyncClient(base_url=address, timeout=NET_S) as client:
        headers = await _headers(client, who)
        slow = path if method == "POST" else "/v1/bookings"
        async with slow_bodies(address, slow, SLOW, is_chunked=name in {"gate", "hot"}):
            await _until(lambda: admission.bodies.reading + admission.bodies.cut >= SLOW)
            assert (admission.desk.total, admission.desk.waiting, admission.hot.in_flight) == (0, 0, 0)
            assert (admission.hot.arriving, admission.hot.unknown) == (0, 0)
            body = None if method == "GET" else SIGN_IN if who == "sign-in" else {}
            answers = [await client.request(method, path, json=body, headers=headers) for _ in range(5)]
    assert {one.status_code for one in answers} & {408, 429, 500, 502, 503, 504} == set()
    assert sum(admission.desk.shed.values()) + admission.hot.shed == 0


async def test_security_H1_bodies_of_nobody_are_in_no_class_that_wants_a_login(site: tuple[str, App]) -> None:
    address, app = site
    async with httpx.AsyncClient(base_url=address, timeout=NET_S) as client:
        travels = (await _headers(client, "traveller"))["Authorization"]
        scans = (await _headers(client, "staff"))["Authorization"]
    settings = app.services.settings.database
    async with Database(settings.url, size_max=2, role=settings.role) as db:
        await _claims(app, Logins(db, app.services.clock), travels.encode(), scans.encode())


async def _claims(app: App, logins: Logins, travels: bytes, scans: bytes) -> None:
    desk = app.services.admission.desk
    forged = b"Bearer " + b"x" * 43
    cookie = {"traveller": LOGIN_COOKIE.encode(), "staff": STAFF_COOKIE.encode()}
    asked: list[tuple[str, str, tuple[bytes, bytes] | None, Priority]] = [
        ("POST", "/v1/payments/alipay/notify", (b"authorization", scans), Priority.STRANGER),
        ("POST", "/v1/bookings/x/confirmation", None, Priority.STRANGER),
        ("POST", "/v1/bookings/x/confirmation", (b"authorization", forged), Priority.STRANGER),
        ("POST", "/v1/bookings/x/confirmation", (b"authorization", scans), Priority.STRANGER),
        ("POST", "/v1/bookings/x/confirmation", (b"authorization", travels), Priority.CONFIRM),
        ("POST", "/v1/gate/scans", None, Priority.STRANGER),
        ("POST", "/v1/gate/scans", (b"authorization", forged), Priority.STRANGER),
        ("POST", "/v1/gate/scans", (b"authorization", travels), Priority.STRANGER),
        ("POST", "/v1/gate/scans", (b"authorization", scans), Priority.GATE),
        ("POST", "/gate/scans", (b"authorization", scans), Priority.STRANGER),  # a page's login is its cookie
        ("POST", "/gate/scans", (b"cookie", cookie["staff"] + b"=" + scans[7:]), Priority.GATE),
        ("GET", "/console", (b"cookie", cookie["traveller"] + b"=" + travels[7:]), Priority.STRANGER),
        ("GET", "/console", (b"cookie", b"a=b; " + cookie["staff"] + b"=" + scans[7:]), Priority.REPORT),
        ("POST", "/trip/book", (b"cookie", cookie["traveller"] + b"=x"), Priority.STRANGER),
        ("POST", "/trip/book", (b"cookie", cookie["traveller"] + b"=" + travels[7:]), Priority.HOLD),
        ("GET", "/venues", None, Priority.STRANGER),
        ("GET", "/venues", (b"cookie", cookie["traveller"] + b"=" + travels[7:]), Priority.BROWSE),
        ("POST", "/gate/signin", None, Priority.STAFF_SIGN_IN),
    ]
    for method, path, shown, wanted in asked:
        seen: list[Priority] = []

        async def note(_scope: Any, _receive: Any, send: Any, seen: list[Priority] = seen) -> None:
            seen += [one for one, count in desk.own.items() if count]
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(_message: Any) -> None:
            pass

        headers = [] if shown is None else [shown]
        scope = {"type": "http", "path": path, "method": method, "headers": headers, "query_string": b""}
        await Front(note, app.services.admission, logins)(scope, receive, send)
        assert seen == [wanted], (method, path, shown)
    assert desk.total == 0


async def test_security_H1_a_full_lane_of_strangers_keeps_out_nobody_who_is_known(
    site: tuple[str, App],
) -> None:
    address, app = site
    hot = app.services.admission.hot
    async with httpx.AsyncClient(base_url=address, timeout=NET_S) as client:
        headers = await _headers(client, "traveller")
        assert (await client.post("/v1/bookings", json={}, headers=headers)).status_code == 422
        hot.unknown = hot.limit  # a flood of tokens that nobody has, being looked up
        known = await client.post("/v1/bookings", json={}, headers=headers)
        forged = await client.post("/v1/bookings", json={}, headers={"Authorization": "Bearer " + "x" * 43})
        hot.unknown = 0
        nobody = await client.post("/v1/bookings", json={}, headers={"Authorization": "Bearer " + "x" * 43})
    assert (known.status_code, forged.status_code, nobody.status_code) == (422, 503, 401)
    assert (hot.unknown, hot.in_flight) == (0, 0)


# ------------------------------------------------------------------------------------------------ the room itself


def test_security_H1_the_slowest_of_the_busiest_address_is_given_up() -> None:
    slow, fast, other = Reading("a", 0.0, 10), Reading("a", 1.0, 4_000), Reading("b", 0.0, 0)
    assert whom_to_cut([slow, other, fast]) is slow
    slow.received = 50_000
    assert whom_to_cut([slow, other, fast]) is fast
    assert whom_to_cut([Reading("a", 0.0, 5), Reading("b", 2.0, 5)]).began_s == 0.0


def test_security_H1_a_body_has_ten_seconds_if_it_grows_and_three_if_it_does_not() -> None:
    own = Reading("a", 100.0)
    assert own.until_s == 100.0 + body_reading.BODY_GRACE_S
    own.received = int(2 * body_reading.BODY_RATE_MIN)
    assert own.until_s == 102.0 + body_reading.BODY_GRACE_S
    own.received = 65_536
    assert own.until_s == 100.0 + body_reading.BODY_WAIT_S


def _dripping(pieces: list[bytes], pause: asyncio.Event | None = None) -> Callable[[], Any]:
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        if not left:
            await (pause or asyncio.Event()).wait()
            return {"type": "http.disconnect"}
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": piece != b"}"}

    return receive


async def test_security_H1_a_newcomer_is_read_in_place_of_the_slowest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "BODIES_AT_ONCE_MAX", 2)
    room = BodyRoom()
    slow = [asyncio.create_task(room.read_body({}, _dripping([b"{"] * number))) for number in (1, 2)]
    await _until(lambda: room.reading == 2)
    assert await room.read_body({}, _dripping([b"{", b"}"])) == b"{}"
    with pytest.raises(BodySlow):
        await slow[0]
    assert (room.reading, room.cut) == (1, 1)
    slow[1].cancel()
    with suppress(asyncio.CancelledError):
        await slow[1]
    assert room.reading == 0


async def test_security_H1_a_body_that_does_not_grow_or_whose_sender_leaves_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_reading, "BODY_GRACE_S", 0.02)
    room, gone = BodyRoom(), asyncio.Event()
    with pytest.raises(BodySlow):
        await room.read_body({}, _dripping([b"{"]))
    gone.set()
    with pytest.raises(SenderGone):
        await room.read_body({}, _dripping([b"{"], gone))
    assert room.reading == 0


async def test_security_H1_connections_without_a_head_are_bounded(
    site: tuple[str, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEADS_AT_ONCE_MAX", 3)
    port = int(site[0].rpartition(":")[2])
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
    for reader, _ in silent[:2]:  # the oldest two
        assert (await asyncio.wait_for(reader.read(), NET_S)).startswith(b"HTTP/1.1 408")
    reader, writer = silent[4]
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await asyncio.wait_for(reader.readline(), NET_S)).startswith(b"HTTP/1.1 200")
    for _, writer in silent:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_security_H1_a_slow_form_is_answered_to_a_program_and_to_a_person(
    site: tuple[str, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_reading, "BODY_GRACE_S", 0.05)

    answers: list[bytes] = []
    for path in ("/v1/gate/scans", "/gate/scans?lang=en"):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(site[0].rpartition(":")[2]))
        writer.write(b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{" % path.encode())
        answers.append(await asyncio.wait_for(reader.read(), NET_S))
        writer.close()
        await writer.wait_closed()
    assert [one.split()[1] for one in answers] == [b"408", b"408"]
    assert json.loads(answers[0].partition(b"\r\n\r\n")[2])["outcome"] == "slow_body"
    assert b"Nothing was done" in answers[1]


async def test_security_H1_answers_that_nobody_reads_hold_no_place(site: tuple[str, App]) -> None:
    """A client that never reads: its answers stay unsent, and their places go to the next all the same."""
    address, app = site
    port = int(address.rpartition(":")[2])
    page = b"GET /signin HTTP/1.1\r\nHost: a\r\n\r\n"
    sign_in = b"POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    silent: list[socket.socket] = []
    desk = app.services.admission.desk
    try:
        for _ in range(40):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            one.connect(("127.0.0.1", port))
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.send(page * 12 + (sign_in + page) * 8)
            silent.append(one)
        await _until(lambda: desk.done >= 40)
        await _until(lambda: desk.total == 0)
        async with httpx.AsyncClient(base_url=address) as client:
            assert (await client.get("/signin")).status_code == 200
    finally:
        for one in silent:
            one.close()
