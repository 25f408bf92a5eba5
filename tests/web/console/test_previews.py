"""Case F9: previews of holidays that are asked for together, and beside bookings, only look."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.api_site import PASSWORD, TOMORROW, ApiSite, api_site, vault_of
from tests.support.database import DbUrls
from tests.support.traveller_site import NOW, Traveller
from wenyue.accounts import save_staff
from wenyue.core.duties import duties_of_role

pytestmark = pytest.mark.anyio
_AT_ONCE = 10


@pytest.fixture
def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def site(urls: DbUrls, tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        await save_staff(
            tx,
            vault_of(tmp_path),
            login="op",
            password=PASSWORD,
            duties=duties_of_role("operator", ()),
            now=NOW,
            actor="test",
        )
    async with api_site(lambda: urls, tmp_path) as site:
        yield site


async def _previews(site: ApiSite) -> list[tuple[int, str]]:
    """Status and text of previews by one member of staff, sent at once."""
    browser = Traveller(site.app)
    await browser.get("/console/signin")
    await browser.submit(browser.form("/console/signin"), {"login": "op", "password": PASSWORD})
    await browser.get("/console/holidays")
    form = dict(browser.form("/console/holidays").fields) | {
        "from": TOMORROW.isoformat(),
        "to": (TOMORROW + timedelta(days=6)).isoformat(),
        "kind": "holiday",
        "name": "国庆节",
        "source": "通知",
        "act": "preview",
    }
    answers = await asyncio.gather(
        *(browser.client.post("/console/holidays", data=form) for _ in range(_AT_ONCE))
    )
    return [(answer.status_code, answer.text) for answer in answers]


def _done(page: str) -> str:
    """What the preview says would happen."""
    found = re.search(r"[0-9]+[^<]*场[^<]*", page)
    assert found, page
    return found[0]


async def test_security_fourth_F9_previews_asked_for_at_once_are_all_answered_beside_bookings(
    site: ApiSite, urls: DbUrls
) -> None:
    """While a booking holds the pools of these days, a look neither waits for it nor is refused."""
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as holding:
        locked = await holding.execute(
            "SELECT id FROM booking.pool WHERE on_date >= %s FOR UPDATE", [TOMORROW]
        )
        assert locked.rowcount > 0
        said = await _previews(site)
        assert [status for status, _ in said] == [200] * _AT_ONCE
        assert len({_done(text) for _, text in said}) == 1
