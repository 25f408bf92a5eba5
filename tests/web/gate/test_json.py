"""The gate over JSON, for a turnstile or a handheld terminal."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS
from tests.support.gate_house import NOW, PASSWORD, House, gate_house
from wenyue.accounts import start_login, traveller_for
from wenyue.core.ids import uuid7
from wenyue.gate import index_bookings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[House]:
    async with gate_house(make_database(), tmp_path) as made:
        yield made


def scan_body(presented: str, **changes: Any) -> dict[str, Any]:
    return {
        "scan_id": str(uuid7()),
        "venue": "lingyin",
        "gate": "闸机3",
        "presented": presented,
        **changes,
    }


async def test_a_turnstile_scans_and_takes_back(house: House) -> None:
    booking_id = await house.fixtures.book()
    body = scan_body(house.fixtures.voucher(booking_id))
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


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "已撤销"), ("en", "Undone")])
async def test_security_ninth_F3_a_scan_that_was_taken_back_never_shows_green(
    house: House, language: str, word: str
) -> None:
    body = scan_body(house.fixtures.voucher(await house.fixtures.book()))
    house.client.headers["Accept-Language"] = language
    assert (await house.api("/v1/gate/scans", body)).json()["tone"] == "good"
    undone = await house.api(f"/v1/gate/scans/{body['scan_id']}/undo", {"reason": "重复扫码"})
    assert undone.json()["outcome"] == "undone"
    again = (await house.api("/v1/gate/scans", body)).json()
    assert (again["admitted"], again["reason"], again["tone"], again["word"]) == (
        False,
        "undone",
        "ask",
        word,
    )
    assert (again["is_replay"], again["undone_at"] is not None) == (True, True)
    said = f"{again['why']} {again['next_step']}"
    assert not any(one in said for one in ("已核销", "放行。", "Valid", "then let them in")), said


async def test_security_M5_over_json_a_second_person_confirms(house: House) -> None:
    booking_id = await house.fixtures.book()

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


async def test_somebody_is_looked_up_over_json_only_where_one_works(house: House) -> None:
    booking_id = await house.fixtures.book(documents=ADULTS[:2])
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
    booking_id = await house.fixtures.book(documents=ADULTS[:2])
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
    from tests.support.gate_fixtures import document
    from wenyue.accounts import Identity

    tx = house.fixtures.tx
    identity = Identity("王小明", document(ADULTS[0], NOW.date()))
    traveller_id = await traveller_for(tx, house.services.vault, identity, NOW)
    token = await start_login(tx, now=NOW, traveller_id=traveller_id)
    headers = {"Authorization": f"Bearer {token}"}
    answered = await house.client.post("/v1/gate/scans", json=scan_body("x"), headers=headers)
    assert (answered.status_code, answered.json()["outcome"]) == (403, "staff_only")
    house.client.cookies.set("wy_staff", token)
    assert (await house.page("/gate")).headers["location"] == "/gate/signin"


async def test_an_hour_later_the_wall_clock_is_the_venues(house: House) -> None:
    soon = await house.fixtures.book(await house.fixtures.slot(starts_in_h=2))
    body = scan_body(str(soon))
    answer = (await house.api("/v1/gate/scans", body)).json()
    assert answer["why"] == "还没到入园时间，11:00 起可以入园。"
    assert datetime.fromisoformat(answer["when"]) == NOW + timedelta(hours=2)
