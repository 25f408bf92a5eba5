"""The gate over HTTP: pages for a keeper, JSON for a turnstile. One installation, a real database, a fixed clock."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from tests.support.database import DbUrls
from tests.support.gate_world import ADULTS, CHILD, World
from wenyue.accounts import save_staff, start_login, traveller_for
from wenyue.faces.api.logins import Logins
from wenyue.faces.wording_gate import GATE_TEXTS, UNDO_TEXTS
from wenyue.gate import Desk, Reason, UndoOutcome, index_bookings
from wenyue.infra.config import load
from wenyue.kernel.ids import uuid7
from wenyue.policy import save_presets
from wenyue.services import Services, build
from wenyue.site import create_site

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
PASSWORD = "correct horse"


class House:
    """An installation with two members of staff: one works everywhere, one at the palace only."""

    def __init__(self, services: Services, world: World, client: httpx.AsyncClient) -> None:
        self.services, self.world, self.client = services, world, client

    async def page(self, path: str, **form: Any) -> httpx.Response:
        """GET, or POST with the anti-forgery token of the page before."""
        if not form:
            return await self.client.get(path)
        shown = await self.client.get("/gate/signin")
        shown = shown if shown.status_code == 200 else await self.client.get("/gate/setup")
        token = re.search(r'name="_csrf" value="([^"]+)"', shown.text)
        assert token is not None
        return await self.client.post(path, data={"_csrf": token[1], **form})

    async def stand(self, login: str = "gate", venue: str = "lingyin") -> None:
        """Signed in, at the north gate."""
        signed = await self.page("/gate/signin", login=login, password=PASSWORD)
        assert (signed.status_code, signed.headers["location"]) == (303, "/gate")
        there = await self.page("/gate/setup", venue_id=self.world.venues[venue], gate="北门")
        assert (there.status_code, there.headers["location"]) == (303, "/gate")

    async def scan(self, presented: str, **form: Any) -> str:
        """The page after a scan."""
        answered = await self.page("/gate/scans", scan_id=str(uuid7()), presented=presented, **form)
        assert answered.status_code == 200
        return answered.text

    async def token(self, login: str = "gate", password: str = PASSWORD) -> httpx.Response:
        """The answer to a staff sign-in over JSON."""
        return await self.client.post("/v1/gate/session", json={"login": login, "password": password})

    async def api(self, path: str, body: dict[str, Any], *, login: str = "gate") -> httpx.Response:
        """A JSON request of a member of staff."""
        bearer = (await self.token(login)).json()["token"]
        return await self.client.post(path, json=body, headers={"Authorization": f"Bearer {bearer}"})


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncGenerator[None]:
    """The services are started by the fixture."""
    yield


@pytest.fixture
async def house(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[House]:
    urls = make_database()
    settings = load(
        {"WENYUE_DATABASE_URL": urls.app_url, "WENYUE_HOME": str(tmp_path), "WENYUE_DATABASE_POOL": "4"}
    )
    services = build(settings, clock=lambda: NOW)
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        world = await World.make(tx, NOW)
        world.desk = Desk(services.vault, services.gate_keys, world.desk.presets)
        await save_presets(tx)
        for login, venues in (("gate", ()), ("palace", (world.venues["palace"],))):
            await save_staff(
                tx,
                services.vault,
                login=login,
                password=PASSWORD,
                role="gate",
                now=NOW,
                actor="test",
                venue_ids=venues,
            )
        for login in ("boss", "manager"):
            await save_staff(
                tx, services.vault, login=login, password=PASSWORD, role="operator", now=NOW, actor="test"
            )
        await services.start()
        site = create_site(services, Logins(services.db, services.clock), nothing)
        transport = httpx.ASGITransport(app=site)
        async with httpx.AsyncClient(transport=transport, base_url="http://gate.test") as client:
            yield House(services, world, client)
        await services.stop()


def panel(page: str) -> str:
    """The big panel of a page, without tags."""
    found = re.search(r'<section class="gate-result.*?</section>', page, re.DOTALL)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


async def test_strangers_see_only_the_sign_in(house: House) -> None:
    for path in ("/gate", "/gate/setup"):
        assert (await house.page(path)).headers["location"] == "/gate/signin"
    for path in ("/gate/scans", "/gate/undo", "/gate/setup"):
        assert (await house.page(path, scan_id="x")).headers["location"] == "/gate/signin"
    assert (await house.client.post("/gate/scans", data={"presented": "x"})).status_code == 403
    wrong = await house.page("/gate/signin", login="gate", password="wrong")
    assert wrong.status_code == 422
    assert "账号或密码不对" in wrong.text


async def test_wrong_passwords_make_the_next_try_wait(house: House) -> None:
    tries = [await house.page("/gate/signin", login="gate", password="wrong") for _ in range(6)]
    assert [answer.status_code for answer in tries] == [422] * 5 + [429]
    assert "1分钟后再试" in tries[-1].text
    assert (await house.token()).status_code == 429


async def test_a_keeper_sets_up_once_and_signs_out(house: House) -> None:
    await house.page("/gate/signin", login="gate", password=PASSWORD)
    assert (await house.page("/gate")).headers["location"] == "/gate/setup"
    assert "请填写闸口名称" in (await house.page("/gate/setup", venue_id=house.world.here, gate=" \t")).text
    assert "请选择场馆" in (await house.page("/gate/setup", venue_id="nonsense", gate="北门")).text
    assert "没有找到场馆" in (await house.page("/gate/setup?q=zzz")).text
    await house.stand()
    shown = await house.page("/gate")
    assert "灵隐飞来峰" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert "请扫码" in panel(shown.text)
    await house.page("/gate/signout", x="1")
    assert (await house.page("/gate")).headers["location"] == "/gate/signin"


async def test_a_keeper_works_only_at_their_venues(house: House) -> None:
    await house.page("/gate/signin", login="palace", password=PASSWORD)
    assert "灵隐" not in (await house.page("/gate/setup")).text
    refused = await house.page("/gate/setup", venue_id=house.world.here, gate="北门")
    assert refused.status_code == 422
    await house.page("/gate/signout", x="1")
    await house.stand()  # this device stood at 灵隐 before
    await house.page("/gate/signout", x="1")
    await house.page("/gate/signin", login="palace", password=PASSWORD)
    assert (await house.page("/gate")).headers["location"] == "/gate/setup"


async def test_admitted_then_already_used_then_undone(house: House) -> None:
    await house.stand()
    voucher = house.world.voucher(await house.world.book())
    admitted = panel(await house.scan(voucher))
    assert admitted.startswith("放行 请入园")
    assert "王*明 11****1949********" in admitted
    second = await house.scan(voucher)
    assert panel(second).startswith("不放行 已核销 09:00 在“北门”核销过。")
    offered = re.findall(r'name="scan_id" value="([^"]+)">\s*<label class="small"', second)
    assert len(offered) == 2  # with the answer, and in the list
    assert len(set(offered)) == 1
    unreasoned = await house.page("/gate/undo", scan_id=offered[0], reason=" ")
    assert (unreasoned.status_code, "请写明撤销原因" in unreasoned.text) == (422, True)
    undone = await house.page("/gate/undo", scan_id=offered[0], reason="扫错了人")
    assert (undone.status_code, "名额恢复为未核销" in undone.text) == (200, True)
    assert panel(await house.scan(voucher)).startswith("放行")


@pytest.mark.parametrize("path", ["/gate/scans", "/gate/undo"])
async def test_the_address_of_an_answer_leads_back_to_the_gate(house: House, path: str) -> None:
    await house.stand()
    assert (await house.page(path)).headers["location"] == "/gate"


async def test_reloading_a_scan_changes_nothing(house: House) -> None:
    await house.stand()
    voucher, scan_id = house.world.voucher(await house.world.book()), str(uuid7())
    await house.page("/gate/scans", scan_id=scan_id, presented=voucher)
    again = await house.page("/gate/scans", scan_id=scan_id, presented=voucher)
    assert panel(again.text).startswith("放行")
    assert "没有重复核销" in again.text
    other = await house.page("/gate/scans", scan_id=scan_id, presented=ADULTS[0])
    assert other.headers["location"] == "/gate"


async def test_a_party_is_chosen_from_or_let_in_together(house: House) -> None:
    await house.stand()
    booking_id = await house.world.book(documents=(*ADULTS[:2], CHILD))
    asked = await house.scan(house.world.voucher(booking_id))
    assert panel(asked).startswith("先别放行 哪一位")
    assert "全部入园（3）" in asked
    assert "须成人先入园" in asked
    single = await house.scan(str(booking_id), place="0.1")
    assert panel(single).startswith("放行 请入园")
    assert "李*" in panel(single)
    rest = await house.scan(str(booking_id), place=["0.0", "0.2"])
    assert panel(rest).startswith("放行 请入园 2 人")
    assert "王*明 · 请入园" in panel(rest)
    assert panel(await house.scan(str(booking_id), place=["0.0", "0.2"])).startswith("不放行 已核销")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
async def test_every_reason_is_worded(locale: str) -> None:
    assert set(GATE_TEXTS) == set(Reason)
    assert set(UNDO_TEXTS) == set(UndoOutcome)
    for reason, text in GATE_TEXTS.items():
        sentences = [part.say(locale) for part in (text.word, text.why, text.next_step)]
        assert all(sentences)
        assert text.tone == ("good" if reason is Reason.ADMIT else text.tone)
        if locale == "en":
            assert not any(re.search("[一-鿿]", sentence) for sentence in sentences), reason


async def test_english_pages_are_english(house: House) -> None:
    await house.stand()
    house.client.cookies.set("wy_lang", "en")
    voucher = house.world.voucher(await house.world.book(documents=ADULTS[:1]))
    assert panel(await house.scan(voucher)).startswith("Open Admit")
    shown = await house.scan("nonsense")
    body = shown.partition("<main")[2].partition("</main>")[0]
    text = re.sub(r"<[^>]+>", " ", body)
    foreign = {"北门", "王*明"}
    assert set(re.findall("[一-鿿*]+", text)) - foreign == set()


@pytest.mark.parametrize(
    "presented",
    [
        "<script>alert(1)</script>",
        "' OR 1=1",
        "\x00",
        "ü" * 400,
        "WY1:" + "A" * 500,
        "😀",
        "9" * 512,
        "-" * 12,
    ],
)
async def test_hostile_input_is_an_ordinary_refusal(house: House, presented: str) -> None:
    await house.stand()
    answered = await house.page(
        "/gate/scans", scan_id=str(uuid7()), presented=presented, place=["x", "9999.9999", "²"]
    )
    assert answered.status_code in {200, 303}
    assert "<script>alert" not in answered.text


def scan_body(presented: str, **changes: Any) -> dict[str, Any]:
    return {
        "scan_id": str(uuid7()),
        "venue": "lingyin",
        "gate": "闸机3",
        "presented": presented,
        **changes,
    }


async def test_a_turnstile_scans_and_takes_back(house: House) -> None:
    booking_id = await house.world.book()
    body = scan_body(house.world.voucher(booking_id))
    first = (await house.api("/v1/gate/scans", body)).json()
    assert (first["admitted"], first["reason"], first["word"]) == (True, "admit", "请入园")
    assert (UUID(first["booking_id"]), first["name"]) == (booking_id, "王*明")
    again = (await house.api("/v1/gate/scans", body)).json()
    assert (again["admitted"], again["is_replay"]) == (True, True)
    path = f"/v1/gate/scans/{body['scan_id']}/undo"
    for _ in range(2):
        undone = await house.api(path, {"reason": "重复扫码"})
        assert (undone.status_code, undone.json()["outcome"]) == (200, "undone")
    assert (await house.api("/v1/gate/scans", body)).json()["admitted"] is False
    later = await house.api("/v1/gate/scans", scan_body(str(booking_id)))
    assert later.json()["admitted"] is True


async def test_security_M5_over_json_a_second_person_confirms(house: House) -> None:
    booking_id = await house.world.book()

    async def undo(scan_id: UUID | str, **second: object) -> tuple[int, str]:
        answered = await house.api(f"/v1/gate/scans/{scan_id}/undo", {"reason": "重复扫码", **second})
        return answered.status_code, answered.json()["outcome"]

    bodies = [scan_body(str(booking_id)) for _ in range(2)]
    assert (await house.api("/v1/gate/scans", bodies[0])).json()["admitted"] is True
    assert await undo(bodies[0]["scan_id"]) == (200, "undone")
    assert (await house.api("/v1/gate/scans", bodies[1])).json()["admitted"] is True
    scan_id = bodies[1]["scan_id"]
    assert await undo(scan_id) == (403, "second_needed")
    for login, password, outcome in (
        ("boss", "wrong", "staff_wrong"),
        ("nobody", PASSWORD, "staff_wrong"),
        ("palace", PASSWORD, "second_unfit"),
        ("gate", PASSWORD, "second_unfit"),
    ):
        assert await undo(scan_id, second={"login": login, "password": password}) == (403, outcome)
    assert (await house.api("/v1/gate/scans", bodies[1])).json()["admitted"] is True
    assert await undo(scan_id, second={"login": "boss", "password": PASSWORD}) == (200, "undone")


async def test_security_M5_on_the_page_a_second_person_confirms(house: House) -> None:
    await house.stand()
    booking_id = await house.world.book()

    async def scan_and_undo() -> tuple[str, httpx.Response]:
        assert "放行" in panel(await house.scan(str(booking_id)))
        rows = (await house.page("/gate")).text
        last: str = re.findall(r'name="scan_id" value="([^"]+)"', rows)[1]
        return last, await house.page("/gate/undo", scan_id=last, reason="扫错了人")

    assert UNDO_TEXTS[UndoOutcome.UNDONE].zh in (await scan_and_undo())[1].text
    scan_id, answered = await scan_and_undo()
    assert "请第二人确认撤销" in answered.text
    assert "扫错了人" in answered.text
    wrong = await house.page(
        "/gate/undo", scan_id=scan_id, reason="扫错了人", second_login="boss", second_password="no"
    )
    assert (wrong.status_code, "确认人的账号或密码不对" in wrong.text) == (422, True)
    assert 'value="boss"' in wrong.text
    own = await house.page(
        "/gate/undo", scan_id=scan_id, reason="扫错了人", second_login="gate", second_password=PASSWORD
    )
    assert (own.status_code, UNDO_TEXTS[UndoOutcome.SECOND_UNFIT].zh in own.text) == (422, True)
    done = await house.page(
        "/gate/undo", scan_id=scan_id, reason="扫错了人", second_login="boss", second_password=PASSWORD
    )
    assert (done.status_code, UNDO_TEXTS[UndoOutcome.UNDONE].zh in done.text) == (200, True)


async def test_somebody_is_looked_up_on_the_page_and_let_in(house: House) -> None:
    booking_id = await house.world.book()
    async with house.services.db.transaction() as tx:
        await index_bookings(tx, house.services.vault, [booking_id], NOW, days=1)
    assert (await house.page("/gate/lookup", text="王小明")).headers["location"] == "/gate/signin"
    await house.stand()
    assert "查找预约" in (await house.page("/gate/lookup")).text
    nobody = await house.page("/gate/lookup", kind="name", text="无此人")
    assert (nobody.status_code, "没有找到" in nobody.text) == (200, True)
    empty = await house.page("/gate/lookup", kind="phone", text="123")
    assert (empty.status_code, 'value="123"' in empty.text) == (422, True)
    found = await house.page("/gate/lookup", kind="name", text="王 小明")
    assert found.status_code == 200
    assert "王*明" in found.text
    assert "11010519491231002X" not in found.text
    place = re.search(r'name="place" value="([^"]+)"', found.text)
    assert place is not None
    assert str(booking_id) in found.text
    assert "放行" in panel(await house.scan(str(booking_id), place=place[1]))
    assert "已核销" in (await house.page("/gate/lookup", kind="name", text="王小明")).text
    asked = [await house.page("/gate/lookup", kind="reference", text="x1") for _ in range(10)]
    assert (asked[-1].status_code, "太频繁" in asked[-1].text) == (429, True)


async def test_somebody_is_looked_up_over_json_only_where_one_works(house: House) -> None:
    booking_id = await house.world.book(documents=ADULTS[:2])
    async with house.services.db.transaction() as tx:
        await index_bookings(tx, house.services.vault, [booking_id], NOW, days=1)
    body = {"venue": "lingyin", "kind": "name", "text": "李 雷"}
    [visit] = (await house.api("/v1/gate/lookups", body)).json()["visits"]
    assert (visit["booking_id"], visit["standing"], visit["word"]) == (str(booking_id), "booked", "已预约")
    assert [person["name"] for person in visit["people"]] == ["王*明", "李*"]
    for changes, login, status, code in (
        ({}, "palace", 403, "not_your_venue"),
        ({"venue": "nowhere"}, "gate", 404, "not_found"),
        ({"text": "·"}, "gate", 422, "lookup_nothing_asked"),
    ):
        answered = await house.api("/v1/gate/lookups", {**body, **changes}, login=login)
        assert (answered.status_code, answered.json()["outcome"]) == (status, code)
    assert (await house.client.post("/v1/gate/lookups", json=body)).status_code == 401
    there = await house.api("/v1/gate/lookups", {**body, "venue": "palace"}, login="palace")
    assert there.json() == {"visits": [], "is_more": False}


async def test_a_party_over_json(house: House) -> None:
    booking_id = await house.world.book(documents=ADULTS[:2])
    asked = (await house.api("/v1/gate/scans", scan_body(str(booking_id)))).json()
    assert (asked["reason"], asked["admitted"]) == ("choose_visitor", False)
    choice = asked["choices"][1]
    body = scan_body(choice["booking_id"], visitor_no=choice["visitor_no"], line_no=choice["line_no"])
    assert (await house.api("/v1/gate/scans", body)).json()["name"] == choice["name"] == "李*"


async def test_what_the_api_refuses(house: House) -> None:
    good = scan_body("x")
    assert (await house.client.post("/v1/gate/scans", json=good)).status_code == 401
    assert (await house.token("gate", "wrong")).status_code == 401
    cases = [
        (good, "palace", 403, "not_your_venue"),
        ({**good, "venue": "nowhere"}, "gate", 404, "not_found"),
        ({**good, "gate": "\u200b \t"}, "gate", 422, "gate_needed"),
    ]
    for body, login, status, code in cases:
        answered = await house.api("/v1/gate/scans", body, login=login)
        assert (answered.status_code, answered.json()["outcome"]) == (status, code)
        assert answered.headers["content-type"].startswith("application/problem+json")
    assert (await house.api("/v1/gate/scans", good)).status_code == 200
    reused = await house.api("/v1/gate/scans", {**good, "presented": "y"})
    assert (reused.status_code, reused.json()["outcome"]) == (422, "scan_id_reused")
    refused = f"/v1/gate/scans/{good['scan_id']}/undo"
    assert (await house.api(refused, {"reason": "x"})).json()["outcome"] == "not_admitted"
    assert (await house.api(f"/v1/gate/scans/{uuid7()}/undo", {"reason": "x"})).status_code == 404
    for broken in ({}, {**good, "presented": ""}, {**good, "scan_id": "x"}, {**good, "extra": 1}):
        answered = await house.api("/v1/gate/scans", broken)
        assert (answered.status_code, answered.json()["outcome"]) == (422, "invalid_body")


@pytest.mark.parametrize("field", ["scan_id", "venue", "gate", "presented", "visitor_no", r"\ud800~/"])
@pytest.mark.parametrize("value", [r'"\ud800"', r'"\u0000"', "9223372036854775807", "1e999", "[[]]", "{"])
async def test_hostile_json_is_an_ordinary_answer(house: House, field: str, value: str) -> None:
    known = {"scan_id": f'"{uuid7()}"', "venue": '"lingyin"', "gate": '"g"', "presented": '"x"'}
    body = ",".join(f'"{name}":{text}' for name, text in {**known, field: value}.items())
    bearer = (await house.token()).json()["token"]
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    answered = await house.client.post("/v1/gate/scans", content=f"{{{body}}}", headers=headers)
    assert answered.status_code in {200, 400, 404, 422}
    reason = await house.client.post(
        f"/v1/gate/scans/{uuid7()}/undo", content=f'{{"reason":{value}}}', headers=headers
    )
    assert reason.status_code in {400, 404, 422}


async def test_a_travellers_token_opens_no_gate(house: House) -> None:
    from tests.support.gate_world import document
    from wenyue.accounts import Identity

    tx = house.world.tx
    identity = Identity("王小明", document(ADULTS[0], NOW.date()))
    traveller_id = await traveller_for(tx, house.services.vault, identity, NOW)
    token = await start_login(tx, now=NOW, traveller_id=traveller_id)
    headers = {"Authorization": f"Bearer {token}"}
    answered = await house.client.post("/v1/gate/scans", json=scan_body("x"), headers=headers)
    assert (answered.status_code, answered.json()["outcome"]) == (403, "staff_only")
    house.client.cookies.set("wy_staff", token)
    assert (await house.page("/gate")).headers["location"] == "/gate/signin"


async def test_an_hour_later_the_wall_clock_is_the_venues(house: House) -> None:
    soon = await house.world.book(await house.world.slot(starts_in_h=2))
    body = scan_body(str(soon))
    answer = (await house.api("/v1/gate/scans", body)).json()
    assert answer["why"] == "还没到入园时间，11:00 起可以入园。"
    assert datetime.fromisoformat(answer["when"]) == NOW + timedelta(hours=2)
