"""What a traveller may do is the same through the API and through the pages."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.api_site import TOMORROW, ApiSite, Person, api_site, problem
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, Traveller
from wenyue.booking import slot_planning
from wenyue.core.admission import PersonLimit
from wenyue.core.ids import uuid7
from wenyue.platform.load_shedding.persons import Persons

pytestmark = pytest.mark.anyio


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as site:
        yield site


async def browser(site: ApiSite, card: tuple[str, str] = CARD) -> Traveller:
    """The holder's browser, without JavaScript, signed in."""
    traveller = Traveller(Starlette())
    traveller.client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=site.app), base_url="http://api.test", follow_redirects=True
    )
    await traveller.get("/signin")
    await traveller.submit(traveller.form("/signin"), {"card_no": card[0], "pin": card[1]})
    return traveller


async def book(site: ApiSite, who: Person, code: str, **line: Any) -> httpx.Response:
    """One place there tomorrow."""
    [slot, *_] = await site.slots(code)
    lines = [{"slot_id": slot["slot_id"], "visitors": [0]} | line]
    return await site.book(who, slot["slot_id"], lines=lines)


async def test_what_costs_money_is_held_by_the_api_as_by_the_page(site: ApiSite) -> None:
    who = await site.traveller()
    [slot, *_] = await site.slots("kitchen")
    lines = [{"slot_id": slot["slot_id"], "price_minor": slot["price_minor"]}]
    held = await site.book(who, slot["slot_id"], lines=lines)
    assert (held.status_code, held.json()["outcome"]) == (201, "held"), held.text
    assert held.json()["hold_until"] is not None
    confirmed = await site.client.post(f"/v1/bookings/{held.json()['id']}/confirmation", headers=who.headers)
    assert (confirmed.json()["state"], confirmed.json()["total_minor"]) == ("confirmed", 5_000)
    free = await book(site, who, "lake", price_minor=0)
    assert (free.status_code, free.json()["outcome"]) == (201, "confirmed")


async def test_a_price_that_was_not_shown_is_asked_for(site: ApiSite) -> None:
    who = await site.traveller()
    refused = problem(await book(site, who, "kitchen"), 422, "fields")
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [
        ("/lines/0/price_minor", "price_needed")
    ]
    bookings = await site.client.get("/v1/bookings", headers=who.headers)
    assert bookings.json()["items"] == []


async def test_a_move_to_another_price_names_it(site: ApiSite) -> None:
    who = await site.traveller()
    [slot, *_] = await site.slots("kitchen")
    held = await site.book(
        who, slot["slot_id"], lines=[{"slot_id": slot["slot_id"], "price_minor": slot["price_minor"]}]
    )
    day = TOMORROW + timedelta(days=1)
    async with site.app.services.db.transaction() as tx:
        await slot_planning.reprice(tx, await site.product_id("kitchen"), {day: 4_000})
    [there, *_] = await site.slots("kitchen", day)
    path = f"/v1/bookings/{held.json()['id']}/reschedule"
    move = {"line_no": 0, "slot_id": there["slot_id"]}
    unnamed = await site.client.post(path, json={"moves": [move]}, headers=who.headers)
    assert problem(unnamed, 409, "price_changed")["price_minor"] == 4_000
    named = {"moves": [move | {"price_minor": 4_000}]}
    moved = await site.client.post(path, json=named, headers=who.headers)
    assert (moved.json()["outcome"], moved.json()["total_minor"]) == ("rescheduled", 4_000)


async def test_one_person_s_limit_holds_for_pages_moves_and_the_api_together(site: ApiSite) -> None:
    who = await site.traveller()
    page = await browser(site)
    await page.choose("lake", TOMORROW)
    form = await page.review()
    site.app.services.admission.persons.limit = PersonLimit(2, 3_600.0)
    first = await book(site, who, "bus", price_minor=0)
    assert first.status_code == 201, first.text
    moved = await site.client.post(
        f"/v1/bookings/{uuid7()}/reschedule",
        json={"moves": [{"line_no": 0, "slot_id": 1}]},
        headers=who.headers,
    )
    assert moved.status_code == 404  # counted: it asked for a place
    told = await page.submit(form, status=429)
    assert "提交得太频繁了" in told
    assert page.page.headers["retry-after"] == "1801"
    again = page.form("/trip/book")
    assert [pair for pair in again.fields if pair[0] == "line"] == [
        pair for pair in form.fields if pair[0] == "line"
    ]
    refused = await book(site, who, "bus", price_minor=0)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1801")
    site.app.services.admission.persons = Persons(PersonLimit(60, 60.0))
    assert "预约成功" in await page.submit(again)


async def test_one_booking_by_page_and_by_the_api_is_one_row(site: ApiSite) -> None:
    """The page's form sent again as a body of the API with its id is a replay."""
    who = await site.traveller()
    page = await browser(site)
    await page.choose("lake", TOMORROW)
    form = await page.review()
    assert "预约成功" in await page.submit(form)
    booking_id = page.path.rpartition("/")[2].partition("?")[0]
    [slot, *_] = await site.slots("lake")
    body = {
        "id": booking_id,
        "card_id": who.card_id,
        "lines": [{"slot_id": slot["slot_id"], "visitors": [0], "on_card": True}],
        "contact_name": who.name,
    }
    answer = await site.book(who, slot["slot_id"], **body)
    assert (answer.status_code, answer.json()["is_replay"]) == (200, True), answer.text
