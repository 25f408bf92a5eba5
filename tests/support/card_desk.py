"""The counter and the phones of a site on which Zhang holds a card: what the tests of lost cards share."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.support.api_site import ApiSite, Person, furnish, serve_api, settings_for
from tests.support.clock import Clock
from tests.support.database import DbUrls
from tests.support.traveller_site import (
    CARD,
    DOCUMENT,
    NAME,
    NOW,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from wenyue.accounts import save_staff
from wenyue.core.duties import FormerRole, duties_of_role
from wenyue.core.ids import uuid7
from wenyue.notifications import Sms, send_notices

PHONE = "13800138000"


class Phones:
    """A transport that hands texts over at once, and what they said."""

    name = "phones"

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.to: list[str] = []

    async def is_up(self) -> bool:
        """Always."""
        return True

    async def send(self, batch: Sequence[Sms], _now: datetime, /) -> frozenset[int]:
        """Hand over."""
        self.texts += [sms.text for sms in batch]
        self.to += [sms.phone.reveal() for sms in batch]
        return frozenset(sms.id for sms in batch)


@dataclass(slots=True)
class Desk:
    """The site, its clock, the phones; and Zhang, who holds the card."""

    site: ApiSite
    clock: Clock
    urls: DbUrls
    phones: Phones = field(default_factory=Phones)

    async def deliver(self) -> str:
        """What the worker sends now; the newest text."""
        services = self.site.app.services
        async with services.db.transaction() as tx:
            await send_notices(tx, services.vault, self.clock(), sms=self.phones)
        return self.phones.texts[-1] if self.phones.texts else ""

    async def post(
        self, path: str, body: Any = None, who: Person | None = None, **more: str
    ) -> httpx.Response:
        """A request, perhaps with a token."""
        head = (who.headers if who else {}) | more
        return await self.site.client.post(path, json=body, headers=head)

    async def begin(self, request_id: str, **changes: str) -> httpx.Response:
        """Ask for a code."""
        body = {"id": request_id, "name": NAME, "number": DOCUMENT, "phone": PHONE} | changes
        return await self.post("/v1/cards/lost", body)

    async def proven(self) -> Person:
        """The holder, signed in by document and phone."""
        request_id = str(uuid7())
        assert (await self.begin(request_id)).status_code == 202
        found = re.search(r"\d{6}", await self.deliver())
        assert found is not None
        answer = await self.post(f"/v1/cards/lost/{request_id}/code", {"code": found[0]})
        assert answer.status_code == 201, answer.text
        return Person(answer.json()["token"], answer.json()["holder_id"])

    async def replace(self, who: Person, key: str) -> httpx.Response:
        """Ask for the new number."""
        return await self.post(f"/v1/cards/{CARD[0]}/replacement", None, who, **{"Idempotency-Key": key})


@asynccontextmanager
async def open_desk(urls: DbUrls, home: Path) -> AsyncGenerator[Desk]:
    """A site whose card Zhang has activated."""
    clock = Clock(NOW)
    await furnish(urls, home)
    async with serve_api(settings_for(urls, home), clock=clock) as site:
        body = {"card_no": CARD[0], "pin": CARD[1], "name": NAME, "number": DOCUMENT, "phone": PHONE}
        assert (await site.client.post("/v1/cards/activation", json=body)).status_code == 201
        yield Desk(site, clock, urls)


async def staff_of(
    desk: Desk, login: str, role: FormerRole = "operator", venues: tuple[int, ...] = ()
) -> Person:
    """A member of staff, signed in."""
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        vault = desk.site.app.services.vault
        await save_staff(
            tx,
            vault,
            login=login,
            password="right horse",
            duties=duties_of_role(role, venues),
            now=NOW,
            actor="test",
        )
    signed = await desk.post("/v1/gate/session", {"login": login, "password": "right horse"})
    return Person(signed.json()["token"])


async def counter(desk: Desk, who: Person, request_id: str, **changes: str) -> httpx.Response:
    """A replacement at the counter, of Zhang's card unless told otherwise."""
    body = {"id": request_id, "card_no": CARD[0], "name": NAME, "number": DOCUMENT} | changes
    return await desk.post("/v1/gate/cards/replacement", body, who)


async def stop_code(desk: Desk) -> str:
    """The objection code of the newest text."""
    found = re.search(r"[2-9A-Z]{5}-[2-9A-Z]{5}", await desk.deliver())
    assert found is not None
    return found[0]


async def open_code(desk: Desk) -> tuple[str, str]:
    """A request that was begun, and its code."""
    request_id = str(uuid7())
    assert (await desk.begin(request_id)).status_code == 202
    found = re.search(r"\d{6}", await desk.deliver())
    assert found is not None
    return f"/v1/cards/lost/{request_id}/code", found[0]


async def acts(desk: Desk, who: Person) -> int:
    """The status of something that looks at the login in its own transaction."""
    return (await desk.post("/v1/visitors", {"name": OTHER_NAME, "number": OTHER_DOCUMENT}, who)).status_code


async def begin_from(desk: Desk, address: str, request_id: str) -> httpx.Response:
    """Somebody at this address, who knows document, name and phone, asks for a code."""
    body = {"id": request_id, "name": NAME, "number": DOCUMENT, "phone": PHONE}
    transport = httpx.ASGITransport(desk.site.app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url=desk.site.client.base_url) as client:
        return await client.post("/v1/cards/lost", json=body)


async def sign_in(desk: Desk, card_no: str, pin: str) -> httpx.Response:
    """Sign in by number and PIN."""
    return await desk.post("/v1/session", {"card_no": card_no, "pin": pin})
