"""Members of staff with a second factor: an installation that needs one, a clock that can be moved, and pyotp as their app."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
from pyotp.totp import TOTP

from tests.support.api_site import PASSWORD, ApiSite, furnish, hire, serve_api, settings_for
from tests.support.database import DbUrls
from tests.support.traveller_site import NOW, Traveller
from wenyue.core.duties import Duty, Role

STAFF: Final = (
    ("ann", Duty(Role.OPERATOR)),
    ("bo", Duty(Role.APPROVER)),
    ("boss", Duty(Role.ADMINISTRATOR)),
    ("desk", Duty(Role.DESK, 1)),
    ("eve", Duty(Role.AUDITOR)),
)


@dataclass
class Staffed:
    """The installation, and what its staff keep: the secrets of their apps, and recovery codes."""

    site: ApiSite
    urls: DbUrls
    home: Path
    clock: list[datetime]
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    codes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    @property
    def now(self) -> datetime:
        """What the installation takes for now."""
        return self.clock[0]

    def pass_by(self, **time: float) -> None:
        """Time passes."""
        self.clock[0] += timedelta(**time)

    def code(self, login: str) -> str:
        """What the app of this person shows now."""
        return TOTP(self.secrets[login]).at(self.now)

    def next_code(self, login: str) -> str:
        """… once a code that was used is over."""
        self.pass_by(seconds=30)
        return self.code(login)

    def query(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What the owner of the database sees."""
        with psycopg.connect(self.urls.owner_url) as tx:
            return tx.execute(statement.encode(), values).fetchall()

    async def hire(self, login: str, duty: Duty, *, days_ago: int = 0) -> None:
        """One more member of staff; their password is set `days_ago`."""
        await hire(self.urls, self.home, login, {duty}, now=self.now - timedelta(days=days_ago))

    async def password(self, login: str, face: str = "console", lang: str = "zh-CN") -> Traveller:
        """A browser of somebody who gave the right password."""
        browser = Traveller(self.site.app)
        await browser.get(f"/{face}/signin?lang={lang}")
        await browser.submit(browser.form(f"/{face}/signin"), {"login": login, "password": PASSWORD})
        return browser

    async def enrolled(self, login: str, face: str = "console", lang: str = "zh-CN") -> Traveller:
        """… who set up an app then, and is signed in; the page shows the recovery codes."""
        browser = await self.password(login, face, lang)
        assert browser.path == f"/{face}/signin/enrolment"
        self.secrets[login] = secret_of(browser.page.text)
        shown = await browser.submit(
            browser.form(f"/{face}/signin/enrolment"), {"code": self.code(login), "name": "手机"}
        )
        self.codes[login] = codes_of(shown)
        return browser

    async def signed_in(self, login: str, face: str = "console") -> Traveller:
        """… who has an app already, and typed its next code."""
        browser = await self.password(login, face)
        assert browser.path == f"/{face}/signin/factor"
        await browser.submit(browser.form(f"/{face}/signin/factor"), {"code": self.next_code(login)})
        return browser


def secret_of(page: str) -> str:
    """What a page gives to an app."""
    found = re.search(r'class="staff-secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    return found[1].replace(" ", "")


def codes_of(page: str) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<li><code>([0-9a-z-]+)</code>", page)


@asynccontextmanager
async def staffed(urls: DbUrls, home: Path, mode: str = "needed") -> AsyncGenerator[Staffed]:
    """A started installation with STAFF and the gate keeper `gate`."""
    await furnish(urls, home)
    for login, duty in STAFF:
        await hire(urls, home, login, {duty})
    clock = [NOW]
    async with serve_api(settings_for(urls, home, mode), urls.owner_url, lambda: clock[0]) as site:
        yield Staffed(site, urls, home, clock)
