"""The hot endpoints over HTTP: POST /v1/bookings and GET /v1/availability, their answers and every refusal at the edge."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import psycopg
import pytest

from tests.support.api_site import TODAY, TOMORROW, ApiSite, api_site, problem
from tests.support.database import DbUrls, TestServer
from tests.support.traveller_site import CHILD_NAME
from wenyue.core import body_reading
from wenyue.core.admission import RETRY_AFTER_S_MAX
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio
EN = {"Accept-Language": "en"}


@pytest.fixture
async def site(
    make_database: Callable[[], DbUrls], database_server: TestServer, tmp_path: Path
) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path, database_server.superuser_url) as site:
        yield site


async def test_a_booking_and_its_replay(site: ApiSite) -> None:
    who = await site.traveller()
    slot = (await site.slots("lake"))[0]
    id_ = str(uuid7())
    card = {
        "lines": [{"slot_id": slot["slot_id"], "price_minor": 0, "visitors": [0], "on_card": True}],
        "card_id": who.card_id,
    }
    first = await site.book(who, slot["slot_id"], id=id_, **card)
    again = await site.book(who, slot["slot_id"], id=id_, **card)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() | {"is_replay": True} == again.json()
    assert (first.json()["id"], first.json()["state"]) == (id_, "confirmed")
    assert first.headers["location"] == f"/v1/bookings/{id_}"
    card_left = (await site.client.get("/v1/session", headers=who.headers)).json()["cards"][0]["entitlements"]
    assert sum(pot["used"] for pot in card_left) == 1
    other = await site.book(who, slot["slot_id"], id=id_)
    problem(other, 422, "id_reused")


async def test_the_id_may_be_the_idempotency_key(site: ApiSite) -> None:
    who = await site.traveller()
    slot_id = (await site.slots("lake"))[0]["slot_id"]
    body = {
        "lines": [{"slot_id": slot_id, "price_minor": 0, "visitors": [0]}],
        "visitors": [{"name": who.name, "number": who.number}],
    }
    key = str(uuid7())

    async def post(key: str, **more: str) -> httpx.Response:
        headers = who.headers | {"Idempotency-Key": key}
        return await site.client.post("/v1/bookings", json=body | more, headers=headers)

    made = await post(key)
    assert (made.status_code, made.json()["id"]) == (201, key)
    assert (await post(f'"{key}"')).status_code == 200
    problem(await post("", id=""), 422, "invalid_body")
    problem(await post(""), 422, "id_needed")
    problem(await post("not-a-uuid"), 422, "id_needed")
    problem(await post(key, id=str(uuid7())), 422, "id_needed")


async def test_sold_out_closed_and_not_released(site: ApiSite) -> None:
    who = await site.traveller()
    full = (await site.slots("tower"))[0]
    assert full["state"] == "full"
    sold_out = problem(await site.book(who, full["slot_id"]), 409, "sold_out")
    assert (sold_out["line"], sold_out["taken"][:2]) == (0, "没有")
    closed = (await site.slots("lake", TODAY + timedelta(days=3)))[0]
    assert (closed["state"], closed["reason_zh"]) == ("closed", "大风")
    problem(await site.book(who, closed["slot_id"]), 409, "slot_closed")
    later = (await site.slots("temple", TODAY + timedelta(days=20)))[0]
    assert later["state"] == "not_released"
    refused = problem(await site.book(who, later["slot_id"]), 409, "not_released")
    assert refused["at"] == later["release_at"]
    problem(await site.book(who, 2**63 - 1), 404, "slot_unknown")


async def test_the_last_place_is_sold_once(site: ApiSite) -> None:
    who, other = await site.traveller(), await site.other()
    last = (await site.slots("tower"))[1]
    assert last["left"] == 1
    answers = await asyncio.gather(site.book(who, last["slot_id"]), site.book(other, last["slot_id"]))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    english = await site.client.post(
        "/v1/bookings?lang=en",
        json={"id": str(uuid7()), "lines": [{"slot_id": last["slot_id"], "price_minor": 0}]},
        headers=who.headers,
    )
    assert english.json()["title"] in {"Fully booked", "Choose visitors"}


async def test_field_errors_name_the_visitor(site: ApiSite) -> None:
    who = await site.traveller()
    slot_id = (await site.slots("lake"))[0]["slot_id"]
    people = [
        {"name": who.name, "number": who.number},
        {"name": CHILD_NAME, "number": "110101201503078110"},
        {"name": "?", "number": "x", "kind": "passport", "nationality": "XX"},
    ]
    answer = await site.book(
        who,
        slot_id,
        visitors=people,
        contact_phone="1",
        lines=[{"slot_id": slot_id, "price_minor": 0, "visitors": [0, 9]}],
    )
    errors = problem(answer, 422, "fields")["errors"]
    pointers = {error["pointer"] for error in errors}
    assert {"/visitors/1/number", "/visitors/2/name", "/contact_phone", "/lines/0/visitors"} <= pointers
    assert "/visitors/2/nationality" in pointers
    assert all(error["code"] and error["detail"] for error in errors)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/lines", "missing"),
        ({"lines": []}, "/lines", "wrong_length"),
        ({"lines": [{"slot_id": "1"}]}, "/lines/0/slot_id", "wrong_type"),
        ({"lines": [{"slot_id": 0}]}, "/lines/0/slot_id", "out_of_range"),
        ({"lines": [{"slot_id": 1, "x": 1}]}, "/lines/0/x", "unknown_field"),
        ({"lines": [{"slot_id": 1}], "id": "7"}, "/id", "wrong_form"),
        ({"lines": [{"slot_id": 1}], "contact_phone": "1" * 41}, "/contact_phone", "wrong_length"),
        ([], "", "wrong_type"),
    ],
)
async def test_a_body_of_the_wrong_shape_says_where(
    site: ApiSite, body: Any, pointer: str, code: str
) -> None:
    who = await site.traveller()
    answer = await site.client.post("/v1/bookings", json=body, headers=who.headers | EN)
    [error] = problem(answer, 422, "invalid_body")["errors"]
    assert (error.get("pointer", ""), error["code"]) == (pointer, code)


async def test_strangers_and_staff_do_not_book(site: ApiSite) -> None:
    body = {"id": str(uuid7()), "lines": [{"slot_id": 1}]}
    staff = await site.staff()
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}, staff.headers):
        answer = await site.client.post("/v1/bookings", json=body, headers=headers)
        problem(answer, 401, "login_needed")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_somebody_elses_card_and_booking_id(site: ApiSite) -> None:
    who, other = await site.traveller(), await site.other()
    slot_id = (await site.slots("lake"))[0]["slot_id"]
    lines = [{"slot_id": slot_id, "price_minor": 0, "visitors": [0], "on_card": True}]
    problem(await site.book(other, slot_id, lines=lines, card_id=who.card_id), 404, "card_unknown")
    id_ = (await site.book(who, slot_id)).json()["id"]
    problem(await site.book(other, slot_id, id=id_), 422, "id_reused")
    mine = {"id": id_, "visitors": [{"name": who.name, "number": who.number}]}
    copied = await site.book(other, slot_id, **mine)
    assert copied.status_code in (409, 422), copied.text


async def test_a_body_too_large_or_too_slow(site: ApiSite, monkeypatch: pytest.MonkeyPatch) -> None:
    who = await site.traveller()
    for path in ("/v1/bookings", "/v1/visitors"):
        huge = await site.client.post(path, content=b" " * 65_537, headers=who.headers)
        problem(huge, 413, "body_too_large")
        assert huge.headers["connection"] == "close"
    monkeypatch.setattr(body_reading, "BODY_WAIT_S", 0.05)

    async def dripping() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)
        yield b"}"

    for path in ("/v1/bookings", "/v1/visitors"):
        problem(await site.client.post(path, content=dripping(), headers=who.headers), 408, "slow_body")


@pytest.mark.slow
async def test_the_database_away_is_busy_not_a_fault(site: ApiSite) -> None:
    who = await site.traveller()
    slot_id = (await site.slots("lake"))[0]["slot_id"]
    name = httpx.URL(site.app.services.settings.database.url).path.strip("/")
    async with await psycopg.AsyncConnection.connect(site.admin_url, autocommit=True) as admin:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')  # type: ignore[arg-type] - a test's own name
        try:
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            paths = ("/v1/session", "/v1/bookings", "/v1/venues", "/v1/visitors")
            unseen = "/v1/availability?product_id=1&from=2026-04-01"  # a page that no memory holds
            *answers, page, booked = await asyncio.gather(  # each waits for the database as long as it may
                *(site.client.get(path, headers=who.headers) for path in paths),
                site.client.get(unseen),
                site.book(who, slot_id),
            )
            for answer in answers:
                problem(answer, 503, "busy")
                assert answer.headers["retry-after"] == "1"
            problem(page, 503, "busy")
            assert booked.status_code == 503
            assert booked.json()["outcome"] in {"busy", "too_late"}
            assert 1 <= int(booked.headers["retry-after"]) <= RETRY_AFTER_S_MAX
            assert (await site.client.get("/readyz")).status_code == 503
            assert (await site.client.get("/healthz")).status_code == 200
        finally:
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')  # type: ignore[arg-type] - likewise
    async with asyncio.timeout(30):
        while (await site.client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.1)
    assert (await site.book(who, slot_id)).status_code == 201


async def test_availability_says_how_old_it_is_and_what_is_wrong(site: ApiSite) -> None:
    product = await site.product_id("lake")
    answer = await site.client.get(f"/v1/availability?product_id={product}&from={TOMORROW}")
    assert answer.headers["cache-control"] == "public, max-age=1"
    found = answer.json()
    assert found["product_id"] == product
    assert found["as_of"].startswith("2026-03-04T01:00:00")
    assert [slot["state"] for slot in found["slots"]] == ["plenty", "tight"]
    for query in (
        "",
        "product_id=1",
        f"product_id=x&from={TOMORROW}",
        f"product_id=0&from={TOMORROW}",
        f"product_id={product}&from=2026-02-30",
        f"product_id={product}&from={TOMORROW}&to={TODAY}",
        f"product_id={product}&from=2026-01-01&to=2026-12-31",
        "product_id=%FF&from=%00",
        "&".join(f"a{n}=1" for n in range(50)),
    ):
        chinese = problem(await site.client.get(f"/v1/availability?{query}"), 422, "bad_range")
        english = problem(await site.client.get(f"/v1/availability?{query}", headers=EN), 422, "bad_range")
        assert chinese["title"] != english["title"]


async def test_a_defect_is_a_problem_and_counted(site: ApiSite) -> None:
    who = await site.traveller()
    slot_id = (await site.slots("lake"))[0]["slot_id"]
    vault, site.app.services.vault = site.app.services.vault, cast(Any, None)  # whatever: something is broken
    problem(await site.book(who, slot_id), 500, "internal")
    site.app.services.vault = vault
    assert (
        'route="/v1/bookings",status="500"'
        in (await site.client.get("/metrics", headers={"Host": "127.0.0.1"})).text
    )
    assert (await site.book(who, slot_id)).status_code == 201


async def test_a_freed_place_is_seen_by_others(site: ApiSite) -> None:
    who, other = await site.traveller(), await site.other()
    last = (await site.slots("tower"))[1]["slot_id"]
    made = (await site.book(who, last)).json()["id"]
    problem(await site.book(other, last), 409, "sold_out")
    await site.client.post(f"/v1/bookings/{made}/cancellation", headers=who.headers)
    async with asyncio.timeout(30):
        while (await site.book(other, last)).status_code != 201:
            await asyncio.sleep(0.05)
