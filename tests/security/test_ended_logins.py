"""An ended login changes nothing any more, at once and in every process: each has a memory of logins of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.api_site import PASSWORD, ApiSite, Person, api_site, serve_api, settings_for
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, NOW
from wenyue.accounts import end_logins, retire_staff, save_staff
from wenyue.core.duties import duties_of_role
from wenyue.core.ids import uuid7

VENUE = "lake"
pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class Two:
    """One site served by two applications; the person's token was just used in both."""

    here: ApiSite
    there: httpx.AsyncClient
    person: Person
    urls: DbUrls


@pytest.fixture
async def two(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Two]:
    urls = make_database()
    async with api_site(lambda: urls, tmp_path) as here, serve_api(settings_for(urls, tmp_path)) as second:
        there = second.client
        person = await here.traveller()
        for client in (here.client, there):
            assert (await client.get("/v1/session", headers=person.headers)).status_code == 200
        yield Two(here, there, person, urls)


async def changes(two: Two, client: httpx.AsyncClient, booking: str) -> list[tuple[str, int]]:
    """Every act of a traveller that changes something, and its status."""
    head = two.person.headers
    slot = (await two.here.slots(VENUE))[0]["slot_id"]
    line = {"slot_id": slot, "price_minor": 0, "quantity": 1, "visitors": [0]}
    visitor = {"name": two.person.name, "number": two.person.number}
    book = {"id": str(uuid7()), "lines": [line], "visitors": [visitor]}
    asked: list[tuple[str, str, object]] = [
        ("POST", "/v1/bookings", book),
        ("POST", f"/v1/bookings/{booking}/confirmation", None),
        ("POST", f"/v1/bookings/{booking}/cancellation", None),
        (
            "POST",
            f"/v1/bookings/{booking}/reschedule",
            {"moves": [{"line_no": 0, "slot_id": slot, "price_minor": 0}]},
        ),
        ("POST", "/v1/visitors", visitor),
        ("DELETE", "/v1/visitors/1", None),
        ("POST", f"/v1/cards/{two.person.card_no}/loss", None),
        ("POST", "/v1/rooms/nothing/pass", None),
    ]
    return [
        (path, (await client.request(method, path, json=body, headers=head)).status_code)
        for method, path, body in asked
    ]


async def by_sign_out(two: Two) -> None:
    assert (await two.here.client.delete("/v1/session", headers=two.person.headers)).status_code == 204


async def by_end_of_every_login(two: Two) -> None:
    async with await psycopg.AsyncConnection.connect(two.urls.owner_url) as tx:
        await end_logins(tx, two.person.holder_id, NOW)


async def by_loss(two: Two) -> None:
    signed = await two.here.client.post("/v1/session", json={"card_no": CARD[0], "pin": CARD[1]})
    other = Person(signed.json()["token"])
    path = f"/v1/cards/{two.person.card_no}/loss"
    assert (await two.here.client.post(path, headers=other.headers)).status_code == 200


@pytest.mark.parametrize("end", [by_sign_out, by_end_of_every_login, by_loss])
async def test_security_H2_an_ended_login_changes_nothing_in_any_process(
    two: Two, end: Callable[[Two], Awaitable[None]]
) -> None:
    booked = await two.here.book(two.person, (await two.here.slots(VENUE))[0]["slot_id"])
    assert booked.status_code == 201
    await end(two)
    for client in (two.there, two.here.client):
        found = await changes(two, client, booked.json()["id"])
        assert [one for one in found if one[1] != 401] == []


async def test_security_H2_staff_who_left_or_whose_password_was_reset_scan_nothing(two: Two) -> None:
    async def retire(tx: psycopg.AsyncConnection[tuple[object, ...]], staff_id: int) -> None:
        await retire_staff(tx, staff_id, NOW, "staff:1")

    async def reset(tx: psycopg.AsyncConnection[tuple[object, ...]], _: int) -> None:
        await save_staff(
            tx,
            two.here.app.services.vault,
            login="gate",
            password="another horse",
            duties=duties_of_role("gate"),
            now=NOW,
            actor="staff:1",
        )

    async def sign_out(_tx: psycopg.AsyncConnection[tuple[object, ...]], _: int) -> None:
        signed_out = await two.here.client.delete("/v1/gate/session", headers=keeper.headers)
        assert signed_out.status_code == 204

    for act in (reset, retire, sign_out):
        async with await psycopg.AsyncConnection.connect(two.urls.owner_url) as tx:
            staff_id = await save_staff(
                tx,
                two.here.app.services.vault,
                login="gate",
                password=PASSWORD,
                duties=duties_of_role("gate"),
                now=NOW,
                actor="test",
            )
        keeper = await two.here.staff()
        for client in (two.here.client, two.there):
            scan = {"scan_id": str(uuid7()), "venue": VENUE, "gate": "1", "presented": "nothing"}
            seen = await client.post("/v1/gate/scans", json=scan, headers=keeper.headers)
            assert seen.status_code in (200, 404), seen.text
        async with await psycopg.AsyncConnection.connect(two.urls.owner_url) as tx:
            await act(tx, staff_id)
        for client in (two.there, two.here.client):
            scan = {"scan_id": str(uuid7()), "venue": VENUE, "gate": "1", "presented": "nothing"}
            for path, body in (
                ("/v1/gate/scans", scan),
                (f"/v1/gate/scans/{uuid7()}/undo", {"reason": "x"}),
            ):
                answer = await client.post(path, json=body, headers=keeper.headers)
                assert answer.status_code == 401, (path, answer.text)
