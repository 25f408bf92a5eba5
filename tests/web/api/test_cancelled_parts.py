"""A part of a booking is cancelled over the API: some lines, some people."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_site import ApiSite, Person, api_site, problem
from tests.support.database import DbUrls
from tests.support.traveller_site import CHILD_DOCUMENT, CHILD_NAME

pytestmark = pytest.mark.anyio
EN = {"Accept-Language": "en"}


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as site:
        yield site


async def family(site: ApiSite, who: Person) -> str:
    """A booking of parent and child: at the lake, and two tables; its path."""
    lake, table = (await site.slots("lake"))[0], (await site.slots("kitchen"))[0]
    lines = [
        {"slot_id": lake["slot_id"], "quantity": 2, "visitors": [0, 1], "price_minor": lake["price_minor"]},
        {"slot_id": table["slot_id"], "quantity": 2, "price_minor": table["price_minor"]},
    ]
    visitors = [
        {"name": who.name, "number": who.number},
        {"name": CHILD_NAME, "number": CHILD_DOCUMENT},
    ]
    booked = await site.book(who, 0, lines=lines, visitors=visitors)
    assert booked.status_code == 201, booked.text
    return f"/v1/bookings/{booked.json()['id']}"


async def live(site: ApiSite, who: Person, path: str) -> list[tuple[int, int, list[int]]]:
    shown: dict[str, Any] = (await site.client.get(path, headers=who.headers)).json()
    return [(one["line_no"], one["quantity"], one["visitors"]) for one in shown["lines"] if one["is_live"]]


async def test_ux_F6_a_line_and_then_a_person_are_cancelled(site: ApiSite) -> None:
    who = await site.traveller()
    path = await family(site, who)
    for is_replay in (False, True):
        gone = await site.client.post(f"{path}/cancellation", json={"line_nos": [1]}, headers=who.headers)
        told = gone.json()
        assert (told["outcome"], told["state"], told["is_replay"]) == (
            "cancelled",
            (await site.client.get(path, headers=who.headers)).json()["state"],
            is_replay,
        )
    assert await live(site, who, path) == [(0, 2, [0, 1])]
    child = {"visitors": [1], "reason": "感冒"}
    assert (
        await site.client.post(f"{path}/cancellation", json=child, headers=who.headers)
    ).status_code == 200
    assert await live(site, who, path) == [(0, 1, [0])]


async def test_ux_F6_no_child_is_left_alone(site: ApiSite) -> None:
    who = await site.traveller()
    path = await family(site, who)
    refused = await site.client.post(f"{path}/cancellation", json={"visitors": [0]}, headers=who.headers | EN)
    assert problem(refused, 422, "minor_alone")["line"] == 0
    assert (0, 2, [0, 1]) in await live(site, who, path)


async def test_ux_F6_a_line_that_is_not_there_is_named_with_those_that_are(site: ApiSite) -> None:
    who = await site.traveller()
    path = await family(site, who)
    refused = await site.client.post(f"{path}/cancellation", json={"line_nos": [9]}, headers=who.headers | EN)
    assert problem(refused, 409, "line_unknown")["lines"] == [0, 1]
    bad = await site.client.post(f"{path}/cancellation", json={"line_nos": [-1]}, headers=who.headers | EN)
    assert bad.json()["errors"][0]["pointer"].endswith("/line_nos/0")


async def test_ux_F6_one_person_is_moved_over_the_api(site: ApiSite) -> None:
    who = await site.traveller()
    path = await family(site, who)
    lake = [one for one in await site.slots("lake") if one["state"] in ("plenty", "tight")]
    [there] = [one["slot_id"] for one in (await site.client.get(path, headers=who.headers)).json()["lines"]][
        :1
    ]
    to = next(one for one in lake if one["slot_id"] != there)
    body = {"moves": [{"line_no": 0, "slot_id": to["slot_id"], "price_minor": to["price_minor"]}]}
    alone = await site.client.post(
        f"{path}/reschedule", json=body | {"visitors": [1]}, headers=who.headers | EN
    )
    assert problem(alone, 422, "minor_alone")["line"] == 0
    left = await site.client.post(
        f"{path}/reschedule", json=body | {"visitors": [0]}, headers=who.headers | EN
    )
    assert problem(left, 422, "minor_alone")["line"] == 0
    moved = await site.client.post(
        f"{path}/reschedule", json=body | {"visitors": [0, 1]}, headers=who.headers
    )
    assert moved.json()["outcome"] == "rescheduled"
    assert (2, 2, [0, 1]) in await live(site, who, path)
