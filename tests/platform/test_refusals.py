"""A full hot lane refuses on the connection: whole requests, in order, a few at a time; a flooded process accepts nobody."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from tests.support.hot_site import NET_S, REQUEST, HotApp, answer, hot_config, hot_site, twenty, until
from wenyue.core.admission import TOLD_MAX_PER_S, PersonLimit
from wenyue.core.limits import REFUSALS_HELD_MAX
from wenyue.platform.http import refusing
from wenyue.platform.http.accepting import PausingServer
from wenyue.platform.load_shedding.admission import Admission

pytestmark = pytest.mark.anyio


@pytest.fixture
def admission() -> Admission:
    return Admission(PersonLimit(burst=60, window_s=60))


@pytest.fixture
async def site(admission: Admission) -> AsyncIterator[tuple[int, HotApp]]:
    async with hot_site(admission) as served:
        yield served


async def test_a_full_lane_refuses_on_the_connection_and_keeps_it(
    site: tuple[int, HotApp], admission: Admission
) -> None:
    port, app = site
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        admission.hot.limit = 0
        writer.write(REQUEST)
        status, headers, body = await answer(reader)
        assert status == 503
        assert int(headers["retry-after"]) >= 1
        assert b"overloaded" in body
        assert "请求没有处理" in body.decode()
        admission.hot.limit = 10
        writer.write(REQUEST)
        assert (await answer(reader))[::2] == (200, b"8")
    assert admission.hot.shed == 3
    assert app.seen == ["/v1/bookings"] * 3
    writer.close()


async def test_the_refusal_is_in_the_callers_language(site: tuple[int, HotApp], admission: Admission) -> None:
    port, _ = site
    admission.hot.limit = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST.replace(b"Host: x", b"Host: x\r\nAccept-Language: en-GB"))
    assert b"nothing was done" in (await answer(reader))[2]
    writer.close()


async def test_a_request_in_pieces_takes_the_usual_way(
    site: tuple[int, HotApp], admission: Admission
) -> None:
    port, app = site
    admission.hot.limit = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST[:-4])
    await until(lambda: app.begun)
    writer.write(REQUEST[-4:])
    assert (await answer(reader))[::2] == (
        200,
        b"8",
    )  # this test's application does not refuse; the real one does
    assert app.seen == ["/v1/bookings"]
    writer.close()


async def test_a_body_that_looks_like_a_booking_is_no_request(
    site: tuple[int, HotApp], admission: Admission
) -> None:
    """Otherwise one sender could put an answer of its choice in front of another's, behind a shared proxy."""
    port, app = site
    admission.hot.limit = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(REQUEST))
    await until(lambda: app.begun)
    writer.write(REQUEST)
    assert (await answer(reader))[::2] == (200, b"%d" % len(REQUEST))
    assert app.seen == ["/other"]
    assert admission.hot.shed == 0
    writer.close()


@pytest.mark.parametrize("extra", [b"Connection: close\r\n", b"Expect: 100-continue\r\n"])
async def test_what_asks_for_more_than_an_answer_takes_the_usual_way(
    site: tuple[int, HotApp], admission: Admission, extra: bytes
) -> None:
    port, app = site
    admission.hot.limit = 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST.replace(b"Host: x\r\n", b"Host: x\r\n" + extra))
    await until(lambda: app.seen)
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
    site: tuple[int, HotApp], admission: Admission, extra: bytes, behind: bytes
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
    site: tuple[int, HotApp], admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusing, "_SENT_PER_TURN", 1)
    port, app = site
    admission.hot.limit = 0
    people = await twenty(port)
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
        assert (await answer(reader))[0] == 503
        assert (await answer(reader))[::2] == (200, b"0")
        writer.close()
    assert admission.hot.shed == 20
    assert app.seen == ["/other"] * 20


async def test_overload_O2_the_newest_are_told_first_when_not_everybody_can_be(
    admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusing, "_SENT_PER_TURN", 0)
    told: list[int] = []

    class Somebody:
        def __init__(self, number: int) -> None:
            self.number, self.loop = number, asyncio.get_running_loop()

        def refused(self, _answer: bytes) -> bool:
            told.append(self.number)
            return True

    refusals = refusing.Refusals(admission.hot)
    assert [refusals.send(Somebody(number), b"no") for number in range(5)] == [False] * 5  # type: ignore[arg-type] # all that is asked of a connection
    monkeypatch.setattr(refusing, "_SENT_PER_TURN", 2)
    await until(lambda: len(told) == 5)
    assert told == [4, 3, 2, 0, 1]  # every fourth is the one that has waited longest
    assert admission.hot.held == 0


async def test_overload_O2_no_more_are_told_than_may_be_and_the_others_wait_on_their_connections(
    admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen at ten times the peak: who had not been told yet was cut off after five seconds, and came again at once."""
    monkeypatch.setattr(refusing, "_SENT_PER_TURN", 5)
    async with hot_site(admission, keep_alive_s=0) as (port, _):
        admission.hot.limit, admission.hot.told_per_s = 0, 0.0
        people = await twenty(port)
        for _, writer in people:
            writer.write(REQUEST)
        await until(lambda: admission.hot.shed == len(people))
        await asyncio.sleep(0.05)  # turns enough for everybody
        assert (admission.hot.told, admission.hot.held) == (5, 15)
        admission.hot.told_per_s = TOLD_MAX_PER_S
        for reader, writer in people:
            assert (await answer(reader))[0] == 503
            assert await reader.read() == b""  # then it is as any other that is idle
            writer.close()
    assert (admission.hot.told, admission.hot.held) == (20, 0)


async def test_overload_O2_with_many_who_wait_for_their_no_nobody_new_is_accepted(
    admission: Admission,
) -> None:
    admission.hot.held = REFUSALS_HELD_MAX
    admission.measure([500.0, 500.0, 9_000.0, 0.0, 2_000.0])
    assert admission.is_flooded
    admission.hot.held = REFUSALS_HELD_MAX - 1
    admission.measure([500.0, 500.0, 9_000.0, 0.0, 2_000.0])
    assert not admission.is_flooded


async def test_overload_O2_a_lag_beside_refusals_is_a_flood_and_gives_way(admission: Admission) -> None:
    before = admission.hot.limit
    admission.hot.most, admission.lag_s = before, 0.3
    for _ in range(20):
        admission.measure([50.0, 50.0, 900.0, 0.0, 900.0])
        admission.hot.most = admission.hot.in_flight = admission.hot.limit
    assert admission.is_flooded
    assert admission.hot.limit < 100 < before
    admission.lag_s = admission.hot.in_flight = 0
    for _ in range(100):
        admission.measure([50.0, 50.0, 0.0, 0.0, 0.0])
    assert not admission.is_flooded
    assert admission.hot.limit >= 199


async def test_overload_O2_a_flooded_process_accepts_nobody_until_it_is_over(admission: Admission) -> None:
    app = HotApp(admission)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = PausingServer(hot_config(admission, app), listener, admission)
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        port = listener.getsockname()[1]
        old = await asyncio.open_connection("127.0.0.1", port)
        old[1].write(REQUEST)
        assert (await answer(old[0]))[0] == 200
        admission.is_flooded = True
        await until(lambda: not server.is_accepting)
        new = await asyncio.open_connection("127.0.0.1", port)  # the kernel's queue
        new[1].write(REQUEST)
        old[1].write(REQUEST)
        assert (await answer(old[0]))[0] == 200
        assert len(server.server_state.connections) == 1
        admission.is_flooded = False
        assert (await answer(new[0]))[0] == 200
        assert server.is_accepting
        for _, writer in (old, new):
            writer.close()
            await writer.wait_closed()
        server.should_exit = True
        await serving


async def test_a_sender_that_left_before_its_refusal_costs_nothing(
    site: tuple[int, HotApp], admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusing, "_SENT_PER_TURN", 1)
    port, _ = site
    admission.hot.limit = 0
    people = await twenty(port)
    for _, writer in people:
        writer.write(REQUEST)
        writer.transport.abort()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    assert (await answer(reader))[0] == 503
    writer.close()


async def test_arrivals_that_never_become_requests_do_not_fill_the_lane(admission: Admission) -> None:
    hot, loop = admission.hot, asyncio.get_running_loop()
    for _ in range(hot.limit):
        hot.arrive(loop)
    assert hot.is_full
    await asyncio.sleep(0)
    assert not hot.arriving
