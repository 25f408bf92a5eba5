"""A process that is asked for more than it can do: who waits, who is refused, what a refusal looks like."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvicorn

from wenyue.faces.api.claims import Proof, claim_of
from wenyue.faces.api.front import Front
from wenyue.faces.api.hot import hot_refusals
from wenyue.faces.api.logins import Logins
from wenyue.infra import wire
from wenyue.infra.accepting import PausingServer
from wenyue.infra.admission import Admission
from wenyue.infra.db import Database
from wenyue.infra.wire import guarded
from wenyue.kernel.admission import PersonLimit, Priority
from wenyue.kernel.clock import utc_now
from wenyue.kernel.limits import DESK_WAITING_MAX

pytestmark = pytest.mark.anyio
LINE = b"POST /v1/bookings HTTP/1.1\r\n"
BODY = b'{"a": 1}'
LOGINS = Logins(
    Database("postgresql://nobody@127.0.0.1:1/none", size_max=1), utc_now
)  # nobody here shows one
NET_S = 30.0
REQUEST = LINE + b"Host: x\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@pytest.fixture
def admission() -> Admission:
    return Admission(PersonLimit(burst=60, window_s=60))


class _App:
    """Says how long each body was; keeps count like the hot endpoint does."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.begun: list[str] = []
        self.seen: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_hot = scope["path"] == "/v1/bookings"
        self.begun.append(scope["path"])
        if is_hot:
            self.admission.hot.arrive()
            self.admission.hot.begin()
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        self.seen.append(scope["path"])
        body = b"%d" % size
        head = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})
        if is_hot:
            self.admission.hot.end(0.0, is_decided=True, is_good=True)


@pytest.fixture
async def site(admission: Admission) -> AsyncIterator[tuple[int, _App]]:
    app = _App(admission)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app,
            http=guarded(admission, LINE, hot_refusals(), lambda _: False),
            lifespan="off",
            log_level="error",
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1], app
        server.should_exit = True
        await serving


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    async with asyncio.timeout(NET_S):
        status = int((await reader.readline()).split()[1])
        headers: dict[str, str] = {}
        while (line := await reader.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, await reader.readexactly(int(headers["content-length"]))


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(NET_S):
        while not condition():
            await asyncio.sleep(0.01)


async def _twenty(port: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connections of people who have not said anything yet."""
    return [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]


async def test_a_full_lane_refuses_on_the_connection_and_keeps_it(
    site: tuple[int, _App], admission: Admission
) -> None:
    port, app = site
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        admission.hot.limit = 0
        writer.write(REQUEST)
        status, headers, body = await _answer(reader)
        assert status == 503
        assert int(headers["retry-after"]) >= 1
        assert b"overloaded" in body
        assert "请求没有处理" in body.decode()
        admission.hot.limit = 10
        writer.write(REQUEST)
        assert (await _answer(reader))[::2] == (200, b"8")
    assert admission.hot.shed == 3
    assert app.seen == ["/v1/bookings"] * 3
    writer.close()


async def test_the_refusal_is_in_the_callers_language(site: tuple[int, _App], admission: Admission) -> None:
    port, _ = site
    admission.hot.limit = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST.replace(b"Host: x", b"Host: x\r\nAccept-Language: en-GB"))
    assert b"nothing was done" in (await _answer(reader))[2]
    writer.close()


async def test_a_request_in_pieces_takes_the_usual_way(site: tuple[int, _App], admission: Admission) -> None:
    port, app = site
    admission.hot.limit = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST[:-4])
    await _until(lambda: app.begun)
    writer.write(REQUEST[-4:])
    assert (await _answer(reader))[::2] == (
        200,
        b"8",
    )  # this test's application does not refuse; the real one does
    assert app.seen == ["/v1/bookings"]
    writer.close()


async def test_a_body_that_looks_like_a_booking_is_no_request(
    site: tuple[int, _App], admission: Admission
) -> None:
    """Otherwise one sender could put an answer of its choice in front of another's, behind a shared proxy."""
    port, app = site
    admission.hot.limit = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(REQUEST))
    await _until(lambda: app.begun)
    writer.write(REQUEST)
    assert (await _answer(reader))[::2] == (200, b"%d" % len(REQUEST))
    assert app.seen == ["/other"]
    assert admission.hot.shed == 0
    writer.close()


@pytest.mark.parametrize("extra", [b"Connection: close\r\n", b"Expect: 100-continue\r\n"])
async def test_what_asks_for_more_than_an_answer_takes_the_usual_way(
    site: tuple[int, _App], admission: Admission, extra: bytes
) -> None:
    port, app = site
    admission.hot.limit = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST.replace(b"Host: x\r\n", b"Host: x\r\n" + extra))
    await _until(lambda: app.seen)
    assert admission.hot.shed == 0
    assert await reader.readline()
    writer.close()


@pytest.mark.parametrize("behind", [b"Host: x\r\n", b"Content-Length: 8\r\n"])
@pytest.mark.parametrize(
    "extra",
    [
        b"Content-Length: 500\r\n",
        b"content-length: 1000000\r\n",
        b"Content-Length : 500\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
)
async def test_a_head_that_can_be_read_in_two_ways_is_not_believed(
    site: tuple[int, _App], admission: Admission, extra: bytes, behind: bytes
) -> None:
    """A proxy that reads the other length would take what follows for the body, and we for the next request."""
    port, app = site
    admission.hot.limit = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST.replace(behind, behind + extra))
    async with asyncio.timeout(NET_S):
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    assert (admission.hot.shed, app.begun) == (0, [])
    writer.close()


async def test_refusals_go_out_a_few_at_a_time_and_in_order(
    site: tuple[int, _App], admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_SENT_PER_TURN", 1)
    port, app = site
    admission.hot.limit = 0
    people = await _twenty(port)
    for _, writer in people:
        writer.write(REQUEST)
    async with asyncio.timeout(NET_S):
        while admission.hot.shed < len(
            people
        ):  # a request that comes together with the next takes the usual way
            await asyncio.sleep(0)
    for _, writer in people:  # and before the first refusal can be there, something else
        writer.write(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
    for reader, writer in people:
        assert (await _answer(reader))[0] == 503
        assert (await _answer(reader))[::2] == (200, b"0")
        writer.close()
    assert admission.hot.shed == 20
    assert app.seen == ["/other"] * 20


async def test_overload_O2_the_newest_are_told_first_when_not_everybody_can_be(
    admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_SENT_PER_TURN", 0)
    told: list[int] = []

    class Somebody:
        def __init__(self, number: int) -> None:
            self.number, self.loop = number, asyncio.get_running_loop()

        def refused(self, _answer: bytes) -> None:
            told.append(self.number)

    refusals = wire.Refusals(admission.hot)
    assert [refusals.send(Somebody(number), b"no") for number in range(5)] == [False] * 5  # type: ignore[arg-type]
    monkeypatch.setattr(wire, "_SENT_PER_TURN", 2)
    await _until(lambda: len(told) == 5)
    assert told == [4, 3, 2, 1, 0]


async def test_overload_O2_a_lag_beside_refusals_is_a_flood_and_gives_way(admission: Admission) -> None:
    before = admission.hot.limit
    admission.hot.most, admission.lag_s = before, 0.3
    for _ in range(20):
        admission.measure([50.0, 50.0, 900.0, 0.0])
        admission.hot.most = admission.hot.in_flight = admission.hot.limit
    assert admission.is_flooded
    assert admission.hot.limit < 100 < before
    admission.lag_s = admission.hot.in_flight = 0
    for _ in range(100):
        admission.measure([50.0, 50.0, 0.0, 0.0])
    assert not admission.is_flooded
    assert admission.hot.limit >= 199


async def test_overload_O2_a_flooded_process_accepts_nobody_until_it_is_over(admission: Admission) -> None:
    app = _App(admission)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app,
            http=guarded(admission, LINE, hot_refusals(), lambda _: False),
            lifespan="off",
            log_level="error",
        )
        server = PausingServer(config, listener, admission)
        serving = asyncio.create_task(server.serve())
        await _until(lambda: server.started)
        port = listener.getsockname()[1]
        old = await asyncio.open_connection("127.0.0.1", port)
        old[1].write(REQUEST)
        assert (await _answer(old[0]))[0] == 200
        admission.is_flooded = True
        await _until(lambda: not server.is_accepting)
        new = await asyncio.open_connection("127.0.0.1", port)  # the kernel's queue
        new[1].write(REQUEST)
        old[1].write(REQUEST)
        assert (await _answer(old[0]))[0] == 200
        assert len(server.server_state.connections) == 1
        admission.is_flooded = False
        assert (await _answer(new[0]))[0] == 200
        assert server.is_accepting
        for _, writer in (old, new):
            writer.close()
            await writer.wait_closed()
        server.should_exit = True
        await serving


async def test_a_sender_that_left_before_its_refusal_costs_nothing(
    site: tuple[int, _App], admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_SENT_PER_TURN", 1)
    port, _ = site
    admission.hot.limit = 0
    people = await _twenty(port)
    for _, writer in people:
        writer.write(REQUEST)
        writer.transport.abort()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    assert (await _answer(reader))[0] == 503
    writer.close()


async def test_arrivals_that_never_become_requests_do_not_fill_the_lane(admission: Admission) -> None:
    running = asyncio.create_task(admission.run())
    admission.hot.arriving = admission.hot.limit
    assert admission.hot.is_full
    await _until(lambda: not admission.hot.is_full)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_at_a_full_desk_the_more_important_goes_first(admission: Admission) -> None:
    desk = admission.desk
    desk.limit = 10
    for _ in range(10):
        assert await desk.enter(Priority.CALLBACK)
    order: list[Priority] = []

    async def come(priority: Priority) -> None:
        if await desk.enter(priority):
            order.append(priority)

    for own in (Priority.REPORT, Priority.BROWSE, Priority.GATE):  # each class's own share
        while desk.own[own] < max(1, int(10 * 0.15)):
            assert await desk.enter(own)
    waiting = [asyncio.create_task(come(one)) for one in (Priority.REPORT, Priority.BROWSE, Priority.GATE)]
    await asyncio.sleep(0)
    assert desk.waiting == 3
    for _ in range(13):
        desk.leave(Priority.CALLBACK if desk.own[Priority.CALLBACK] else Priority.BROWSE)
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == [Priority.GATE, Priority.BROWSE, Priority.REPORT]


async def test_whoever_waits_too_long_or_behind_too_many_is_refused(admission: Admission) -> None:
    desk = admission.desk
    desk.waits_s = dict.fromkeys(Priority, 0.05)
    desk.limit = 1
    assert await desk.enter(Priority.BROWSE)
    waiting = [asyncio.create_task(desk.enter(Priority.BROWSE)) for _ in range(DESK_WAITING_MAX + 5)]
    assert await asyncio.gather(*waiting) == [False] * len(waiting)
    assert desk.shed[Priority.BROWSE] == len(waiting)
    desk.leave(Priority.BROWSE)
    assert await desk.enter(Priority.BROWSE)
    assert (desk.total, desk.waiting) == (1, 0)


async def test_whoever_leaves_the_queue_takes_nobodys_turn(admission: Admission) -> None:
    desk = admission.desk
    desk.limit = 1
    assert await desk.enter(Priority.HOLD)
    gone, next_one = (asyncio.create_task(desk.enter(Priority.HOLD)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    desk.leave(Priority.HOLD)
    assert await next_one
    assert desk.total == 1


@pytest.mark.parametrize(
    ("path", "method", "priority", "proof"),
    [
        ("/v1/payments/alipay/notify", "POST", Priority.CALLBACK, Proof.SIGNATURE),
        ("/v1/bookings/x/confirmation", "POST", Priority.CONFIRM, Proof.TRAVELLER),
        ("/bookings/x/cancel", "POST", Priority.CONFIRM, Proof.TRAVELLER),
        ("/v1/gate/scans", "POST", Priority.GATE, Proof.STAFF),
        ("/gate", "GET", Priority.GATE, Proof.STAFF),
        ("/trip/book", "POST", Priority.HOLD, Proof.TRAVELLER),
        ("/v1/session", "POST", Priority.SIGN_IN, Proof.NOTHING),
        ("/v1/session", "GET", Priority.BROWSE, Proof.TRAVELLER),
        ("/v1/session", "DELETE", Priority.HOLD, Proof.TRAVELLER),
        ("/activate", "POST", Priority.SIGN_IN, Proof.NOTHING),
        ("/v1/gate/session", "POST", Priority.SIGN_IN, Proof.NOTHING),
        ("/gate/signin", "POST", Priority.SIGN_IN, Proof.NOTHING),
        ("/console/signin", "POST", Priority.SIGN_IN, Proof.NOTHING),
        ("/v1/cards/WY1/loss", "POST", Priority.SIGN_IN, Proof.NOTHING),
        ("/venues", "GET", Priority.BROWSE, Proof.TRAVELLER),
        ("/v1/bookings/x", "GET", Priority.BROWSE, Proof.TRAVELLER),
        ("/console/live", "GET", Priority.REPORT, Proof.STAFF),
    ],
)
def test_classes(path: str, method: str, priority: Priority, proof: Proof) -> None:
    assert claim_of(path, method, is_read=method == "GET") == (priority, proof)


def _scope(path: str, method: str = "GET") -> dict[str, Any]:
    return {"type": "http", "path": path, "method": method, "headers": [], "query_string": b""}


class _Hanging:
    """Waits for `release`, then answers; remembers how it ended."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.ended = ""

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        try:
            await self.release.wait()
            self.ended = "done"
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"late"})
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise


async def _call(front: Front, scope: dict[str, Any]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    await front(scope, receive, send)
    return said


@pytest.mark.parametrize("path", ["/v1/bookings/x", "/venues"])
async def test_a_late_read_is_given_up_with_a_definite_answer(admission: Admission, path: str) -> None:
    app = _Hanging()
    front = Front(app, admission, LOGINS, read_deadline_s=0.05)
    start, body = await _call(front, _scope(path))
    assert start["status"] == 503
    assert b"retry-after" in dict(start["headers"])
    assert ("系统" in body["body"].decode()) or ("稍" in body["body"].decode())
    await _until(lambda: not front.going_on)
    assert app.ended == "cancelled"
    assert admission.desk.total == 0


async def test_a_late_change_goes_on_to_its_end(admission: Admission) -> None:
    app = _Hanging()
    front = Front(app, admission, LOGINS, write_deadline_s=0.05)
    start, body = await _call(front, _scope("/v1/cards/activation", "POST"))
    assert start["status"] == 503
    assert b"not_yet_known" in body["body"]
    assert front.going_on == admission.desk.total == 1  # it still counts against the limit
    app.release.set()
    await _until(lambda: not front.going_on)
    assert (app.ended, admission.desk.total) == ("done", 0)


async def test_a_full_desk_answers_people_with_a_page(admission: Admission) -> None:
    admission.desk.waits_s = dict.fromkeys(Priority, 0.01)
    admission.desk.limit = 0
    admission.desk.own = dict.fromkeys(Priority, 5)
    front = Front(_Hanging(), admission, LOGINS)
    start, body = await _call(front, _scope("/venues"))
    assert start["status"] == 503
    headers = dict(start["headers"])
    assert b"text/html" in headers[b"content-type"]
    assert b"default-src 'none'" in headers[b"content-security-policy"]
    assert 'http-equiv="refresh"' in body["body"].decode()
    start, body = await _call(front, {**_scope("/trip/book", "POST"), "query_string": b"lang=en"})
    assert "Nothing was done" in body["body"].decode()
