"""What others booked with one's document: seen and taken back online by its owner, and by nobody else."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.api_site import ApiSite, Person, api_site
from tests.support.booking_site import TODAY
from tests.support.by_others import book, passport_seen, seen_by_staff, taken
from tests.support.database import DbUrls
from tests.support.traveller_site import (
    CARD,
    CHILD_DOCUMENT,
    CHILD_NAME,
    DOCUMENT,
    NAME,
    NOW,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from wenyue.abuse import Pattern
from wenyue.core.limits import DISOWNINGS_PER_DAY

pytestmark = pytest.mark.anyio


@pytest.fixture
async def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def site(urls: DbUrls, tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(lambda: urls, tmp_path) as site:
        yield site


async def test_security_second_H3_the_owner_takes_the_place_back_and_books(site: ApiSite) -> None:
    stranger, owner, slot_id = await taken(site)
    refused = await site.book(owner, slot_id)
    assert refused.json()["outcome"] == "person_twice"
    listed = (await site.client.get("/v1/places-by-others", headers=owner.headers)).json()["items"]
    assert [(one["slot_id"], one["venue"], one["is_used"]) for one in listed] == [(slot_id, "镜湖", False)]
    path = f"/v1/places-by-others/{slot_id}/disowning"
    before = site.app.services.abuse.counts[Pattern.TRIED_DOCUMENTS]
    for _ in range(2):  # twice is once
        done = await site.client.post(path, headers=owner.headers)
        assert (done.status_code, done.json()) == (200, {"items": []})
    assert site.app.services.abuse.counts[Pattern.TRIED_DOCUMENTS] == before + 1
    assert (await site.book(owner, slot_id)).status_code == 201
    [theirs] = (await site.client.get("/v1/bookings", headers=stranger.headers)).json()["items"]
    assert [(line["quantity"], line["visitors"], line["is_live"]) for line in theirs["lines"]] == [
        (1, [0], True)
    ]


async def test_security_second_H3_nobody_elses_place_is_seen_or_taken_back(site: ApiSite) -> None:
    _, owner, slot_id = await taken(site)
    assert (await site.book(owner, (await site.slots("temple"))[0]["slot_id"])).status_code == 201
    other = await site.other()  # who booked it
    await seen_by_staff(site.app.services, OTHER_NAME, OTHER_DOCUMENT)
    assert (await site.client.get("/v1/places-by-others", headers=other.headers)).json() == {"items": []}
    refused = await site.client.post(f"/v1/places-by-others/{slot_id}/disowning", headers=other.headers)
    assert refused.status_code == 404
    listed = (await site.client.get("/v1/places-by-others", headers=owner.headers)).json()["items"]
    assert [one["slot_id"] for one in listed] == [slot_id]  # what they booked themselves is not by others


async def test_a_place_beyond_those_that_are_listed_is_taken_back(
    site: ApiSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger who books many near places with a document keeps its owner from none of the later ones."""
    monkeypatch.setattr("wenyue.booking.persistence.by_others.PLACES_BY_OTHERS_MAX", 1)
    stranger, owner, slot_id = await taken(site)
    nearer = (await site.slots("temple"))[0]
    made = await book(site, stranger, nearer["slot_id"], {"name": NAME, "number": DOCUMENT})
    assert made.status_code == 201, made.text
    [listed] = (await site.client.get("/v1/places-by-others", headers=owner.headers)).json()["items"]
    hidden = ({slot_id, nearer["slot_id"]} - {listed["slot_id"]}).pop()
    path = f"/v1/places-by-others/{hidden}/disowning"
    done = await site.client.post(path, headers=owner.headers)
    assert done.status_code == 200, done.text
    assert [one["slot_id"] for one in done.json()["items"]] == [listed["slot_id"]]


async def test_security_second_H3_taking_back_is_limited_by_account_and_day(
    site: ApiSite, urls: DbUrls
) -> None:
    _, owner, slot_id = await taken(site)
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        await tx.execute(
            "UPDATE accounts.traveller SET disownings = %s, disownings_from = %s WHERE id = %s",
            [DISOWNINGS_PER_DAY, NOW - timedelta(hours=1), owner.holder_id],
        )
    path = f"/v1/places-by-others/{slot_id}/disowning"
    refused = await site.client.post(path, headers=owner.headers)
    assert (refused.status_code, refused.json()["outcome"]) == (429, "disown_often")
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        await tx.execute("UPDATE accounts.traveller SET disownings_from = %s", [NOW - timedelta(days=1)])
    assert (await site.client.post(path, headers=owner.headers)).status_code == 200


async def test_security_fourth_F1_a_document_that_was_only_typed_speaks_for_nobody(
    site: ApiSite, urls: DbUrls
) -> None:
    """Whoever types somebody's number with a card of their own sees, takes and forbids nothing in that person's name."""
    family = await site.other()
    slot_id = (await site.slots("lake"))[1]["slot_id"]
    child = {"name": CHILD_NAME, "number": CHILD_DOCUMENT}
    me = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
    assert (await book(site, family, slot_id, me, child)).status_code == 201
    squatter = await site.traveller(CARD, "随便谁", CHILD_DOCUMENT)
    listed = await site.client.get("/v1/places-by-others", headers=squatter.headers)
    taken_out = await site.client.post(f"/v1/places-by-others/{slot_id}/disowning", headers=squatter.headers)
    spelled = await site.client.post("/v1/names", json={"name": "李四"}, headers=squatter.headers)
    for refused in (listed, taken_out, spelled):
        assert (refused.status_code, refused.json()["outcome"]) == (403, "document_unseen")
    elsewhere = (await site.slots("temple"))[0]["slot_id"]
    assert (await book(site, family, elsewhere, me, child)).status_code == 201  # under the child's true name
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        left = await tx.execute("SELECT sum(quantity) FROM booking.line WHERE is_live")
        assert await left.fetchone() == (4,)


async def test_security_fourth_F3_online_the_owner_takes_back_a_place_under_another_nationality(
    site: ApiSite,
) -> None:
    """Once their passport was seen; but not what is booked for somebody else who was seen with the same number."""
    stranger, slots = await site.other(), await site.slots("lake")
    passport = {"kind": "passport", "number": "E12345678", "expires_on": "2035-01-01"}
    mine = {**passport, "name": "JANE DOE", "nationality": "GBR"}
    french = {**passport, "name": "ANY BODY", "nationality": "FRA"}
    me = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
    typed = {"card_no": CARD[0], "pin": CARD[1], **mine}
    assert (await site.client.post("/v1/cards/activation", json=typed)).status_code == 201
    signing = {"card_no": CARD[0], "pin": CARD[1]}
    owner = Person((await site.client.post("/v1/session", json=signing)).json()["token"])
    assert (await book(site, stranger, slots[1]["slot_id"], me, french)).status_code == 201
    path = "/v1/places-by-others"
    assert (await site.client.get(path, headers=owner.headers)).status_code == 403
    await passport_seen(site.app.services, "GBR", "JANE DOE")
    listed = (await site.client.get(path, headers=owner.headers)).json()["items"]
    assert [one["slot_id"] for one in listed] == [slots[1]["slot_id"]]
    taking = f"{path}/{slots[1]['slot_id']}/disowning"
    for _ in range(2):
        done = await site.client.post(taking, headers=owner.headers)
        assert (done.status_code, done.json()) == (200, {"items": []}), done.text
    later = (await site.slots("lake", TODAY + timedelta(days=2)))[1]["slot_id"]
    assert (await book(site, stranger, later, me, french)).status_code == 201
    await passport_seen(site.app.services, "FRA", "ANY BODY")
    assert (await site.client.get(path, headers=owner.headers)).json() == {"items": []}
    refused = await site.client.post(f"{path}/{later}/disowning", headers=owner.headers)
    assert refused.status_code == 404
