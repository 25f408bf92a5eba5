"""A process that is asked for more than it can do: whose turn it is at the desk, and by when there is an answer."""

import asyncio
from typing import Any

import pytest

from tests.support.hot_site import until
from wenyue.core.admission import PersonLimit, Priority
from wenyue.core.clock import utc_now
from wenyue.core.limits import DESK_WAITING_MAX
from wenyue.platform.database.db import Database
from wenyue.platform.load_shedding.admission import Admission
from wenyue.web.middleware.classes import claim_of
from wenyue.web.middleware.front import Front
from wenyue.web.middleware.logins import Logins
from wenyue.web.shared.priorities import Proof

pytestmark = pytest.mark.anyio
LOGINS = Logins(
    Database("postgresql://nobody@127.0.0.1:1/none", size_max=1), utc_now
)  # nobody here shows one


@pytest.fixture
def admission() -> Admission:
    return Admission(PersonLimit(burst=60, window_s=60))


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
        ("/v1/bookings/x/confirmation", "POST", Priority.CONFIRM, Proof.TRAVELLER),
        ("/bookings/x/cancel", "POST", Priority.CONFIRM, Proof.TRAVELLER),
        ("/v1/gate/scans", "POST", Priority.GATE, Proof.STAFF),
        ("/gate", "GET", Priority.GATE, Proof.STAFF),
        ("/trip/book", "POST", Priority.HOLD, Proof.TRAVELLER),
        ("/v1/session", "POST", Priority.SIGN_IN, Proof.NOTHING),
        ("/v1/session", "GET", Priority.BROWSE, Proof.TRAVELLER),
        ("/v1/session", "DELETE", Priority.HOLD, Proof.TRAVELLER),
        ("/activate", "POST", Priority.SIGN_IN, Proof.NOTHING),
        ("/v1/gate/session", "POST", Priority.STAFF_SIGN_IN, Proof.NOTHING),
        ("/gate/signin", "POST", Priority.STAFF_SIGN_IN, Proof.NOTHING),
        ("/console/signin", "POST", Priority.STAFF_SIGN_IN, Proof.NOTHING),
        ("/v1/cards/WY1/loss", "POST", Priority.HOLD, Proof.TRAVELLER),
        ("/v1/cards/WY1/replacement", "POST", Priority.HOLD, Proof.TRAVELLER),
        ("/card/replacement", "POST", Priority.HOLD, Proof.TRAVELLER),
        ("/v1/gate/cards/replacement", "POST", Priority.GATE, Proof.STAFF),
        ("/v1/cards/lost", "POST", Priority.LOSS, Proof.NOTHING),
        ("/v1/cards/lost/7/code", "POST", Priority.LOSS, Proof.NOTHING),
        ("/v1/cards/objection", "POST", Priority.LOSS, Proof.NOTHING),
        ("/card/lost", "POST", Priority.LOSS, Proof.NOTHING),
        ("/card/lost/7", "POST", Priority.LOSS, Proof.NOTHING),
        ("/card/objection", "POST", Priority.LOSS, Proof.NOTHING),
        ("/venues", "GET", Priority.BROWSE, Proof.TRAVELLER),
        ("/v1/bookings/x", "GET", Priority.BROWSE, Proof.TRAVELLER),
        ("/console/live", "GET", Priority.REPORT, Proof.STAFF),
        ("/console/nothing/here", "POST", Priority.REPORT, Proof.STAFF),
        ("/nothing/here", "POST", Priority.HOLD, Proof.TRAVELLER),
        ("/venues", "HEAD", Priority.BROWSE, Proof.TRAVELLER),
    ],
)
def test_classes(path: str, method: str, priority: Priority, proof: Proof) -> None:
    assert claim_of(path, method) == (priority, proof)


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
async def test_a_late_read_is_given_up_with_a_definiteanswer(admission: Admission, path: str) -> None:
    app = _Hanging()
    front = Front(app, admission, LOGINS, read_deadline_s=0.05)
    start, body = await _call(front, _scope(path))
    assert start["status"] == 503
    assert b"retry-after" in dict(start["headers"])
    assert ("系统" in body["body"].decode()) or ("稍" in body["body"].decode())
    await until(lambda: not front.going_on)
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
    await until(lambda: not front.going_on)
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
