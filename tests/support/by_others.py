"""Places that somebody books with another person's document, and staff who look at the document."""

from datetime import date
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.support.api_site import ApiSite, Person, vault_of
from tests.support.booking_site import TODAY
from tests.support.database import DbUrls
from tests.support.traveller_site import (
    DOCUMENT,
    NAME,
    NOW,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from wenyue.accounts import claims, save_staff
from wenyue.accounts.names import note_seen
from wenyue.container import Services
from wenyue.core.documents import Document, DocumentKind, parse_document
from wenyue.core.duties import duties_of_role
from wenyue.core.ids import uuid7

PASSWORD = "correct horse"
ME: dict[str, Any] = {"name": NAME, "number": DOCUMENT}


async def book(site: ApiSite, who: Person, slot_id: int, *people: dict[str, Any]) -> httpx.Response:
    """Places of one slot for these people."""
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


async def _seen(services: Services, document: Document, name: str) -> None:
    """Staff looked at a document with this name on it, and it is its holder's from now on."""
    async with services.db.transaction() as tx:
        key = services.vault.person_key(document.key)
        assert await note_seen(tx, services.vault, key, name, NOW, staff_id=None)
        own = [one.traveller_id for one in await claims.claims_of(tx, key)]
        await claims.settle(tx, key, own=own, others=(), now=NOW, actor="test")


async def seen_by_staff(services: Services, name: str = NAME, number: str = DOCUMENT) -> None:
    """Staff at a counter looked at the document, beside the cards that are with it."""
    document = parse_document(None, number, today=TODAY)
    assert isinstance(document, Document)
    await _seen(services, document, name)


async def passport_seen(services: Services, nationality: str, name: str) -> None:
    """Staff looked at the passport E12345678 of this country, beside the cards that are with it."""
    document = parse_document(
        DocumentKind.PASSPORT, "E12345678", today=TODAY, nationality=nationality, expires_on=date(2035, 1, 1)
    )
    assert isinstance(document, Document)
    await _seen(services, document, name)


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
