"""What others booked with one's document: seen, taken back, at the counter too; and names that do not fit a document."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.api_site import ApiSite, Person, api_site, vault_of
from tests.support.booking_site import TODAY, BookingSite, booking_site
from tests.support.database import DbUrls
from tests.support.traveller_site import (
    CARD,
    CHILD_DOCUMENT,
    CHILD_NAME,
    DOCUMENT,
    NAME,
    NOW,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
    Traveller,
)
from wenyue.abuse import Pattern
from wenyue.accounts import claims, save_staff
from wenyue.accounts.names import note_seen
from wenyue.kernel.documents import Document, DocumentKind, parse_document
from wenyue.kernel.duties import duties_of_role
from wenyue.kernel.ids import uuid7
from wenyue.kernel.limits import DISOWNINGS_PER_DAY, KNOWN_NAMES_MAX, LOOKUPS_PER_MINUTE
from wenyue.services import Services

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse"
ME: dict[str, Any] = {"name": NAME, "number": DOCUMENT}


@pytest.fixture
async def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def site(urls: DbUrls, tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(lambda: urls, tmp_path) as site:
        yield site


@pytest.fixture
async def pages(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[BookingSite]:
    async with booking_site(make_database, tmp_path) as site:
        yield site


async def book(site: ApiSite, who: Person, slot_id: int, *people: dict[str, Any]) -> httpx.Response:
    line = {
        "slot_id": slot_id,
        "quantity": len(people),
        "visitors": list(range(len(people))),
        "price_minor": 0,
    }
    body: dict[str, Any] = {
        "id": str(uuid7()),
        "lines": [line],
        "visitors": list(people),
    }
    return await site.client.post("/v1/bookings", json=body, headers=who.headers)


async def taken(site: ApiSite) -> tuple[Person, Person, int]:
    """A stranger who took a place under an invented name before its owner had an account; the owner; and where."""
    stranger = await site.other()
    slot_id = (await site.slots("lake"))[1]["slot_id"]
    mine = {"name": "随便谁", "number": DOCUMENT}
    made = await book(site, stranger, slot_id, {"name": OTHER_NAME, "number": OTHER_DOCUMENT}, mine)
    assert made.status_code == 201, made.text
    owner = await site.traveller()
    await seen_by_staff(site.app.services)
    return stranger, owner, slot_id


async def seen_by_staff(services: Services, name: str = NAME, number: str = DOCUMENT) -> None:
    """Staff at a counter looked at the document, beside the cards that are with it."""
    document = parse_document(None, number, today=TODAY)
    assert isinstance(document, Document)
    async with services.db.transaction() as tx:
        key = services.vault.person_key(document.key)
        assert await note_seen(tx, services.vault, key, name, NOW, staff_id=None)
        own = [one.traveller_id for one in await claims.claims_of(tx, key)]
        await claims.settle(tx, key, own=own, others=(), now=NOW, actor="test")


async def passport_seen(services: Services, nationality: str, name: str) -> None:
    """Staff looked at the passport E12345678 of this country, beside the cards that are with it."""
    document = parse_document(
        DocumentKind.PASSPORT, "E12345678", today=TODAY, nationality=nationality, expires_on=date(2035, 1, 1)
    )
    assert isinstance(document, Document)
    async with services.db.transaction() as tx:
        key = services.vault.person_key(document.key)
        assert await note_seen(tx, services.vault, key, name, NOW, staff_id=None)
        own = [one.traveller_id for one in await claims.claims_of(tx, key)]
        await claims.settle(tx, key, own=own, others=(), now=NOW, actor="test")


async def operator_of(site: ApiSite, urls: DbUrls, home: Path, login: str = "desk") -> Person:
    """An operator of every venue, signed in."""
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        await save_staff(
            tx,
            vault_of(home),
            login=login,
            password=PASSWORD,
            duties=duties_of_role("operator"),
            now=NOW,
            actor="test",
        )
    signing = {"login": login, "password": PASSWORD}
    return Person((await site.client.post("/v1/gate/session", json=signing)).json()["token"])


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
    monkeypatch.setattr("wenyue.booking.by_others.PLACES_BY_OTHERS_MAX", 1)
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


async def test_security_second_H3_staff_take_it_back_for_somebody_without_an_account(
    site: ApiSite, urls: DbUrls, tmp_path: Path
) -> None:
    stranger = await site.other()
    slot_id = (await site.slots("lake"))[1]["slot_id"]
    child = {"name": CHILD_NAME, "number": CHILD_DOCUMENT}
    me = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
    assert (await book(site, stranger, slot_id, me, {**child, "name": "随便谁"})).status_code == 201
    desk = await operator_of(site, urls, tmp_path)
    keeper = await site.staff()
    asked = {"venue": "lake", **child}
    take = {**asked, "slot_id": slot_id}
    for body in (asked, take):
        refused = await site.client.post("/v1/gate/places", json=body, headers=keeper.headers)
        assert refused.status_code == 403
    elsewhere = {**asked, "venue": "temple"}
    empty = await site.client.post("/v1/gate/places", json=elsewhere, headers=desk.headers)
    assert empty.json() == {"items": [], "is_name_noted": True}
    for wrong in ({**take, "venue": "temple"}, {**take, "slot_id": slot_id + 1}):
        nothing = await site.client.post("/v1/gate/places", json=wrong, headers=desk.headers)
        assert nothing.status_code == 404
    listed = await site.client.post("/v1/gate/places", json=asked, headers=desk.headers)
    assert [one["slot_id"] for one in listed.json()["items"]] == [slot_id]
    for _ in range(2):
        done = await site.client.post("/v1/gate/places", json=take, headers=desk.headers)
        assert (done.status_code, done.json()) == (200, {"items": [], "is_name_noted": True}), done.text
    again = await book(site, stranger, slot_id, me, {**child, "name": "随便谁"})
    assert (again.status_code, again.json()["outcome"], again.json()["visitor"]) == (422, "name_differs", 1)
    async with site.app.services.db.connection() as tx:
        rows = await tx.execute("SELECT action FROM audit.entry WHERE actor LIKE 'staff:%%' ORDER BY id")
        actions = [action for (action,) in await rows.fetchall()]
    assert actions.count("booking.place_disowned") == 1
    assert {"gate.looked_up", "name.seen", "booking.place_disowned"} <= set(actions)


async def test_the_counter_counts_and_records_also_what_it_did_not_find(
    site: ApiSite, urls: DbUrls, tmp_path: Path
) -> None:
    slot_id = (await site.slots("lake"))[1]["slot_id"]
    desk = await operator_of(site, urls, tmp_path)
    body = {"venue": "lake", "name": CHILD_NAME, "number": CHILD_DOCUMENT, "slot_id": slot_id}
    for _ in range(LOOKUPS_PER_MINUTE):
        nothing = await site.client.post("/v1/gate/places", json=body, headers=desk.headers)
        assert nothing.status_code == 404
    often = await site.client.post("/v1/gate/places", json=body, headers=desk.headers)
    assert often.status_code == 429
    async with site.app.services.db.connection() as tx:
        rows = await tx.execute("SELECT action FROM audit.entry WHERE actor LIKE 'staff:%%'")
        actions = [action for (action,) in await rows.fetchall()]
    assert actions.count("gate.looked_up") == LOOKUPS_PER_MINUTE


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


async def somebody_books_the_owner(pages: BookingSite, day: date) -> Traveller:
    """Another account books a place for itself and for the owner, under an invented name; who did."""
    stranger = pages.traveller()
    await stranger.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    await stranger.get("/visitors/new?back=trip")
    typed = {"name": "随便谁", "number": DOCUMENT, "kind": "resident_id", "companion": "1"}
    await stranger.submit(stranger.form("/visitors/new"), typed)
    await stranger.choose("lake", day)
    people = [
        str(number)
        for number in sorted(map(int, re.findall(r'name="visitor" value="(\d+)"', stranger.page.text)))
    ]
    await stranger.submit(stranger.form("/trip/people"), {"visitor": people})
    await stranger.submit(stranger.form("/trip/book"))
    assert stranger.path.startswith("/bookings/"), stranger.page.text
    return stranger


async def test_security_second_H3_on_the_pages_the_way_back_stands_where_the_refusal_is(
    pages: BookingSite,
) -> None:
    owner, day = pages.traveller(), TODAY + timedelta(days=1)
    stranger = await somebody_books_the_owner(pages, day)
    theirs = stranger.path
    await owner.activate(CARD)
    assert "请先带证件到人工窗口核验一次" in await owner.get("/me/others")
    await seen_by_staff(pages.services)
    await owner.choose("lake", day)
    form = await owner.review()
    refused = await owner.submit(form, status=409)
    assert "有人用您的证件约了这一天" in refused
    assert 'href="/me/others"' in refused
    await owner.get("/me/others")
    await owner.submit(owner.form("/me/others"))
    assert "名额已退回" in owner.page.text
    await owner.choose("lake", day)
    await owner.submit(await owner.review())
    assert owner.path.startswith("/bookings/"), owner.page.text
    assert await pages.number("SELECT sum(quantity) FROM booking.line WHERE is_live") == 2
    assert "随*" not in await stranger.get(theirs)
    assert "王*" in stranger.page.text


async def test_a_place_that_i_booked_myself_is_not_laid_at_others_doors(pages: BookingSite) -> None:
    owner, day = pages.traveller(), TODAY + timedelta(days=1)
    await somebody_books_the_owner(pages, day + timedelta(days=1))
    await owner.activate(CARD)
    await seen_by_staff(pages.services)
    await owner.choose("lake", day)
    await owner.submit(await owner.review())
    assert owner.path.startswith("/bookings/"), owner.page.text
    await owner.choose("lake", day)
    refused = await owner.submit(await owner.review(), status=409)
    assert "有人用您的证件" not in refused
    assert "/me/others" not in refused


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


async def test_security_fourth_F3_the_counter_finds_a_place_under_another_nationality(
    site: ApiSite, urls: DbUrls, tmp_path: Path
) -> None:
    """A passport's number under another country's name keeps its owner out of a day; who sees the passport gives it back."""
    stranger = await site.other()
    slot_id = (await site.slots("lake"))[1]["slot_id"]
    passport = {"kind": "passport", "number": "E12345678", "expires_on": "2035-01-01"}
    theirs = {**passport, "name": "ANY BODY", "nationality": "FRA"}
    me = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
    made = await book(site, stranger, slot_id, me, theirs)
    assert made.status_code == 201, made.text
    desk = await operator_of(site, urls, tmp_path)
    asked = {**passport, "name": "JANE DOE", "nationality": "GBR", "venue": "lake", "slot_id": slot_id}
    for _ in range(2):
        done = await site.client.post("/v1/gate/places", json=asked, headers=desk.headers)
        assert (done.status_code, done.json()) == (200, {"items": [], "is_name_noted": True}), done.text
    [booking] = (await site.client.get("/v1/bookings", headers=stranger.headers)).json()["items"]
    assert [line["quantity"] for line in booking["lines"]] == [1]


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


async def test_security_fourth_R4_the_counter_finds_a_place_beyond_those_that_are_listed(
    site: ApiSite, urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger who books many near places with a document keeps the counter from none of the later ones."""
    monkeypatch.setattr("wenyue.booking.by_others.PLACES_BY_OTHERS_MAX", 1)
    stranger, desk = await site.other(), await operator_of(site, urls, tmp_path)
    child = {"name": CHILD_NAME, "number": CHILD_DOCUMENT}
    me = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
    days = [(await site.slots("lake", TODAY + timedelta(days=ahead)))[1]["slot_id"] for ahead in (1, 2)]
    for slot_id in days:
        assert (await book(site, stranger, slot_id, me, child)).status_code == 201
    take = {"venue": "lake", **child, "slot_id": days[1]}
    done = await site.client.post("/v1/gate/places", json=take, headers=desk.headers)
    assert done.status_code == 200, done.text
    lines = await site.client.get("/v1/bookings", headers=stranger.headers)
    left = {line["slot_id"]: line["quantity"] for one in lines.json()["items"] for line in one["lines"]}
    assert left == {days[0]: 2, days[1]: 1}


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
