"""What others booked with one's document is found and given back at the counter, which notes the names it saw."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.api_site import ApiSite, api_site
from tests.support.booking_site import TODAY
from tests.support.by_others import book, operator_of
from tests.support.database import DbUrls
from tests.support.traveller_site import (
    CHILD_DOCUMENT,
    CHILD_NAME,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from wenyue.core.limits import LOOKUPS_PER_MINUTE

pytestmark = pytest.mark.anyio


@pytest.fixture
async def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def site(urls: DbUrls, tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(lambda: urls, tmp_path) as site:
        yield site


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


async def test_security_fourth_R4_the_counter_finds_a_place_beyond_those_that_are_listed(
    site: ApiSite, urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger who books many near places with a document keeps the counter from none of the later ones."""
    monkeypatch.setattr("wenyue.booking.persistence.by_others.PLACES_BY_OTHERS_MAX", 1)
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
