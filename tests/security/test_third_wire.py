"""What counts as a booking that arrives: a request, on a connection that is between requests, and only until its turn."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.hot_site import LINE, REQUEST, HotApp, answer, hot_site, twenty, until
from wenyue.core.admission import PersonLimit
from wenyue.platform.load_shedding.admission import Admission

pytestmark = pytest.mark.anyio
_ROOM = 5  # fewer than `twenty`

_BODY_OF_ANOTHER = b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
_CHUNKED = (
    b"POST /v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nea60\r\n"  # 60,000 in hex
)
_HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: "


class DeafApp(HotApp):
    """Refuses what has no good Host before anybody looks for the endpoint, as the real one does."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        if (b"host", b"a!b") in scope["headers"]:
            self.begun.append("refused")
            await send({"type": "http.response.start", "status": 400, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await super().__call__(scope, receive, send)


@pytest.fixture
def admission() -> Admission:
    return Admission(PersonLimit(burst=60, window_s=60))


@pytest.fixture
async def site(admission: Admission, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[int, HotApp]]:
    monkeypatch.setattr("tests.support.hot_site.HotApp", DeafApp)
    async with hot_site(admission) as served:
        yield served


People = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]


@pytest.fixture
async def people(site: tuple[int, HotApp]) -> AsyncIterator[People]:
    """Connected, and gone before the site ends, which waits for whoever is in the middle of a request."""
    made: People = await twenty(site[0])
    yield made
    for _, writer in made:
        writer.transport.abort()


async def _sent(people: People, data: bytes) -> None:
    for _, writer in people:
        writer.write(data)
        await writer.drain()
    await asyncio.sleep(0.05)  # several turns of the loop


@pytest.mark.parametrize("first", [_BODY_OF_ANOTHER, _CHUNKED, _HALF_A_HEAD], ids=["body", "chunk", "head"])
async def test_security_third_bookings_written_into_other_requests_take_no_room(
    site: tuple[int, HotApp], people: People, admission: Admission, first: bytes
) -> None:
    port, app = site
    await _sent(people, first)
    admission.hot.limit = _ROOM
    for _ in range(3):
        await _sent(people, LINE)
    assert (admission.hot.arriving, admission.hot.shed) == (0, 0)
    people.append(await asyncio.open_connection("127.0.0.1", port))
    reader, writer = people[-1]
    writer.write(REQUEST)
    assert (await answer(reader))[0] == 200
    assert "/v1/bookings" in app.seen


async def test_security_third_a_full_lane_refuses_nothing_that_stands_in_a_body(
    site: tuple[int, HotApp], admission: Admission
) -> None:
    port, _ = site
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(REQUEST))
    await asyncio.sleep(0.05)
    admission.hot.limit = 0
    writer.write(REQUEST)
    assert (await answer(reader))[::2] == (200, b"%d" % len(REQUEST))
    assert admission.hot.shed == 0
    writer.close()


_OUT = {
    "a Host that is refused": LINE + b"Host: a!b\r\nContent-Length: 1\r\n\r\n1",
    "no HTTP": LINE + b"Content-Length: many\r\n\r\n",
    "a length twice": LINE + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n1",
    "a broken chunk": LINE + b"Host: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "half a head": LINE + b"Host: x\r\n",
    "another protocol": LINE + b"Host: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    "no body yet": LINE + b"Host: x\r\nContent-Length: 9000\r\n\r\n",
}


@pytest.mark.parametrize("sent", list(_OUT.values()), ids=list(_OUT))
@pytest.mark.parametrize("leaves", [False, True], ids=["stays", "leaves"])
async def test_security_third_whatever_becomes_of_an_arrival_it_is_taken_back(
    site: tuple[int, HotApp], people: People, admission: Admission, sent: bytes, *, leaves: bool
) -> None:
    port, app = site
    for _, writer in people:
        writer.write(sent)
        await writer.drain()
        if leaves:
            writer.transport.abort()
    await asyncio.sleep(0.05)
    assert admission.hot.arriving == 0
    begun = len(app.begun)
    admission.hot.limit = admission.hot.in_flight + 1
    people.append(await asyncio.open_connection("127.0.0.1", port))
    reader, writer = people[-1]
    writer.write(REQUEST)
    assert (await answer(reader))[0] == 200
    await until(lambda: len(app.begun) > begun)


async def test_security_third_arrivals_of_one_turn_still_count_together(admission: Admission) -> None:
    loop = asyncio.get_running_loop()
    seen: list[tuple[int, bool]] = []
    for _ in range(3):
        admission.hot.arrive(loop)
    seen.append((admission.hot.arriving, admission.hot.is_full))
    await asyncio.sleep(0)
    seen.append((admission.hot.arriving, admission.hot.is_full))
    admission.hot.arrive(loop)
    seen.append((admission.hot.arriving, admission.hot.is_full))
    assert seen == [(3, False), (0, False), (1, False)]
