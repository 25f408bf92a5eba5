"""The whole application over HTTP in one process: a seeded database, travellers with cards, a member of staff."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg

from tests.support.database import DbUrls
from tests.support.proofs import prove
from tests.support.traveller_site import (
    CARD,
    DOCUMENT,
    NAME,
    NOW,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
    seed,
)
from wenyue.accounts import save_staff
from wenyue.app import App, create_app
from wenyue.core.clock import local_date
from wenyue.core.duties import Duty, duties_of_role
from wenyue.core.ids import uuid7
from wenyue.core.personal import Vault
from wenyue.ops.key_mark import unsaid
from wenyue.ops.same_keys import claim_keys, require_keys
from wenyue.platform.config import Settings, load
from wenyue.platform.keys import load_keys

PASSWORD: Final = "correct horse"
TODAY: Final = local_date(NOW, "Asia/Shanghai")
TOMORROW: Final = TODAY + timedelta(days=1)


def settings_for(urls: DbUrls, home: Path, second_factor: str = "off", **more: str) -> Settings:
    """Settings on a test database; staff sign in with their password alone unless a test is about more."""
    settings = load({"WENYUE_HOME": str(home), "WENYUE_SECOND_FACTOR": second_factor, **more})
    database = dataclasses.replace(settings.database, url=urls.app_url, pool_size_max=6)
    return dataclasses.replace(settings, database=database)


def vault_of(home: Path) -> Vault:
    """The keys of an installation."""
    return Vault(load_keys(home))


async def furnish(urls: DbUrls, home: Path) -> None:
    """Venues, slots that are free but for those of `kitchen`, cards, and the member of staff `gate`."""
    vault = vault_of(home)
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        await seed(tx, NOW, vault)
        await tx.execute(
            "UPDATE booking.slot SET price_minor = 0"
            " FROM catalogue.venue WHERE venue.id = slot.venue_id AND venue.code <> 'kitchen'"
        )
        await save_staff(
            tx, vault, login="gate", password=PASSWORD, duties=duties_of_role("gate"), now=NOW, actor="test"
        )
    await asyncio.to_thread(claim_keys, home, urls.owner_url, is_accepted=True, say=unsaid)


async def hire(
    urls: DbUrls, home: Path, login: str, duties: Iterable[Duty], name: str = "", *, now: datetime = NOW
) -> None:
    """A member of staff with PASSWORD and these duties."""
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        await save_staff(
            tx,
            vault_of(home),
            login=login,
            password=PASSWORD,
            duties=frozenset(duties),
            display_name=name,
            now=now,
            actor="test",
        )


@dataclass(slots=True)
class Person:
    """Somebody with a token."""

    token: str
    holder_id: int = 0
    card_id: int = 0
    card_no: str = ""
    name: str = ""
    number: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What proves it."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(slots=True)
class ApiSite:
    """The application and a client of it."""

    app: App
    client: httpx.AsyncClient
    admin_url: str = ""

    async def activate(self, card: tuple[str, str], name: str, number: str) -> httpx.Response:
        """Make a card somebody's."""
        body = {"card_no": card[0], "pin": card[1], "name": name, "number": number}
        return await self.client.post("/v1/cards/activation", json=body)

    async def traveller(
        self, card: tuple[str, str] = CARD, name: str = NAME, number: str = DOCUMENT
    ) -> Person:
        """An activated card's holder, signed in."""
        activated = await self.activate(card, name, number)
        assert activated.status_code in (200, 201), activated.text
        signed = await self.client.post("/v1/session", json={"card_no": card[0], "pin": card[1]})
        assert signed.status_code == 201, signed.text
        found = signed.json()
        return Person(found["token"], found["holder_id"], activated.json()["card_id"], card[0], name, number)

    async def other(self) -> Person:
        """Another traveller."""
        return await self.traveller(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)

    async def staff(self) -> Person:
        """The member of staff."""
        body = {"login": "gate", "password": PASSWORD}
        return Person((await self.client.post("/v1/gate/session", json=body)).json()["token"])

    async def prove(self, who: Person) -> None:
        """An hour ago this login began by a proof that its cards were lost, as `cards.recovery` writes it down."""
        async with self.app.services.db.connection() as tx:
            await prove(tx, who.token, NOW - timedelta(hours=1))

    async def product_id(self, code: str) -> int:
        """The product of a venue."""
        found = await self.client.get(f"/v1/venues/{code}")
        assert found.status_code == 200, found.text
        return found.json()["products"][0]["id"]

    async def slots(self, code: str, day: date = TOMORROW) -> list[dict[str, Any]]:
        """The slots of a venue on a day."""
        query: dict[str, Any] = {"product_id": await self.product_id(code), "from": day.isoformat()}
        found = await self.client.get("/v1/availability", params=query)
        assert found.status_code == 200, found.text
        return found.json()["slots"]

    async def book(self, who: Person, slot_id: int, **more: Any) -> httpx.Response:
        """Book one place in the traveller's own name."""
        body: dict[str, Any] = {
            "id": str(uuid7()),
            "lines": [{"slot_id": slot_id, "visitors": [0], "price_minor": 0}],
            "visitors": [{"name": who.name, "number": who.number}],
        }
        return await self.client.post("/v1/bookings", json=body | more, headers=who.headers)


@asynccontextmanager
async def api_site(
    make_database: Callable[[], DbUrls], home: Path, admin_url: str = ""
) -> AsyncGenerator[ApiSite]:
    """A started application on a database of its own."""
    urls = make_database()
    await furnish(urls, home)
    async with serve_api(settings_for(urls, home), admin_url) as site:
        yield site


@asynccontextmanager
async def serve_api(
    settings: Settings, admin_url: str = "", clock: Callable[[], datetime] = lambda: NOW
) -> AsyncGenerator[ApiSite]:
    """A started application on the (furnished) database of `settings`."""
    await asyncio.to_thread(require_keys, settings)  # as `wenyue web`: under other keys no PIN is right
    app = create_app(settings, clock=clock)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.rest.router.lifespan_context(app.rest),
        httpx.AsyncClient(transport=transport, base_url="http://api.test") as client,
    ):
        yield ApiSite(app, client, admin_url)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer is this problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    found: dict[str, Any] = answer.json()
    assert (found["status"], found["outcome"], found["type"]) == (status, code, f"/docs/problems#{code}")
    return found
