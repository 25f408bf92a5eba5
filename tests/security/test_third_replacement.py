"""What strangers, and staff, cannot do with the replacement of a lost card: the third attack on it."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.card_desk import Desk, begin_from, open_desk
from tests.support.database import DbUrls
from tests.support.traveller_site import NOW
from wenyue.cards.recovery import CODES_A_DAY_MAX, REQUESTS_KEPT_MAX
from wenyue.kernel.ids import uuid7

pytestmark = pytest.mark.anyio
SHARED = r"\d{5}-\d{5}-\d{5}"


@pytest.fixture
async def desk(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(make_database(), tmp_path) as found:
        yield found


async def _flood(desk: Desk) -> int:
    """Strangers asked for as many codes as are kept of one holder in a day; how many rows there are."""
    for number in range(CODES_A_DAY_MAX):
        assert (await begin_from(desk, f"203.0.113.{number}", str(uuid7()))).status_code == 202
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        await tx.execute(
            b"INSERT INTO cards.recovery (id, holder_id, phone_key, how, started_at, is_shared, requester_key,"
            b" code_key, code_until)"
            b" SELECT gen_random_uuid(), holder_id, phone_key, 'code', %s, true, requester_key, decode(md5('x'), 'hex'), %s"
            b" FROM (SELECT * FROM cards.recovery LIMIT 1) AS one, generate_series(1, %s)",
            [NOW, NOW + timedelta(minutes=10), REQUESTS_KEPT_MAX],
        )
    return await _rows(desk)


async def _rows(desk: Desk) -> int:
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        [(count,)] = await (await tx.execute("SELECT count(*) FROM cards.recovery")).fetchall()
    return count


async def test_security_third_2_no_number_of_strangers_requests_closes_the_holders_code_way(
    desk: Desk,
) -> None:
    before = await _flood(desk)
    await begin_from(desk, "203.0.113.90", str(uuid7()))
    found = re.search(SHARED, await desk.deliver())
    assert found is not None
    texts = len(desk.phones.texts)
    mine = str(uuid7())
    for _ in range(2):
        assert (await begin_from(desk, "203.0.113.91", mine)).status_code == 202
    for number in range(20):
        await begin_from(desk, f"198.51.100.{number}", str(uuid7()))
    await desk.deliver()
    assert len(desk.phones.texts) == texts  # the code that was texted is good for all of them
    assert await _rows(desk) == before + 1  # and what strangers ask for takes no room
    wrong = "0" * 15 if found[0] != "00000-00000-00000" else "1" * 15
    path = f"/v1/cards/lost/{mine}/code"
    assert (await desk.post(path, {"code": wrong})).status_code == 403
    answer = await desk.post(path, {"code": found[0], "is_lost": False})
    assert answer.status_code == 201, answer.text
    token = {"Authorization": f"Bearer {answer.json()['token']}"}
    [card] = (await desk.site.client.get("/v1/session", headers=token)).json()["cards"]
    assert card["state"] == "active"
    again = await desk.post(f"/v1/cards/lost/{uuid7()}/code", {"code": found[0]})
    assert again.status_code == 403  # a code is good once


async def test_security_third_2_a_lost_card_is_frozen_and_replaced_in_spite_of_the_flood(desk: Desk) -> None:
    await _flood(desk)
    mine = str(uuid7())
    assert (await begin_from(desk, "203.0.113.90", str(uuid7()))).status_code == 202
    assert (await desk.begin(mine)).status_code == 202
    found = re.search(SHARED, await desk.deliver())
    assert found is not None
    desk.clock.now += timedelta(minutes=9)
    answer = await desk.post(f"/v1/cards/lost/{mine}/code", {"code": found[0]})
    assert answer.status_code == 201, answer.text
    await desk.deliver()
    token = {"Authorization": f"Bearer {answer.json()['token']}", "Idempotency-Key": str(uuid7())}
    [card] = (await desk.site.client.get("/v1/session", headers=token)).json()["cards"]
    assert card["state"] == "frozen"
    made = await desk.site.client.post(f"/v1/cards/{card['card_no']}/replacement", headers=token)
    assert made.status_code == 201, made.text
