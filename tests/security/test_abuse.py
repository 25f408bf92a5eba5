"""What a traveller, a thief or a flood may try over HTTP, and what must not come of it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from tests.support.api_site import TOMORROW, ApiSite, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, DAILY_CARD, DOCUMENT, NAME, OTHER_CARD
from wenyue.core.admission import RETRY_AFTER_S_MAX, PersonLimit, booking_tokens
from wenyue.core.ids import uuid7
from wenyue.core.limits import LINE_NUMBERS_MAX
from wenyue.web.api.bodies import BookingBody

pytestmark = pytest.mark.anyio


@pytest.fixture
def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def site(urls: DbUrls, tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(lambda: urls, tmp_path) as site:
        yield site


async def rows(urls: DbUrls, statement: str, *params: object) -> list[Any]:
    """What the owner of the database sees."""
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        return await (await tx.execute(statement.encode(), params)).fetchall()


async def change(urls: DbUrls, statement: str, *params: object) -> None:
    """A change by the owner of the database."""
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        await tx.execute(statement.encode(), params)


async def test_a_known_document_number_and_a_fresh_card_open_nobodys_account(site: ApiSite) -> None:
    victim = await site.traveller()
    stolen = await site.activate(DAILY_CARD, NAME, DOCUMENT)
    assert (stolen.status_code, stolen.json()["outcome"]) == (403, "card_holder_claimed")
    thief = await site.other()
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "name": NAME, "number": DOCUMENT}
    posing = await site.client.post("/v1/cards/activation", json=body, headers=thief.headers)
    assert (posing.status_code, posing.json()["outcome"]) == (403, "card_holder_claimed")
    real = await site.client.post("/v1/cards/activation", json=body, headers=victim.headers)
    assert (real.status_code, real.json()["holder_id"]) == (201, victim.holder_id)
    bad = await site.client.post("/v1/cards/activation", json=body, headers={"Authorization": "Bearer x"})
    assert bad.status_code == 401


async def test_reporting_a_loss_signs_the_finder_out(site: ApiSite) -> None:
    holder = await site.traveller()
    signed = await site.client.post("/v1/session", json={"card_no": CARD[0], "pin": CARD[1]})
    finder = {"Authorization": f"Bearer {signed.json()['token']}"}
    lost = await site.client.post(f"/v1/cards/{CARD[0]}/loss", headers=holder.headers)
    assert lost.status_code == 200
    assert (await site.client.get("/v1/session", headers=finder)).status_code == 401
    assert (await site.client.get("/v1/session", headers=holder.headers)).status_code == 200


async def test_a_flood_of_sign_ins_leaves_connections_to_everybody_else(site: ApiSite) -> None:
    await site.traveller()
    services = site.app.services
    least = services.db.pool_stats()["pool_max"]
    flood = [
        asyncio.create_task(
            site.client.post("/v1/session", json={"card_no": OTHER_CARD[0], "pin": "00000000"})
        )
        for _ in range(40)
    ]
    while not all(one.done() for one in flood):
        stats = services.db.pool_stats()
        used = stats["pool_size"] - stats["pool_available"]
        least = min(least, stats["pool_max"] - used)
        await asyncio.sleep(0.002)
    assert {(await one).status_code for one in flood} <= {403, 429}
    assert least >= 2


async def test_more_sign_ins_than_can_wait_are_told_to_come_back(site: ApiSite) -> None:
    many = [site.client.post("/v1/session", json={"card_no": CARD[0], "pin": "00000000"}) for _ in range(400)]
    answers = await asyncio.gather(*many)
    told = [one for one in answers if one.status_code == 503]
    assert told
    assert all(1 <= int(one.headers["retry-after"]) <= RETRY_AFTER_S_MAX for one in told)
    assert {one.status_code for one in answers} <= {403, 429, 503}


async def test_availability_is_remembered_per_question_not_per_spelling(site: ApiSite) -> None:
    product = await site.product_id("lake")
    for number in range(50):
        query = f"x={number}&product_id={product}&from={TOMORROW}"
        assert (await site.client.get(f"/v1/availability?{query}")).status_code == 200
    hot: object = vars(site.app)["_hot"]["GET", "/v1/availability"].__self__
    memory: dict[str, Any] = vars(hot)
    assert len(memory["_pages"]) == 1
    [(_, body)] = memory["_pages"].values()
    assert memory["_pages_bytes"] == len(body)


async def test_one_good_token_cannot_fill_the_memory_of_logins(site: ApiSite) -> None:
    who = await site.traveller()
    long = {"Authorization": f"Bearer {' ' * 60_000}{who.token}"}
    assert (await site.client.get("/v1/session", headers=long)).status_code == 401
    spellings = [{"Authorization": f"{scheme} {who.token}"} for scheme in ("Bearer", "bearer", "BEARER")]
    answers = await asyncio.gather(*(site.client.get("/v1/session", headers=one) for one in spellings))
    assert [one.status_code for one in answers] == [200, 200, 200]


async def test_a_stolen_table_gives_no_hash_to_try_document_numbers_against(
    site: ApiSite, urls: DbUrls
) -> None:
    who = await site.traveller()
    [slot, *_] = await site.slots("lake")
    body: dict[str, Any] = {
        "id": str(uuid7()),
        "lines": [{"slot_id": slot["slot_id"], "price_minor": 0, "visitors": [0]}],
        "visitors": [{"name": who.name, "number": who.number}],
    }
    made = await site.client.post("/v1/bookings", json=body, headers=who.headers)
    assert made.status_code == 201, made.text
    [(stored,)] = await rows(urls, "SELECT body_hash FROM booking.booking")
    guessed = msgspec.json.decode(msgspec.json.encode(body), type=BookingBody)
    assert bytes(stored) != hashlib.sha256(msgspec.json.encode(guessed)).digest()[:16]


async def test_a_strangers_card_is_not_written_on_a_booking(site: ApiSite, urls: DbUrls) -> None:
    who, other = await site.traveller(), await site.other()
    [slot, *_] = await site.slots("lake")
    made = await site.book(who, slot["slot_id"], card_id=other.card_id)
    assert made.status_code == 201, made.text
    assert await rows(urls, "SELECT card_id FROM booking.booking") == [(None,)]
    paid = {"lines": [{"slot_id": slot["slot_id"], "price_minor": 0, "visitors": [0], "on_card": True}]}
    used = await site.book(who, slot["slot_id"], card_id=other.card_id, **paid)
    assert (used.status_code, used.json()["outcome"]) == (404, "card_unknown")


async def test_moving_a_booking_for_ever_ends_before_the_line_numbers_do(site: ApiSite, urls: DbUrls) -> None:
    who = await site.traveller()
    [first, second] = await site.slots("lake")
    made = await site.book(who, first["slot_id"])
    booking_id = made.json()["id"]
    last = LINE_NUMBERS_MAX - 2
    for table in ("line", "place"):
        await change(urls, f"UPDATE booking.{table} SET line_no = %s WHERE booking_id = %s", last, booking_id)
    path = f"/v1/bookings/{booking_id}/reschedule"
    there = {"moves": [{"line_no": last, "slot_id": second["slot_id"], "price_minor": 0}]}
    back = {"moves": [{"line_no": last + 1, "slot_id": first["slot_id"], "price_minor": 0}]}
    assert (await site.client.post(path, json=there, headers=who.headers)).status_code == 200
    refused = await site.client.post(path, json=back, headers=who.headers)
    assert (refused.status_code, refused.json()["outcome"]) == (429, "cancel_limit")


async def test_a_request_that_breaks_its_batch_breaks_nobody_elses(site: ApiSite, urls: DbUrls) -> None:
    """A row that no rule foresees and the database refuses fails only whoever asked for it."""
    who, other = await site.traveller(), await site.other()
    [good, *_], [bad, *_] = await site.slots("lake"), await site.slots("kitchen")
    await change(urls, "ALTER TABLE booking.booking ADD CHECK (total_minor <> 5000) NOT VALID")
    poison = {"lines": [{"slot_id": bad["slot_id"], "price_minor": 5000, "quantity": 1}]}
    answers = await asyncio.gather(
        *(site.book(other, bad["slot_id"], **poison) for _ in range(3)),
        site.book(who, good["slot_id"]),
        *(site.book(other, bad["slot_id"], **poison) for _ in range(3)),
    )
    assert [one.status_code for one in answers] == [503, 503, 503, 201, 503, 503, 503]


async def test_nobody_is_yet_to_be_born(site: ApiSite) -> None:
    """A passport says no birth date; a declared one in the future would be younger than every age rule asks for."""
    who = await site.traveller()
    person = {"name": "Ann Lee", "number": "P1234567", "kind": "passport", "nationality": "US"}
    for birth in ("2999-01-01", "1700-01-01"):
        body = person | {"expires_on": "2030-01-01", "birth": birth}
        refused = await site.client.post("/v1/visitors", json=body, headers=who.headers)
        assert refused.status_code == 422, refused.text
        assert [error["pointer"] for error in refused.json()["errors"]] == ["/birth"]


async def test_security_H3_a_hundred_lines_cost_many_tokens(site: ApiSite) -> None:
    """One request of 100 lines of five unnamed places costs half of what a person may ask for in a minute."""
    traveller = await site.traveller()
    lines = [{"slot_id": 1, "quantity": 5}] * 100
    answers = [
        await site.client.post(
            "/v1/bookings", json={"id": str(uuid7()), "lines": lines}, headers=traveller.headers
        )
        for _ in range(3)
    ]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert answers[2].json()["outcome"] == "too_often"
    assert int(answers[2].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("lines", "places", "tokens"), [(1, 1, 1), (1, 5, 1), (5, 25, 4), (98, 98, 30), (100, 500, 30)]
)
def test_security_H3_what_a_request_costs(lines: int, places: int, tokens: int) -> None:
    assert booking_tokens(PersonLimit(60, 60.0), lines=lines, places=places) == tokens
