"""The API along its links: the fuzz gets into real states, until every link that can be followed was followed with success."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest

from tests.support.api_links import LINKS
from tests.support.api_requests import described
from tests.support.api_server import serving
from tests.support.api_site import PASSWORD, TODAY, hire, vault_of
from tests.support.api_walk import OUT_OF_REACH, Walk
from tests.support.clock import Clock
from tests.support.database import DbUrls
from tests.support.proofs import prove
from tests.support.room import ROOM, open_room_on
from tests.support.traveller_site import (
    CARD,
    CHILD_DOCUMENT,
    CHILD_NAME,
    DOCUMENT,
    LOCAL_CARD,
    NAME,
    NOW,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from wenyue.accounts import claims
from wenyue.accounts.names import note_seen
from wenyue.core.duties import duties_of_role
from wenyue.core.ids import uuid7

REQUESTS_MIN: Final = 400
REQUESTS_MAX: Final = 4_000  # a net
STATES: Final = {"held", "confirmed", "cancelled"}
ENDING: Final = ("delete_session", "delete_gate_session")  # would end the walk's logins


@pytest.fixture(scope="module")
def walk(make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    urls, home = make_database(), tmp_path_factory.mktemp("home")
    clock = Clock(NOW)
    with (
        serving(urls, home, clock=clock, WENYUE_PERSON_BOOKINGS="100000") as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        me, other = (
            activated(client, OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT),
            activated(client, CARD, NAME, DOCUMENT),
        )
        activated(client, LOCAL_CARD, OTHER_NAME, OTHER_DOCUMENT, me["token"])  # to be lost and replaced
        asyncio.run(hire(urls, home, "counter", duties_of_role("operator")))
        staff = client.post("/v1/gate/session", json={"login": "counter", "password": PASSWORD}).json()[
            "token"
        ]
        products = {
            code: client.get(f"/v1/venues/{code}").json()["products"][0]["id"]
            for code in ("lake", "temple", "kitchen")
        }
        free, costly, by_others = (slots_of(client, products[code]) for code in ("lake", "kitchen", "temple"))
        for slot_id in by_others:
            asked = booking(slot_id, NAME, DOCUMENT)
            asked["lines"][0] |= {"quantity": 2, "visitors": [0, 1]}
            asked["visitors"].append({"name": OTHER_NAME, "number": OTHER_DOCUMENT})
            made = client.post(
                "/v1/bookings", json=asked, headers={"Authorization": f"Bearer {other['token']}"}
            )
            assert made.status_code == 201, made.text
        asyncio.run(open_room_on(urls.app_url, home, products["temple"], TODAY + timedelta(days=20)))
        known = {
            "code": ["temple", "lake", "kitchen"],
            "card_id": [me["card_id"]],
            "card_no": [LOCAL_CARD[0]],
            "event": [ROOM],
            "from": [(TODAY + timedelta(days=n)).isoformat() for n in range(20)],
        }

        def sign_in() -> str:
            signed = client.post("/v1/session", json={"card_no": OTHER_CARD[0], "pin": OTHER_CARD[1]})
            assert signed.status_code == 201, signed.text
            token = signed.json()["token"]
            asyncio.run(proved(urls, home, token))
            return token

        requests = described(client.get("/openapi.json").json(), without=ENDING)
        yield Walk(url, clock, sign_in, staff, known, bodies(free[:1] * 3 + free, costly), requests)


async def proved(urls: DbUrls, home: Path, token: str) -> None:
    """This login began by a proof that cards were lost, and staff saw its holder's document: what is guarded is open to it."""
    key = vault_of(home).person_key(f"resident_id:{OTHER_DOCUMENT}")
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        await note_seen(tx, vault_of(home), key, OTHER_NAME, NOW, staff_id=None)
        own = [one.traveller_id for one in await claims.claims_of(tx, key)]
        await claims.settle(tx, key, own=own, others=(), now=NOW, actor="test")
        await prove(tx, token, NOW - timedelta(hours=1))


def activated(
    client: httpx.Client, card: tuple[str, str], name: str, number: str, token: str = ""
) -> dict[str, Any]:
    """A card of somebody, and the token of its holder."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"card_no": card[0], "pin": card[1]}
    made = client.post("/v1/cards/activation", json=body | {"name": name, "number": number}, headers=headers)
    assert made.status_code == 201, made.text
    return made.json() | client.post("/v1/session", json=body).json()


def slots_of(client: httpx.Client, product_id: int) -> list[int]:
    """The first free slot of a few coming days."""
    query: dict[str, Any] = {
        "product_id": product_id,
        "from": TODAY.isoformat(),
        "to": (TODAY + timedelta(days=19)).isoformat(),
    }
    first: dict[str, int] = {}
    for slot in client.get("/v1/availability", params=query).json()["slots"]:
        if slot["left"]:
            first.setdefault(slot["on_date"], slot["slot_id"])
    return list(first.values())


def booking(
    slot_id: int, name: str = OTHER_NAME, number: str = OTHER_DOCUMENT, price_minor: int = 0
) -> dict[str, Any]:
    """A body that books."""
    line = {"slot_id": slot_id, "price_minor": price_minor, "visitors": [0]}
    return {"id": str(uuid7()), "lines": [line], "visitors": [{"name": name, "number": number}]}


def bodies(free: list[int], costly: list[int]) -> dict[str, list[dict[str, Any]]]:
    """Bodies of requests that get somewhere, by operation."""
    me = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
    card = {"card_no": OTHER_CARD[0], "pin": OTHER_CARD[1]}
    scan_id = "0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a01"
    held: list[dict[str, Any]] = [
        {"lines": [{"slot_id": one, "price_minor": 5_000, "quantity": 1}]} for one in costly
    ]
    return {
        "post_session": [card],
        "post_cards_activation": [card | me],
        "post_cards_lost": [me | {"id": scan_id, "phone": "13800138000"}],
        "post_visitors": [{"name": CHILD_NAME, "number": CHILD_DOCUMENT}],
        "post_bookings": [*held, *(booking(one) | {"hold": one % 2 == 0} for one in free)],
        "post_bookings_booking_id_reschedule": [
            {"moves": [{"line_no": no, "slot_id": one}]} for one in free + costly for no in range(3)
        ],
        "post_gate_scans": [
            {"scan_id": scan_id, "venue": "lake", "gate": "北门", "presented": OTHER_DOCUMENT}
        ],
        "post_gate_scans_scan_id_undo": [{"reason": "扫错了人"}],
        "post_rooms_event_pass": [{"pass": ""}],
    }


def test_every_link_that_can_be_followed_is(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    requests = 0
    while requests < REQUESTS_MIN or walk.missing or STATES - walk.states.keys():
        assert requests < REQUESTS_MAX, (walk.missing, walk.states)
        walk.step()
        requests += 1
    assert walk.troubles == []
    assert OUT_OF_REACH.keys() <= walk.tried.keys()  # refused, as they should be
    followed = len(+walk.succeeded)
    assert followed == len(LINKS) - len(OUT_OF_REACH)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{followed} of {len(LINKS)} links followed with success in {requests} requests: {dict(walk.states)}\n"
        )
