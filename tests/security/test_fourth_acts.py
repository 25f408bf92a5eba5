"""A login that ends while its act is under way: the act comes before its end and is seen by it, or it changes nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tests.support.api_site import PASSWORD, ApiSite, Person, api_site, vault_of
from tests.support.database import DbUrls
from tests.support.locks import until_it_waits
from tests.support.traveller_site import CARD, NOW, OTHER_DOCUMENT, OTHER_NAME
from wenyue.accounts import LoginEnded, acting_as, end_login, retire_staff, save_staff
from wenyue.accounts.logins import login_key
from wenyue.core.duties import duties_of_role
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Tx

pytestmark = pytest.mark.anyio


@pytest.fixture
def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def site(urls: DbUrls, tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(lambda: urls, tmp_path) as site:
        yield site


async def count(tx: Tx, of: LiteralString) -> int:
    """How many rows."""
    [(found,)] = await (await tx.execute("SELECT count(*) FROM " + of)).fetchall()
    return found


async def test_security_fourth_F2_an_act_that_waits_while_its_login_ends_is_undone(
    site: ApiSite, urls: DbUrls
) -> None:
    stolen = await site.traveller()
    signed = await site.client.post("/v1/session", json={"card_no": CARD[0], "pin": CARD[1]})
    own = {"Authorization": f"Bearer {signed.json()['token']}"}
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as holds:
        await holds.execute("SELECT FROM accounts.traveller FOR NO KEY UPDATE")
        visitor = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
        adding = asyncio.create_task(site.client.post("/v1/visitors", json=visitor, headers=stolen.headers))
        await until_it_waits(holds, adding)  # it has looked at its login
        lost = await site.client.post(f"/v1/cards/{CARD[0]}/loss", headers=own)
        assert lost.status_code == 200, lost.text
        await holds.rollback()
        assert (await adding).status_code == 401
        assert await count(holds, "accounts.visitor WHERE NOT is_self") == 0


async def test_security_fourth_F2_what_a_login_wrote_that_ended_before_the_commit_is_undone(
    site: ApiSite, urls: DbUrls
) -> None:
    person = await site.traveller()
    key = login_key(person.token)
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as other:

        async def act() -> None:
            async with acting_as(site.app.services.db.transaction(), key, NOW) as (tx, login):
                assert login.traveller_id == person.holder_id
                await end_login(other, person.token, NOW)
                await other.commit()
                await tx.execute("UPDATE accounts.traveller SET locale = 'en'")

        with pytest.raises(LoginEnded):
            await act()
        assert await count(other, "accounts.traveller WHERE locale = 'en'") == 0


async def admitted(site: ApiSite, keeper: Person) -> str:
    """A scan that let somebody in who had been in before and was taken back once: the next undo wants a second person."""
    traveller = await site.traveller()
    slot = (await site.slots("lake", NOW.date()))[0]["slot_id"]
    booked = await site.book(traveller, slot)
    assert booked.status_code == 201, booked.text
    last = ""
    for turn in range(2):
        last = str(uuid7())
        scan = {"scan_id": last, "venue": "lake", "gate": "1", "presented": CARD[0]}
        seen = await site.client.post("/v1/gate/scans", json=scan, headers=keeper.headers)
        assert seen.json()["admitted"], seen.text
        if not turn:
            undo = f"/v1/gate/scans/{last}/undo"
            back = await site.client.post(undo, json={"reason": "x"}, headers=keeper.headers)
            assert back.status_code == 200, back.text
    return last


async def test_security_fourth_F2_a_second_person_is_not_let_go_between_password_and_act(
    site: ApiSite, urls: DbUrls, tmp_path: Path
) -> None:
    keeper = await site.staff()
    async with (
        await psycopg.AsyncConnection.connect(urls.owner_url) as holds,
        await psycopg.AsyncConnection.connect(urls.owner_url) as office,
    ):
        staff_id = await save_staff(
            office,
            vault_of(tmp_path),
            login="boss",
            password=PASSWORD,
            duties=duties_of_role("operator"),
            now=NOW,
            actor="test",
        )
        await office.commit()
        scan_id = await admitted(site, keeper)
        await holds.execute("SELECT FROM gate.scan WHERE id = %s FOR UPDATE", [scan_id])
        body = {"reason": "x", "second": {"login": "boss", "password": PASSWORD}}
        undoing = asyncio.create_task(
            site.client.post(f"/v1/gate/scans/{scan_id}/undo", json=body, headers=keeper.headers)
        )
        await until_it_waits(holds, undoing)  # the second's password was right
        await office.execute("SET lock_timeout = '200ms'")
        with pytest.raises(
            psycopg.errors.LockNotAvailable
        ):  # before: they were gone, and their word still counted
            await retire_staff(office, staff_id, NOW, "test")
        await office.rollback()
        await holds.rollback()
        assert (await undoing).status_code == 200
        await retire_staff(office, staff_id, NOW, "test")
