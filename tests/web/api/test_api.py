"""The JSON API that is not hot: catalogue, cards, visitors, bookings, and how every error is said."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.api_site import TODAY, ApiSite, api_site, problem
from tests.support.database import DbUrls
from tests.support.traveller_site import (
    CARD,
    CHILD_DOCUMENT,
    CHILD_NAME,
    DOCUMENT,
    NAME,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio
EN = {"Accept-Language": "en"}


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as site:
        yield site


async def test_venues_page_by_page_and_filtered(site: ApiSite) -> None:
    first = (await site.client.get("/v1/venues", params={"limit": 10})).json()
    assert len(first["items"]) == 10
    seen = [venue["code"] for venue in first["items"]]
    cursor = first["next"]
    while cursor:
        page = (await site.client.get("/v1/venues", params={"limit": 10, "cursor": cursor})).json()
        seen += [venue["code"] for venue in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 28
    exactly = (await site.client.get("/v1/venues", params={"limit": 28})).json()
    assert (len(exactly["items"]), exactly["next"]) == (28, None)
    lake = (await site.client.get("/v1/venues", params={"text": "镜湖"})).json()["items"]
    assert [venue["name"] for venue in lake] == ["镜湖"]
    inn = (await site.client.get("/v1/venues?kind=hotel&province=浙江&lang=en")).json()["items"]
    assert [(venue["name"], venue["is_demo"]) for venue in inn] == [("Lakeside Inn", True)]


async def test_venue_queries_name_the_wrong_parameter(site: ApiSite) -> None:
    wrong = {"limit": "101", "kind": "zoo", "cursor": "!", "text": "x" * 65}
    for name, value in wrong.items():
        answer = await site.client.get("/v1/venues", params={name: value}, headers=EN)
        if name == "cursor":
            problem(answer, 422, "bad_cursor")
            continue
        [error] = problem(answer, 422, "invalid_body")["errors"]
        assert error["parameter"] == f"query.{name}"
    for cursor in ("AAAAAAAAAA", "//////////8", "AAAAAAAAAAA=", "é"):
        problem(await site.client.get("/v1/venues", params={"cursor": cursor}), 422, "bad_cursor")


async def test_one_venue_and_its_product(site: ApiSite) -> None:
    lake = (await site.client.get("/v1/venues/lake", headers=EN)).json()
    assert (lake["name"], lake["level"], [p["name"] for p in lake["products"]]) == (
        "Mirror Lake",
        "5A",
        ["Adult"],
    )
    [product] = lake["products"]
    assert (await site.client.get(f"/v1/products/{product['id']}", headers=EN)).json() == product
    assert product["venue_code"] == "lake"
    for path in ("/v1/venues/nowhere", "/v1/venues/%00", "/v1/products/999999999"):
        problem(await site.client.get(path), 404, "not_found")
    for path in ("/v1/products/0", "/v1/products/x", f"/v1/products/{2**63}"):
        [error] = problem(await site.client.get(path), 422, "invalid_body")["errors"]
        assert error["parameter"] == "path.product_id"


async def test_activation_is_idempotent_and_gives_nothing_away(site: ApiSite) -> None:
    first = await site.activate(CARD, NAME, DOCUMENT)
    again = await site.activate(CARD, NAME, DOCUMENT)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() | {"is_replay": True} == again.json()
    problem(await site.activate(CARD, OTHER_NAME, OTHER_DOCUMENT), 403, "card_active_elsewhere")
    wrong = problem(await site.activate((OTHER_CARD[0], "0000"), NAME, DOCUMENT), 403, "card_pin_wrong")
    assert "4" in wrong["detail"]
    for _ in range(4):
        await site.activate((OTHER_CARD[0], "0000"), NAME, DOCUMENT)
    locked = await site.activate((OTHER_CARD[0], "0000"), NAME, DOCUMENT)
    problem(locked, 429, "card_pin_locked")
    assert int(locked.headers["retry-after"]) == 60
    session = await site.client.post("/v1/session", json={"card_no": OTHER_CARD[0], "pin": OTHER_CARD[1]})
    assert problem(session, 429, "card_pin_locked")["at"]


async def test_activation_names_every_field(site: ApiSite) -> None:
    body = {"card_no": CARD[0], "pin": CARD[1], "name": "", "number": "110105194912310021", "phone": "12"}
    found = problem(await site.client.post("/v1/cards/activation", json=body, headers=EN), 422, "fields")
    assert {error["pointer"] for error in found["errors"]} == {"/name", "/number", "/phone"}
    body = {"card_no": "", "number": 7, "nmae": "x"}
    found = problem(await site.client.post("/v1/cards/activation", json=body), 422, "invalid_body")
    assert {(error["pointer"], error["code"]) for error in found["errors"]} == {
        ("/card_no", "wrong_length"),
        ("/pin", "missing"),
        ("/name", "missing"),
        ("/number", "wrong_type"),
        ("/nmae", "unknown_field"),
    }


async def test_a_lost_card_is_frozen_and_replaced_once(site: ApiSite) -> None:
    who = await site.traveller()
    path = f"/v1/cards/{who.card_no}"
    key = {"Idempotency-Key": str(uuid7())}
    problem(await site.client.post(f"{path}/replacement", headers=who.headers | key), 403, "proof_needed")
    for _ in range(2):
        lost = await site.client.post(f"{path}/loss", headers=who.headers)
        assert (lost.status_code, lost.json()["state"]) == (200, "frozen")
    await site.prove(who)
    signing = await site.client.post("/v1/session", json={"card_no": CARD[0], "pin": CARD[1]})
    problem(signing, 403, "card_frozen")
    problem(await site.client.post(f"{path}/replacement", headers=who.headers), 422, "key_needed")
    first = await site.client.post(f"{path}/replacement", headers=who.headers | key)
    again = await site.client.post(f"{path}/replacement", headers=who.headers | key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["card_no"] == again.json()["card_no"] != CARD[0]
    fresh = {"card_no": again.json()["card_no"], "pin": again.json()["pin"]}
    assert (await site.client.post("/v1/session", json=fresh)).status_code == 201
    other = {"Idempotency-Key": str(uuid7())}
    problem(
        await site.client.post(f"{path}/replacement", headers=who.headers | other), 404, "card_number_dead"
    )
    now = f"/v1/cards/{fresh['card_no']}/replacement"
    problem(await site.client.post(now, headers=who.headers | other), 409, "card_not_frozen")
    problem(await site.client.post("/v1/cards/xyz/loss", headers=who.headers), 404, "card_number_unknown")


async def test_replacements_at_once_agree(site: ApiSite) -> None:
    who = await site.traveller()
    path = f"/v1/cards/{who.card_no}"
    await site.client.post(f"{path}/loss", headers=who.headers)
    await site.prove(who)
    headers = who.headers | {"Idempotency-Key": str(uuid7())}
    asked = [site.client.post(f"{path}/replacement", headers=headers) for _ in range(4)]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} <= {200, 201, 404, 503}
    last = await site.client.post(f"{path}/replacement", headers=headers)
    assert last.status_code == 200
    numbers = {answer.json()["card_no"] for answer in answers if answer.status_code < 300}
    assert numbers == {last.json()["card_no"]}


async def test_visitors_are_kept_once_masked_and_forgotten(site: ApiSite) -> None:
    who = await site.traveller()
    body = {"name": CHILD_NAME, "number": CHILD_DOCUMENT}
    added = [await site.client.post("/v1/visitors", json=body, headers=who.headers) for _ in range(2)]
    assert [answer.status_code for answer in added] == [201, 201]
    assert added[0].json() == added[1].json()
    assert CHILD_DOCUMENT not in added[0].text
    assert CHILD_NAME not in added[0].text
    listed = (await site.client.get("/v1/visitors", headers=who.headers)).json()
    assert [one["is_self"] for one in listed["items"]] == [True, False]
    assert listed["left"] == 19
    child = listed["items"][1]["id"]
    assert (await site.client.delete(f"/v1/visitors/{child}", headers=who.headers)).status_code == 204
    problem(await site.client.delete(f"/v1/visitors/{child}", headers=who.headers), 404, "not_found")
    oneself = listed["items"][0]["id"]
    problem(await site.client.delete(f"/v1/visitors/{oneself}", headers=who.headers), 404, "not_found")
    bad = await site.client.post("/v1/visitors", json=body | {"number": "1"}, headers=who.headers | EN)
    assert problem(bad, 422, "fields")["errors"][0]["pointer"] == "/number"


async def test_suite_M5_terms_are_told_before_and_strikes_after(site: ApiSite) -> None:
    who = await site.traveller()
    today, tomorrow = (await site.slots("lake", TODAY))[-1], (await site.slots("lake"))[0]
    booked = (await site.book(who, today["slot_id"])).json()["id"]
    path = f"/v1/bookings/{booked}"
    [line] = (await site.client.get(path, headers=who.headers)).json()["lines"]
    assert (line["terms"]["is_allowed"], line["terms"]["strike"]) == (True, "late_cancel")
    moves = {"moves": [{"line_no": 0, "slot_id": tomorrow["slot_id"]}]}
    moved = await site.client.post(f"{path}/reschedule", json=moves, headers=who.headers)
    assert moved.json()["strikes"] == ["late_cancel"]
    gone, there = (await site.client.get(path, headers=who.headers)).json()["lines"]
    assert (gone["terms"], there["terms"]["strike"]) == (None, None)
    cancelled = await site.client.post(f"{path}/cancellation", headers=who.headers)
    assert cancelled.json()["strikes"] == []


async def test_suite_M6_a_move_names_the_price_it_saw(site: ApiSite) -> None:
    who = await site.traveller()
    [today], [tomorrow] = await site.slots("kitchen", TODAY), await site.slots("kitchen")
    lines = [{"slot_id": today["slot_id"], "quantity": 1, "price_minor": 5_000}]
    booked = await site.book(who, today["slot_id"], lines=lines)
    path = f"/v1/bookings/{booked.json()['id']}/reschedule"
    move = {"line_no": 0, "slot_id": tomorrow["slot_id"]}
    dearer = {"moves": [move | {"price_minor": 4_000}]}
    refused = problem(
        await site.client.post(path, json=dearer, headers=who.headers | EN), 409, "price_changed"
    )
    assert (refused["line"], refused["price_minor"]) == (0, 5_000)
    moved = await site.client.post(path, json={"moves": [move | {"price_minor": 5_000}]}, headers=who.headers)
    assert (moved.json()["outcome"], moved.json()["total_minor"]) == ("rescheduled", 5_000)
    lines[0]["price_minor"] = 4_000
    told = problem(await site.book(who, today["slot_id"], lines=lines), 409, "price_changed")
    assert told["price_minor"] == 5_000


async def test_a_booking_from_hold_to_cancellation(site: ApiSite) -> None:
    who = await site.traveller()
    [morning, afternoon] = await site.slots("lake")
    held = await site.book(who, morning["slot_id"], hold=True)
    assert (held.status_code, held.json()["state"]) == (201, "held")
    path = f"/v1/bookings/{held.json()['id']}"
    for is_replay in (False, True):
        confirmed = await site.client.post(f"{path}/confirmation", headers=who.headers)
        assert (confirmed.status_code, confirmed.json()["is_replay"]) == (200, is_replay)
    moves = {"moves": [{"line_no": 0, "slot_id": afternoon["slot_id"]}]}
    moved = await site.client.post(f"{path}/reschedule", json=moves, headers=who.headers)
    assert moved.json()["outcome"] == "rescheduled"
    twice = {"moves": moves["moves"] * 2}
    problem(await site.client.post(f"{path}/reschedule", json=twice, headers=who.headers), 422, "line_twice")
    shown = (await site.client.get(path, headers=who.headers | EN)).json()
    assert [line["is_live"] for line in shown["lines"]].count(True) == 1
    assert shown["visitors"][0]["number"] != who.number
    cancelled = await site.client.post(f"{path}/cancellation", json={"reason": "雨"}, headers=who.headers)
    assert cancelled.json()["state"] == "cancelled"
    problem(await site.client.post(f"{path}/confirmation", headers=who.headers), 409, "wrong_state")
    async with site.app.services.db.connection() as tx:
        kept = await tx.execute(
            "SELECT cancel_reason FROM booking.booking WHERE id = %s", [held.json()["id"]]
        )
        [(sealed,)] = await kept.fetchall()
        noted = await tx.execute(
            "SELECT detail FROM audit.entry WHERE action = 'booking.cancelled' AND subject = %s",
            [held.json()["id"]],
        )
        assert await noted.fetchall() == [({"has_reason": True},)]  # what a person wrote stands in no entry
    assert site.app.services.vault.open_sealed(sealed, purpose=b"reason").decode() == "雨"


async def test_my_bookings_page_by_page(site: ApiSite) -> None:
    who = await site.traveller()
    slots = [slot["slot_id"] for slot in await site.slots("bus")]
    made = [(await site.book(who, slot)).json()["id"] for slot in slots]
    first = (await site.client.get("/v1/bookings?limit=1", headers=who.headers)).json()
    second = (
        await site.client.get(f"/v1/bookings?limit=1&cursor={first['next']}", headers=who.headers)
    ).json()
    assert [first["items"][0]["id"], second["items"][0]["id"]] == made[::-1]
    assert second["next"] is None


async def test_every_error_under_v1_is_a_problem_in_the_callers_language(site: ApiSite) -> None:
    who = await site.traveller()
    client = site.client
    chinese = problem(await client.get("/v1/nothing"), 404, "not_found")
    english = problem(await client.get("/v1/nothing?lang=en"), 404, "not_found")
    assert (chinese["title"], english["title"]) == ("没有找到", "Not found")
    for method, path, allowed in (
        ("PUT", "/v1/bookings", "GET, POST"),
        ("POST", "/v1/availability", "GET"),
        ("GET", "/v1/cards/activation", "POST"),
        ("PATCH", "/v1/visitors/7", "DELETE"),
        ("GET", "/v1/gate/scans", "POST"),
    ):
        answer = await client.request(method, path)
        problem(answer, 405, "method")
        assert answer.headers["allow"] == allowed
    headers = who.headers | {"Content-Type": "application/json"}
    for path in ("/v1/session", "/v1/visitors", "/v1/bookings", "/v1/gate/session"):
        problem(await client.post(path, content=b"{", headers=headers), 400, "bad_json")
        unreadable = await client.post(path, content=b'{"a":"\xff"}', headers=headers)
        assert unreadable.status_code in (400, 422)  # whichever is found first
        problem(await client.post(path, content=b"x" * 70_000, headers=headers), 413, "body_too_large")
        text = who.headers | {"Content-Type": "text/plain"}
        problem(await client.post(path, content=b"{}", headers=text), 415, "media_type")
    problem(await client.get("/v1/session"), 401, "login_needed")
    assert (await client.get("/v1/session")).headers["www-authenticate"] == "Bearer"


async def test_answers_carry_the_security_headers(site: ApiSite) -> None:
    for path in ("/v1/venues", "/v1/nothing", "/v1/session"):
        headers = (await site.client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
    assert (await site.client.get("/v1/session")).headers["cache-control"] == "no-store"
    assert (await site.client.get("/v1/venues")).headers["cache-control"] == "public, max-age=60"


async def test_a_sign_out_ends_the_token(site: ApiSite) -> None:
    who = await site.traveller()
    assert (await site.client.delete("/v1/session", headers=who.headers)).status_code == 204
    problem(await site.client.get("/v1/session", headers=who.headers), 401, "login_needed")


async def test_a_defect_is_a_problem_too(site: ApiSite) -> None:
    async def broken(_: Request) -> Response:
        raise LookupError("a defect")

    site.app.rest.router.routes[:0] = [Route("/v1/broken", broken), Route("/broken", broken)]
    said = problem(await site.client.get("/v1/broken?lang=en"), 500, "internal")
    assert "a defect" not in str(said)
    page = await site.client.get("/broken")
    assert (page.status_code, page.headers["x-request-id"] in page.text) == (500, True)
    assert "a defect" not in page.text


async def test_pages_keep_their_own_errors(site: ApiSite) -> None:
    lost = await site.client.get("/no-such-page")
    assert (lost.status_code, lost.headers["content-type"]) == (404, "text/html; charset=utf-8")
