"""A card is not activated by a login that ends while the PIN is checked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.api_site import ApiSite, api_site
from tests.support.database import DbUrls
from tests.support.locks import until_it_waits
from tests.support.traveller_site import CARD, DAILY_CARD, DOCUMENT, NAME

pytestmark = pytest.mark.anyio


@pytest.fixture
def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def site(urls: DbUrls, tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(lambda: urls, tmp_path) as site:
        yield site


async def test_security_fourth_F2_a_login_that_ends_meanwhile_adds_no_card(
    site: ApiSite, urls: DbUrls
) -> None:
    stolen = await site.traveller()
    signed = await site.client.post("/v1/session", json={"card_no": CARD[0], "pin": CARD[1]})
    own = {"Authorization": f"Bearer {signed.json()['token']}"}
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "name": NAME, "number": DOCUMENT}
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as holds:
        await holds.execute("SELECT FROM cards.card WHERE card_no = %s FOR UPDATE", [DAILY_CARD[0]])
        adding = asyncio.create_task(
            site.client.post("/v1/cards/activation", json=body, headers=stolen.headers)
        )
        await until_it_waits(holds, adding)  # the login was good, and so is the PIN
        lost = await site.client.post(f"/v1/cards/{CARD[0]}/loss", headers=own)
        assert lost.status_code == 200, lost.text
        await holds.rollback()
    answer = await adding
    assert answer.status_code == 401, answer.text
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        row = await tx.execute("SELECT holder_id FROM cards.card WHERE card_no = %s", [DAILY_CARD[0]])
        assert await row.fetchone() == (None,)
