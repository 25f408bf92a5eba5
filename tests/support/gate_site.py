"""A gate that is really served, with a keeper's browser in front of it."""

import asyncio
import re
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import uvicorn
from playwright.async_api import Browser, Page, ViewportSize
from pyotp.totp import TOTP
from starlette.applications import Starlette

from tests.support.browser import chromium_here
from tests.support.database import DbUrls
from tests.support.gate_fixtures import GateFixtures
from wenyue.accounts import save_staff
from wenyue.accounts.second import factors
from wenyue.accounts.second.rules import STEP_S
from wenyue.container import build
from wenyue.core.duties import FormerRole, duties_of_role
from wenyue.core.personal import Vault
from wenyue.gate import Desk
from wenyue.platform.config import load
from wenyue.platform.database.db import Tx
from wenyue.policy import save_presets
from wenyue.web.gate import routes
from wenyue.web.shared import routes as static_routes

NOW: Final = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
TABLET: Final[ViewportSize] = {"width": 1024, "height": 768}


@dataclass
class Site:
    """A served gate and a browser in front of it. `code`: the app of `boss` shows it next."""

    url: str
    fixtures: GateFixtures
    browser: Browser
    code: str

    async def stand(self, size: ViewportSize, *, has_script: bool = True, **more: Any) -> Page:
        """A page of a keeper who signed in and chose the gate."""
        context = await self.browser.new_context(
            locale="zh-CN", viewport=size, java_script_enabled=has_script, **more
        )
        page = await context.new_page()
        await page.goto(f"{self.url}/gate")
        await page.fill("#login", "gate")
        await page.fill("#password", "correct horse")
        await page.press("#password", "Enter")
        await page.get_by_label(re.compile("灵隐|Lingyin")).check(force=True)
        await page.fill("#gate", "北门")
        await page.press("#gate", "Enter")
        await page.wait_for_selector(".gate-result--ready")
        return page


async def scanned(page: Page, text: str) -> None:
    """Keys as fast as a scanner sends them, however busy the machine is – none waits for the one before – and Enter."""
    session: Any = await page.context.new_cdp_session(page)
    presses = [{"type": kind, "key": key, "text": key} for key in text for kind in ("keyDown", "keyUp")]
    await asyncio.gather(*(session.send("Input.dispatchKeyEvent", press) for press in presses))
    await session.detach()
    await page.keyboard.press("Enter")


async def hire(tx: Tx, vault: Vault, login: str, role: FormerRole) -> int:
    """A member of staff of every venue, by id."""
    return await save_staff(
        tx, vault, login=login, password="correct horse", duties=duties_of_role(role), now=NOW, actor="test"
    )


@asynccontextmanager
async def gate_site(urls: DbUrls, home: Path, *browser_arguments: str) -> AsyncGenerator[Site]:
    """A gate served from this database; NOW is its clock."""
    services = build(
        load({"WENYUE_DATABASE_URL": urls.app_url, "WENYUE_HOME": str(home), "WENYUE_DATABASE_POOL": "4"}),
        clock=lambda: NOW,
    )
    app = Starlette(routes=[*routes, *static_routes])
    app.state.services = services
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
            fixtures = await GateFixtures.make(tx, NOW)
            fixtures.desk = Desk(services.vault, services.gate_keys, fixtures.desk.presets)
            await save_presets(tx)
            await hire(tx, services.vault, "gate", "gate")
            boss = await hire(tx, services.vault, "boss", "operator")
            offer = factors.offer_app(services.vault, boss, "boss")
            their_app = TOTP(offer.secret)
            shown = their_app.at(NOW)
            await factors.add_app(tx, services.vault, boss, offer, shown, name="手机", now=NOW)
            await services.start()
            serving = asyncio.create_task(server.serve([listening]))
            async with chromium_here(*browser_arguments) as browser:
                url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                yield Site(url, fixtures, browser, their_app.at(NOW + timedelta(seconds=STEP_S)))
            server.should_exit = True
            await serving
            await services.stop()
