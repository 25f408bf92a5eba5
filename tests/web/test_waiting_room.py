"""The waiting room over HTTP: the one file, the page without JavaScript, bookings that are sent to it."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.api_site import TODAY, ApiSite, furnish, serve_api, settings_for
from tests.support.clock import Clock
from tests.support.database import DbUrls
from tests.support.room import ROOM, keep, look, open_room_for
from tests.support.traveller_site import CARD, NOW, OTHER_CARD, OTHER_DOCUMENT, OTHER_NAME, Traveller
from wenyue.container import build
from wenyue.core.clock import zone
from wenyue.core.ids import uuid7
from wenyue.waiting_room import TOKEN_TTL_S, LoadSignal, Room
from wenyue.web.api.room_file import RoomFiles

pytestmark = pytest.mark.anyio
DAY = TODAY + timedelta(days=2)
PAGE_BYTES_MAX = 100_000
WELL = LoadSignal(goodput_per_s=50.0, latency_p99_ms=50.0, limit=600)


class Hall:
    """The whole application with a room in front of the lake, and a clock moved by hand."""

    def __init__(self, site: ApiSite, clock: Clock, room: Room) -> None:
        self.site, self.clock, self.room = site, clock, room
        self.services = site.app.services

    def browser(self) -> Traveller:
        """Somebody's browser, without JavaScript."""
        traveller = Traveller(Starlette())
        traveller.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.site.app),
            base_url="http://api.test",
            follow_redirects=True,
        )
        return traveller

    async def pass_time(self, seconds: int, places_left: int | None = 1_000) -> None:
        """Second by second, a keeper at work."""
        for _ in range(seconds):
            self.clock.forward(1)
            await look(self.services)
            await keep(self.services, places_left)

    async def release(self) -> None:
        """The release, and until the first are let in."""
        self.clock.now = self.room.release_at
        await self.pass_time(8)


@pytest.fixture
async def hall(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Hall]:
    urls, clock = make_database(), Clock(NOW)
    await furnish(urls, tmp_path)
    async with serve_api(settings_for(urls, tmp_path), clock=clock) as site:
        onward = f"/venues/lake?day={DAY}#calendar"
        room = await open_room_for(site.app.services, await site.product_id("lake"), DAY, onward=onward)
        yield Hall(site, clock, room)


def shown(page: str) -> list[str]:
    """The parts of the page that a person sees."""
    return re.findall(r'data-room-part="(\w+)">', page)


async def test_the_file_is_the_same_bytes_for_everybody_and_cacheable(hall: Hall) -> None:
    client = hall.site.client
    one = await client.get(f"/room/{ROOM}.json")
    other = await client.get(
        f"/room/{ROOM}.json", headers={"Cookie": "wy_login=x", "Authorization": "Bearer y"}
    )
    assert one.content == other.content
    assert one.headers["cache-control"] == "public, max-age=2"
    assert one.headers["etag"] == other.headers["etag"]
    assert "set-cookie" not in one.headers
    assert "vary" not in one.headers
    same = await client.get(f"/room/{ROOM}.json", headers={"If-None-Match": one.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    head = await client.head(f"/room/{ROOM}.json")
    assert (head.status_code, head.content) == (200, b"")
    await hall.release()
    changed = await client.get(f"/room/{ROOM}.json", headers={"If-None-Match": one.headers["etag"]})
    assert changed.status_code == 200
    assert changed.json()["seed"]


async def test_an_unknown_room_is_a_short_no(hall: Hall) -> None:
    for name in ("nowhere", "", "%00", "..%2f", "x" * 500, "密"):
        assert (await hall.site.client.get(f"/room/{name}.json")).status_code == 404, name


async def test_a_process_that_knows_nothing_admits_nobody(hall: Hall) -> None:
    unstarted = build(hall.services.settings, clock=hall.clock)
    files = RoomFiles(unstarted.room, hall.site.app.rest.state.meter)

    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        await files.serve(scope, receive, send)  # pyright: ignore[reportArgumentType] - httpx gives what ASGI says

    transport = httpx.ASGITransport(app=app)  # pyright: ignore[reportArgumentType] - as above
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        answer = await client.get(f"/room/{ROOM}.json")
    assert (answer.status_code, answer.json()["threshold"]) == (503, [0, 0])
    assert answer.headers["retry-after"] == "2"


async def test_a_queue_without_javascript(hall: Hall) -> None:
    browser = hall.browser()
    await browser.get(f"/room/{ROOM}")
    assert browser.path == "/signin"
    await browser.activate(CARD)
    page = await browser.get(f"/room/{ROOM}")
    assert shown(page) == ["waiting"]
    assert "到得早晚都一样" in page
    assert 'http-equiv="refresh"' in page
    assert hall.room.commitment.hex() in page
    assert len(page.encode()) <= PAGE_BYTES_MAX
    english = await browser.get(f"/room/{ROOM}?lang=en")
    assert "matter who joins first" in english
    assert not re.search(
        r"[\u4e00-\u9fff]",
        re.sub(r"<[^>]*lang=\"zh-CN\"[^>]*>[^<]*<|<title.*?</title>|<h1.*?</h1>", "", english),
    )
    for account in range(900, 1_400):
        await hall.services.room.give_pass(ROOM, account)
    hall.clock.now = hall.room.release_at
    await hall.pass_time(4)
    page = await browser.get(f"/room/{ROOM}")
    assert shown(page) in (["queued"], ["admitted"])
    await hall.pass_time(25)
    page = await browser.get(f"/room/{ROOM}")
    assert shown(page) == ["admitted"]
    await browser.submit(browser.form(f"/room/{ROOM}/enter"))
    assert browser.path == "/venues/lake"
    assert shown(await browser.get(f"/room/{ROOM}")) == ["inside"]


async def test_another_device_is_the_same_place_and_another_login_is_not(hall: Hall) -> None:
    phone, tablet = hall.browser(), hall.browser()
    await phone.activate(CARD)
    code = re.findall(r'data-code="(\w+)"', await phone.get(f"/room/{ROOM}"))
    await hall.release()
    await tablet.get("/signin")
    await tablet.submit(tablet.form("/signin"), {"card_no": CARD[0], "pin": CARD[1]})
    page = await tablet.get(f"/room/{ROOM}")
    assert re.findall(r'data-code="(\w+)"', page) == code
    assert 'data-epoch="0"' in page
    await phone.get("/me")
    await phone.submit(phone.form("/signout"))
    await phone.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    page = await phone.get(f"/room/{ROOM}")
    assert re.findall(r'data-code="(\w+)"', page) != code
    assert 'data-epoch="0"' not in page


async def test_a_reload_needs_no_database(hall: Hall) -> None:
    browser = hall.browser()
    await browser.activate(CARD)
    before = await browser.get(f"/room/{ROOM}")
    await hall.services.db.close()
    again = await browser.get(f"/room/{ROOM}")
    assert shown(again) == shown(before) == ["waiting"]


async def test_the_booking_button_leads_to_the_queue_and_works_with_a_token(hall: Hall) -> None:
    browser = hall.browser()
    await browser.activate(CARD)
    [morning, *_] = await hall.site.slots("lake", DAY)
    await browser.get(f"/venues/lake?day={DAY + timedelta(days=2)}")
    guarded = {"day": str(DAY), "slot": str(morning["slot_id"])}  # as it was chosen before the queue opened
    await browser.submit(browser.form("/trip/add"), guarded)
    review = await browser.review()
    page = await browser.submit(review, status=403)
    assert f'href="/room/{ROOM}"' in page
    await browser.get(f"/room/{ROOM}")
    await hall.release()
    await browser.get(f"/room/{ROOM}")
    await browser.submit(browser.form(f"/room/{ROOM}/enter"))
    await browser.get("/trip")
    page = await browser.submit(await browser.review())
    assert browser.path.startswith("/bookings/")


async def test_a_move_to_a_guarded_day_wants_a_token_too(hall: Hall) -> None:
    person = await hall.site.traveller()
    other_day = (await hall.site.slots("lake", DAY + timedelta(days=2)))[0]["slot_id"]
    guarded = (await hall.site.slots("lake", DAY))[0]["slot_id"]
    booked = await hall.site.book(person, other_day)
    assert booked.status_code == 201, booked.text
    path = f"/v1/bookings/{booked.json()['id']}/reschedule"
    body = {"moves": [{"line_no": 0, "slot_id": guarded}]}
    refused = await hall.site.client.post(path, json=body, headers=person.headers)
    assert (refused.status_code, refused.json()["outcome"], refused.json()["room"]) == (
        403,
        "waiting_room",
        f"/room/{ROOM}",
    )
    given = (await hall.site.client.post(f"/v1/rooms/{ROOM}/pass", headers=person.headers)).json()
    await hall.release()
    token = await hall.site.client.post(
        f"/v1/rooms/{ROOM}/token", json={"pass": given["pass"]}, headers=person.headers
    )
    assert token.status_code == 201, token.text
    headers = person.headers | {"Room-Token": token.json()["token"]}
    moved = await hall.site.client.post(path, json=body, headers=headers)
    assert moved.status_code == 200, moved.text


async def test_the_api_says_in_both_languages_what_is_wrong(hall: Hall) -> None:
    person = await hall.site.traveller()
    client, headers = hall.site.client, person.headers
    no_room = await client.post("/v1/rooms/nowhere/pass", headers=headers)
    assert (no_room.status_code, no_room.json()["outcome"]) == (404, "room_unknown")
    given = (await client.post(f"/v1/rooms/{ROOM}/pass", headers=headers)).json()
    assert given["rank"] is None
    early = await client.post(
        f"/v1/rooms/{ROOM}/token", json={"pass": given["pass"]}, headers=headers | {"Accept-Language": "en"}
    )
    assert (early.status_code, early.json()["outcome"]) == (409, "room_not_yet")
    assert early.json()["title"].startswith("It isn't your turn yet")
    bad = await client.post(f"/v1/rooms/{ROOM}/token", json={"pass": "wyp1_x"}, headers=headers)
    assert (bad.status_code, bad.json()["outcome"]) == (403, "room_pass_bad")
    long = await client.post(f"/v1/rooms/{ROOM}/token", json={"pass": "x" * 65}, headers=headers)
    assert (long.status_code, long.json()["errors"][0]["pointer"]) == (422, "/pass")
    await hall.release()
    later = (
        await client.post(f"/v1/rooms/{ROOM}/pass", json={"pass": given["pass"]}, headers=headers)
    ).json()
    assert isinstance(later["rank"], int)
    assert (later["epoch"], later["code"]) == (given["epoch"], given["code"])


async def test_a_refused_booking_asks_the_database_nothing(hall: Hall) -> None:
    person = await hall.site.traveller()
    slot_id = (await hall.site.slots("lake", DAY))[0]["slot_id"]
    assert (await hall.site.book(person, slot_id)).status_code == 403  # the login is remembered from now on
    await hall.services.db.close()
    answer = await hall.site.book(person, slot_id, id=str(uuid7()))
    assert (answer.status_code, answer.json()["outcome"]) == (403, "waiting_room")


async def test_ux_8_a_queue_is_said_where_one_chooses_and_a_turn_with_its_end(hall: Hall) -> None:
    browser = hall.browser()
    await browser.activate(CARD)
    page = await browser.get(f"/venues/lake?day={DAY}")
    assert "到时要排队" in page
    assert f'href="/room/{ROOM}"' in page
    assert 'action="/trip/add"' not in page  # nothing is chosen that a later page refuses
    other = await browser.get(f"/venues/lake?day={DAY + timedelta(days=2)}")
    assert 'action="/trip/add"' in other
    assert "到时要排队" not in other
    await browser.get(f"/room/{ROOM}")
    hall.clock.now = hall.room.release_at
    await hall.pass_time(1, places_left=None)
    alone = await browser.get(f"/room/{ROOM}")
    if shown(alone) == ["queued"]:
        assert "下一位就是您" in alone
    await hall.pass_time(8)
    page = await browser.get(f"/room/{ROOM}")
    assert shown(page) == ["admitted"]
    until = hall.clock.now.astimezone(zone("Asia/Shanghai")) + timedelta(seconds=TOKEN_TTL_S)
    assert "轮到您了" in page
    assert "10 分钟" in page
    assert f"到 {until:%H:%M}" in page
    assert re.search(r"data-room-waiting-row hidden", page)
    assert not re.search(r"第\s*\d+\s*批", page)
    await browser.submit(browser.form(f"/room/{ROOM}/enter"))
    assert browser.path == "/venues/lake"
    assert f"请在 {until:%H:%M} 前选好并提交" in browser.page.text
    assert 'action="/trip/add"' in browser.page.text


async def test_ux_8_who_moves_a_visit_reads_of_the_queue_as_well(hall: Hall) -> None:
    browser = hall.browser()
    await browser.activate(CARD)
    await browser.choose("lake", DAY + timedelta(days=2))
    await browser.submit(await browser.review())
    booking = browser.path
    page = await browser.get(f"{booking}/reschedule?day={DAY}")
    assert "到时要排队" in page
    assert f'href="/room/{ROOM}"' in page
