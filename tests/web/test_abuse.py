"""Suspicious patterns over HTTP: what each face's refusals count, and what a block stops."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.support.api_site import TOMORROW, ApiSite, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import CHILD_DOCUMENT, DOCUMENT, NAME, NOW, OTHER_DOCUMENT
from wenyue.abuse import Act, Block, Pattern
from wenyue.abuse.model import SHIPPED
from wenyue.core.limits import VISITOR_ADDS_PER_DAY

pytestmark = pytest.mark.anyio


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as site:
        yield site


def from_outside(site: ApiSite, address: str) -> httpx.AsyncClient:
    """A client with a public address."""
    transport = httpx.ASGITransport(app=site.app, client=(address, 40_000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://api.test")


async def test_security_detection_counts_guesses_scans_and_forged_logins(site: ApiSite) -> None:
    counts = site.app.services.abuse.counts
    who = await site.traveller()
    before = dict(counts)
    async with from_outside(site, "9.9.9.9") as client:
        for _ in range(3):
            await client.post("/v1/session", json={"card_no": "88000001", "pin": "00000000"})
            await client.get(f"/v1/bookings/{uuid4()}", headers=who.headers)
            await client.get("/v1/bookings", headers={"Authorization": "Bearer " + "x" * 43})
            await client.post("/v1/bookings", json={}, headers={"Authorization": "Bearer " + "y" * 43})
    assert counts[Pattern.GUESSED_SECRETS] - before[Pattern.GUESSED_SECRETS] == 3
    assert counts[Pattern.SCANNED_IDS] - before[Pattern.SCANNED_IDS] == 3
    assert counts[Pattern.FORGED_TOKENS] - before[Pattern.FORGED_TOKENS] == 6


async def test_security_detection_counts_nothing_for_ordinary_people(site: ApiSite) -> None:
    who = await site.traveller()
    async with from_outside(site, "9.9.9.9") as client:
        await client.get("/v1/bookings", headers=who.headers)
        await client.get("/v1/bookings")  # not signed in
        await client.get("/nothing/here")
        await client.get("/v1/venues")
    assert sum(site.app.services.abuse.counts.values()) == 0


async def test_live_M1_documents_tried_with_a_login_are_limited_counted_and_found(site: ApiSite) -> None:
    who = await site.traveller()
    services = site.app.services
    body = {"name": "随便谁", "number": OTHER_DOCUMENT}
    tries = SHIPPED[Pattern.TRIED_DOCUMENTS].limit
    said = [
        (await site.client.post("/v1/visitors", json=body, headers=who.headers)).status_code
        for _ in range(tries)
    ]
    refused = await site.client.post("/v1/visitors", json={**body, "number": DOCUMENT}, headers=who.headers)
    assert said == [201] * VISITOR_ADDS_PER_DAY + [429] * (tries - VISITOR_ADDS_PER_DAY)
    assert (refused.status_code, refused.json()["outcome"]) == (429, "visitors_often")
    assert services.abuse.counts[Pattern.TRIED_DOCUMENTS] == tries + 1
    found = await services.abuse.flush(services.db, NOW)
    assert [(one.pattern, one.kind) for one in found] == [(Pattern.TRIED_DOCUMENTS, "account")]


async def test_live_M1_documents_tried_on_the_card_are_counted(site: ApiSite) -> None:
    who = await site.traveller()
    [slot, *_] = await site.slots("lake")
    line = {"slot_id": slot["slot_id"], "quantity": 1, "visitors": [0], "on_card": True}
    body = {
        "card_id": who.card_id,
        "lines": [line],
        "visitors": [{"name": "随便谁", "number": OTHER_DOCUMENT}],
    }
    asked = {**body, "id": str(uuid4())}
    refused = await site.client.post("/v1/bookings", json=asked, headers=who.headers)
    assert refused.json()["outcome"] == "card_person", refused.text
    assert site.app.services.abuse.counts[Pattern.TRIED_DOCUMENTS] == 1


async def test_security_fourth_F5_asking_where_somebody_goes_costs_and_a_wrong_price_says_nothing(
    site: ApiSite,
) -> None:
    victim, asker = await site.traveller(), await site.other()
    counts = site.app.services.abuse.counts
    [slot, *_] = await site.slots("lake")
    assert (await site.book(victim, slot["slot_id"])).status_code == 201
    theirs = [{"name": NAME, "number": DOCUMENT}]
    wrong = [{"slot_id": slot["slot_id"], "visitors": [0], "price_minor": 77}]
    told = [
        (await site.book(asker, slot["slot_id"], visitors=people, lines=wrong)).json()
        for people in (theirs, [{"name": "随便谁", "number": CHILD_DOCUMENT}])
    ]
    assert [one["outcome"] for one in told] == ["price_changed"] * 2
    assert counts[Pattern.TRIED_DOCUMENTS] == 0
    asked = await site.book(asker, slot["slot_id"], visitors=theirs)
    assert asked.json()["outcome"] == "person_twice"
    assert counts[Pattern.TRIED_DOCUMENTS] == 1


async def test_security_fourth_F5_asking_by_a_move_costs_as_much(site: ApiSite) -> None:
    victim, asker = await site.traveller(), await site.other()
    counts = site.app.services.abuse.counts
    [here, *_] = await site.slots("lake")
    [there, *_] = await site.slots("lake", TOMORROW + timedelta(days=1))
    assert (await site.book(victim, there["slot_id"])).status_code == 201
    theirs = [{"name": NAME, "number": DOCUMENT}]
    booked = await site.book(asker, here["slot_id"], visitors=theirs)
    path = f"/v1/bookings/{booked.json()['id']}/reschedule"
    told: list[str] = []
    for price in (77, 0):
        moves = [{"line_no": 0, "slot_id": there["slot_id"], "price_minor": price}]
        answer = await site.client.post(path, json={"moves": moves}, headers=asker.headers)
        told.append(answer.json()["outcome"])
    assert told == ["price_changed", "person_twice"]
    assert counts[Pattern.TRIED_DOCUMENTS] == 1


async def test_security_detection_a_blocked_account_books_nothing_and_its_neighbour_does(
    site: ApiSite,
) -> None:
    who, other = await site.traveller(), await site.other()
    one, two = [slot["slot_id"] for slot in await site.slots("bus")][:2]
    before = (await site.book(who, one)).json()["id"]
    abuse = site.app.services.abuse
    holder = who.holder_id
    until = NOW + timedelta(hours=1)
    abuse.blocks = {abuse.subject("account", holder): Block(Pattern.MANY_PERSONS, until)}
    assert abuse.block_of(Act.BOOK, "account", holder, NOW) is not None
    slot = (await site.slots("lake"))[0]["slot_id"]
    refused = await site.book(who, slot)
    assert (refused.status_code, refused.json()["outcome"]) == (403, "account_blocked")
    assert (await site.book(other, slot)).json()["outcome"] != "account_blocked"
    move = {"moves": [{"line_no": 0, "slot_id": two}]}
    path = f"/v1/bookings/{before}/reschedule"
    moved = await site.client.post(path, json=move, headers=who.headers)
    assert (moved.status_code, moved.json()["outcome"]) == (403, "account_blocked")
    abuse.blocks = {}
    assert (await site.client.post(path, json=move, headers=who.headers)).status_code == 200
