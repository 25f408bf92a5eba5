"""Names that do not fit a document: who may say which name it has, and how many are noted."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.api_site import ApiSite, api_site
from tests.support.booking_site import TODAY
from tests.support.by_others import ME, book, operator_of, seen_by_staff
from tests.support.database import DbUrls
from tests.support.traveller_site import (
    CHILD_DOCUMENT,
    CHILD_NAME,
    DOCUMENT,
    NAME,
    NOW,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from wenyue.abuse import Pattern
from wenyue.accounts import claims
from wenyue.accounts.names import note_seen
from wenyue.core.documents import Document, parse_document
from wenyue.core.limits import KNOWN_NAMES_MAX

pytestmark = pytest.mark.anyio


@pytest.fixture
async def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def site(urls: DbUrls, tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(lambda: urls, tmp_path) as site:
        yield site


async def test_security_second_H3_an_invented_name_is_refused_counted_and_named(site: ApiSite) -> None:
    await site.traveller()
    await seen_by_staff(site.app.services)
    stranger = await site.other()
    slot_id = (await site.slots("lake"))[1]["slot_id"]
    wrong = {"name": "随便谁", "number": DOCUMENT}
    before = site.app.services.abuse.counts[Pattern.TRIED_DOCUMENTS]
    booked = await book(site, stranger, slot_id, wrong)
    kept = await site.client.post("/v1/visitors", json=wrong, headers=stranger.headers)
    assert (booked.status_code, booked.json()["outcome"], booked.json()["visitor"]) == (
        422,
        "name_differs",
        0,
    )
    assert [(one["pointer"], one["code"]) for one in kept.json()["errors"]] == [("/name", "name_differs")]
    assert site.app.services.abuse.counts[Pattern.TRIED_DOCUMENTS] == before + 2
    assert (await book(site, stranger, slot_id, ME)).status_code == 201


async def test_security_second_H3_the_owner_adds_a_spelling_for_family(site: ApiSite) -> None:
    owner, family = await site.traveller(), await site.other()
    await seen_by_staff(site.app.services)
    pinyin = {"name": "Zhang Yanshi", "number": DOCUMENT}
    refused = await site.client.post("/v1/visitors", json=pinyin, headers=family.headers)
    assert refused.status_code == 422
    added = await site.client.post("/v1/names", json={"name": "ZHANG YANSHI"}, headers=owner.headers)
    assert added.status_code == 204
    kept = await site.client.post("/v1/visitors", json=pinyin, headers=family.headers)
    assert kept.status_code == 201


async def test_security_fourth_R4_the_counter_is_told_when_no_further_name_is_noted(
    site: ApiSite, urls: DbUrls, tmp_path: Path
) -> None:
    for number in range(KNOWN_NAMES_MAX):
        await seen_by_staff(site.app.services, f"NAME {chr(65 + number)}", CHILD_DOCUMENT)
    desk = await operator_of(site, urls, tmp_path)
    body = {"venue": "lake", "name": CHILD_NAME, "number": CHILD_DOCUMENT}
    for name, is_noted in ((CHILD_NAME, False), ("name a", True)):
        asked = await site.client.post("/v1/gate/places", json=body | {"name": name}, headers=desk.headers)
        assert asked.json() == {"items": [], "is_name_noted": is_noted}
    async with site.app.services.db.connection() as tx:
        rows = await tx.execute("SELECT count(*) FROM audit.entry WHERE action = 'name.seen'")
        assert await rows.fetchone() == (1,)


async def test_security_fifth_10_a_clerk_who_notes_false_names_keeps_nobody_from_the_true_one(
    site: ApiSite, urls: DbUrls, tmp_path: Path
) -> None:
    bad = await operator_of(site, urls, tmp_path, "bad")
    honest = await operator_of(site, urls, tmp_path, "honest")
    body = {"venue": "lake", "number": CHILD_DOCUMENT}
    noted: list[bool] = []
    for who, name in (*((bad, f"NAME {letter}") for letter in "ABCDEF"), (honest, CHILD_NAME)):
        asked = await site.client.post("/v1/gate/places", json=body | {"name": name}, headers=who.headers)
        assert asked.status_code == 200, asked.text
        noted.append(asked.json()["is_name_noted"])
    assert noted == [True] * 2 + [False] * 4 + [True]
    stranger = await site.other()
    slot_id = (await site.slots("lake"))[1]["slot_id"]
    for name, status in (("NAME F", 422), (CHILD_NAME, 201)):
        me = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
        made = await book(site, stranger, slot_id, me, {"name": name, "number": CHILD_DOCUMENT})
        assert made.status_code == status, made.text


async def test_security_fifth_10_the_proved_holder_adds_their_name_whatever_clerks_noted(
    site: ApiSite,
) -> None:
    owner = await site.traveller()
    services = site.app.services
    document = parse_document(None, DOCUMENT, today=TODAY)
    assert isinstance(document, Document)
    async with services.db.transaction() as tx:
        key = services.vault.person_key(document.key)
        for number in range(KNOWN_NAMES_MAX):
            name = f"NAME {chr(65 + number)}"
            assert await note_seen(tx, services.vault, key, name, NOW, staff_id=100 + number // 2)
        own = [one.traveller_id for one in await claims.claims_of(tx, key)]
        await claims.settle(tx, key, own=own, others=(), now=NOW, actor="test")
    added = await site.client.post("/v1/names", json={"name": NAME}, headers=owner.headers)
    assert added.status_code == 204, added.text
