"""What strangers, and staff, cannot do with the replacement of a lost card: the third attack on it."""

import re
from datetime import timedelta

import psycopg
import pytest

from tests.support.api_site import Person
from tests.support.card_desk import Desk, begin_from, counter, sign_in, staff_of
from tests.support.traveller_site import DOCUMENT, NAME, NOW
from wenyue.cards.loss import SHOWN_AGAIN_S
from wenyue.cards.recovery import CODES_A_DAY_MAX, REQUESTS_KEPT_MAX
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio
SHARED = r"\d{5}-\d{5}-\d{5}"


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


async def _at_counter(desk: Desk, who: Person) -> tuple[str, dict[str, str]]:
    """A replacement that an operator made for the holder: its id, and the answer."""
    mine = str(uuid7())
    assert (await counter(desk, who, mine)).status_code == 202
    await desk.deliver()
    desk.clock.now += timedelta(minutes=31)
    made = await counter(desk, who, mine)
    assert made.status_code == 201, made.text
    await desk.deliver()
    return mine, made.json()


async def test_security_third_3_an_id_of_the_counter_gives_another_member_of_staff_nothing(
    desk: Desk,
) -> None:
    honest, thief = await staff_of(desk, "op"), await staff_of(desk, "vop", "operator", (1,))
    mine, made = await _at_counter(desk, honest)
    answer = await counter(desk, thief, mine)
    assert (answer.status_code, answer.json()["outcome"]) == (404, "holder_unknown")
    waiting = str(uuid7())
    assert (await counter(desk, honest, waiting)).status_code == 202
    assert (await counter(desk, thief, waiting)).status_code == 404
    assert (
        await sign_in(desk, made["card_no"], made["pin"])
    ).status_code == 403  # it was frozen again: nothing else


async def test_security_third_3_a_lost_answer_is_given_again_told_and_recorded(desk: Desk) -> None:
    operator = await staff_of(desk, "op")
    mine, made = await _at_counter(desk, operator)
    texts = len(desk.phones.texts)
    again = await counter(desk, operator, mine)
    assert (again.status_code, again.json()["card_no"]) == (200, made["card_no"])
    assert again.json()["pin"] != made["pin"]
    assert "又显示了一次" in await desk.deliver()
    assert len(desk.phones.texts) == texts + 1
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        action = "SELECT count(*) FROM audit.entry WHERE action = 'card.pin_shown_again'"
        assert await (await tx.execute(action)).fetchall() == [(1,)]
    assert (await sign_in(desk, made["card_no"], made["pin"])).status_code == 403
    assert (await sign_in(desk, made["card_no"], again.json()["pin"])).status_code == 201


@pytest.mark.parametrize("way", ["signed_in", "activated", "late"])
async def test_security_third_3_after_its_use_or_some_minutes_a_pin_is_not_shown_anew(
    desk: Desk, way: str
) -> None:
    operator = await staff_of(desk, "op")
    mine, made = await _at_counter(desk, operator)
    if way == "signed_in":
        assert (await sign_in(desk, made["card_no"], made["pin"])).status_code == 201
    elif way == "activated":
        body = {"card_no": made["card_no"], "pin": made["pin"], "name": NAME, "number": DOCUMENT}
        assert (await desk.post("/v1/cards/activation", body)).status_code == 200
    else:
        desk.clock.now += timedelta(seconds=SHOWN_AGAIN_S + 1)
    answer = await counter(desk, operator, mine)
    assert (answer.status_code, answer.json()["outcome"]) == (409, "card_pin_given")
    assert (await sign_in(desk, made["card_no"], made["pin"])).status_code == 201


async def test_security_third_3_nor_to_the_login_that_proved_it(desk: Desk) -> None:
    holder, key = await desk.proven(), str(uuid7())
    await desk.deliver()
    made = (await desk.replace(holder, key)).json()
    assert (await sign_in(desk, made["card_no"], made["pin"])).status_code == 201
    again = await desk.replace(holder, key)
    assert (again.status_code, again.json()["outcome"]) == (409, "card_pin_given")
