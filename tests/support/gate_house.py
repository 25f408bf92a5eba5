"""An installation with members of staff of a gate, asked over HTTP in one process: a real database, a fixed clock."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
from fastapi import FastAPI

from tests.support.database import DbUrls
from tests.support.gate_fixtures import GateFixtures
from wenyue.accounts import save_staff
from wenyue.container import Services, build
from wenyue.core.duties import duties_of_role
from wenyue.core.ids import uuid7
from wenyue.gate import Desk
from wenyue.platform.config import load
from wenyue.policy import save_presets
from wenyue.site import create_site
from wenyue.web.middleware.logins import Logins

NOW: Final = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
PASSWORD: Final = "correct horse"


class House:
    """An installation with two members of staff: one works everywhere, one at the palace only."""

    def __init__(self, services: Services, fixtures: GateFixtures, client: httpx.AsyncClient) -> None:
        self.services, self.fixtures, self.client = services, fixtures, client

    async def page(self, path: str, **form: Any) -> httpx.Response:
        """GET, or POST with the anti-forgery token of the page before."""
        if not form:
            return await self.client.get(path)
        shown = await self.client.get("/gate/signin")
        shown = shown if shown.status_code == 200 else await self.client.get("/gate/setup")
        token = re.search(r'name="_csrf" value="([^"]+)"', shown.text)
        assert token is not None
        return await self.client.post(path, data={"_csrf": token[1], **form})

    async def stand(self, login: str = "gate", venue: str = "lingyin") -> None:
        """Signed in, at the north gate."""
        signed = await self.page("/gate/signin", login=login, password=PASSWORD)
        assert (signed.status_code, signed.headers["location"]) == (303, "/gate")
        there = await self.page("/gate/setup", venue_id=self.fixtures.venues[venue], gate="北门")
        assert (there.status_code, there.headers["location"]) == (303, "/gate")

    async def scan(self, presented: str, **form: Any) -> str:
        """The page after a scan."""
        answered = await self.page("/gate/scans", scan_id=str(uuid7()), presented=presented, **form)
        assert answered.status_code == 200
        return answered.text

    async def token(self, login: str = "gate", password: str = PASSWORD) -> httpx.Response:
        """The answer to a staff sign-in over JSON."""
        return await self.client.post("/v1/gate/session", json={"login": login, "password": password})

    async def api(self, path: str, body: dict[str, Any], *, login: str = "gate") -> httpx.Response:
        """A JSON request of a member of staff."""
        bearer = (await self.token(login)).json()["token"]
        return await self.client.post(path, json=body, headers={"Authorization": f"Bearer {bearer}"})


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncGenerator[None]:
    """The services are started by the fixture."""
    yield


@asynccontextmanager
async def gate_house(urls: DbUrls, home: Path) -> AsyncGenerator[House]:
    """The house in this database."""
    settings = load(
        {
            "WENYUE_DATABASE_URL": urls.app_url,
            "WENYUE_HOME": str(home),
            "WENYUE_DATABASE_POOL": "4",
            "WENYUE_SECOND_FACTOR": "off",  # test_second_person.py has those who need one
        }
    )
    services = build(settings, clock=lambda: NOW)
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        fixtures = await GateFixtures.make(tx, NOW)
        fixtures.desk = Desk(services.vault, services.gate_keys, fixtures.desk.presets)
        await save_presets(tx)
        for login, venues in (("gate", ()), ("palace", (fixtures.venues["palace"],))):
            await save_staff(
                tx,
                services.vault,
                login=login,
                password=PASSWORD,
                duties=duties_of_role("gate", venues),
                now=NOW,
                actor="test",
            )
        for login in ("boss", "manager"):
            await save_staff(
                tx,
                services.vault,
                login=login,
                password=PASSWORD,
                duties=duties_of_role("operator"),
                now=NOW,
                actor="test",
            )
        await services.start()
        site = create_site(services, Logins(services.db, services.clock), nothing)
        transport = httpx.ASGITransport(app=site)
        async with httpx.AsyncClient(transport=transport, base_url="http://gate.test") as client:
            yield House(services, fixtures, client)
        await services.stop()


def panel(page: str) -> str:
    """The big panel of a page, without tags."""
    found = re.search(r'<section class="gate-result.*?</section>', page, re.DOTALL)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())
