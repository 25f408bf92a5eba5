"""Whoever took over a login, works at a counter or knows a holder's data does not get the card; the holder always can."""

import re
from datetime import datetime, timedelta

import psycopg
import pytest

from tests.support.api_site import Person
from tests.support.card_desk import (
    PHONE,
    Desk,
    acts,
    begin_from,
    counter,
    open_code,
    sign_in,
    staff_of,
    stop_code,
)
from tests.support.traveller_site import (
    CARD,
    DAILY_CARD,
    DOCUMENT,
    NAME,
    NOW,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from wenyue.abuse import Pattern
from wenyue.cards.recovery import (
    CODES_A_DAY_MAX,
    OBJECTED_DELAY,
)
from wenyue.cards.recovery.codes import SHARED_S
from wenyue.cards.recovery.counter import COUNTER_OF_HOLDER_MAX, COUNTER_OF_STAFF_MAX
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio


async def test_suite_H2_an_objection_stops_every_open_and_proven_request_of_the_holder(desk: Desk) -> None:
    honest, thief = await staff_of(desk, "op"), await staff_of(desk, "vop")
    admin = await staff_of(desk, "adm", "admin")
    first, second = str(uuid7()), str(uuid7())
    assert (await counter(desk, honest, first)).status_code == 202
    stop = await stop_code(desk)
    assert (await counter(desk, thief, second)).status_code == 202
    path, code = await open_code(desk)
    assert (await desk.post("/v1/cards/objection", {"code": stop})).json() == {"is_stopped": True}
    desk.clock.now += timedelta(minutes=5)
    assert (await desk.post(path, {"code": code})).status_code == 403
    desk.clock.now += timedelta(minutes=31)
    for who, one in ((honest, first), (thief, second)):
        answer = await counter(desk, who, one)
        assert (answer.status_code, answer.json()["outcome"]) == (403, "proof_needed")
    for who in (honest, thief):  # from now on the longer way
        answer = await counter(desk, who, str(uuid7()))
        assert (answer.status_code, answer.json()["outcome"]) == (403, "counter_stopped")
    of_venue = await staff_of(desk, "lake-adm", "admin", (1,))  # the holder is the whole destination's
    assert (await counter(desk, of_venue, str(uuid7()))).json()["outcome"] == "counter_stopped"
    last = str(uuid7())
    waits = await counter(desk, admin, last)
    assert datetime.fromisoformat(waits.json()["ready_at"]) == desk.clock.now + OBJECTED_DELAY
    desk.clock.now += OBJECTED_DELAY
    again = (await desk.post("/v1/gate/session", {"login": "adm", "password": "right horse"})).json()
    assert (await counter(desk, Person(again["token"]), last)).status_code == 201


async def test_suite_H2_an_objection_freezes_what_came_of_another_request_and_ends_its_logins(
    desk: Desk,
) -> None:
    operator = await staff_of(desk, "op")
    await counter(desk, operator, str(uuid7()))
    stop = await stop_code(desk)
    desk.clock.now += timedelta(minutes=1)
    holder = await desk.proven()
    await desk.deliver()
    new = (await desk.replace(holder, str(uuid7()))).json()
    login = Person((await sign_in(desk, new["card_no"], new["pin"])).json()["token"])
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "name": NAME, "number": DOCUMENT}
    assert (
        await desk.post("/v1/cards/activation", body, login)
    ).status_code == 201  # a PIN of the thief's own
    assert (await desk.post("/v1/cards/objection", {"code": stop})).json() == {"is_stopped": True}
    assert (await sign_in(desk, *DAILY_CARD)).json()["outcome"] == "card_frozen"
    for who in (holder, login):
        assert (await acts(desk, who)) == 401
    assert (await sign_in(desk, new["card_no"], new["pin"])).json()["outcome"] == "card_frozen"


async def test_suite_H2_an_objection_again_stops_what_was_begun_since_and_staff_stop_all(desk: Desk) -> None:
    operator, admin = await staff_of(desk, "op"), await staff_of(desk, "adm", "admin")
    first, second = str(uuid7()), str(uuid7())
    await counter(desk, operator, first)
    stop = await stop_code(desk)
    person = {"name": NAME, "number": DOCUMENT}
    path = "/v1/gate/cards/objection"
    assert (await desk.post(path, person | {"name": "瞎编名"}, operator)).status_code == 404
    await counter(desk, operator, second)
    assert (await desk.post(path, person, operator)).json() == {"is_stopped": True}
    third = str(uuid7())
    assert (await counter(desk, admin, third)).status_code == 202
    assert (await desk.post("/v1/cards/objection", {"code": stop})).json() == {"is_stopped": True}
    desk.clock.now += timedelta(hours=11)
    for who, one in ((operator, first), (operator, second), (admin, third)):
        assert (await counter(desk, who, one)).json()["outcome"] == "proof_needed"


async def test_suite_H3_the_counter_wants_the_name_and_goes_by_its_own_proof_alone(desk: Desk) -> None:
    operator = await staff_of(desk, "vop")
    holder = await desk.proven()
    await desk.deliver()
    wrong = await counter(desk, operator, str(uuid7()), name="根本不是")
    unknown = await counter(desk, operator, str(uuid7()), name=OTHER_NAME, number=OTHER_DOCUMENT)
    assert (wrong.status_code, wrong.json()["outcome"]) == (404, "holder_unknown")
    assert wrong.json() | {"instance": ""} == unknown.json() | {"instance": ""}
    mine = str(uuid7())
    assert (await counter(desk, operator, mine)).status_code == 202  # not at once on the holder's own proof
    assert (await counter(desk, operator, mine, name="根本不是")).status_code == 404
    assert (await desk.replace(holder, str(uuid7()))).status_code == 401  # signed out by the counter
    await desk.proven()
    desk.clock.now += timedelta(minutes=31)
    path, _ = await open_code(desk)
    taken = await counter(desk, operator, path.split("/")[4])
    assert taken.status_code == 404  # an id of a request by code proves nothing here


async def test_security_fourth_R4_holders_who_are_none_are_counted_and_recorded(desk: Desk) -> None:
    """Whoever tries document after document at the counter is found."""
    operator, abuse = await staff_of(desk, "vop"), desk.site.app.services.abuse
    before = abuse.counts[Pattern.SCANNED_IDS]
    assert (await counter(desk, operator, str(uuid7()), name="根本不是")).status_code == 404
    person = {"name": OTHER_NAME, "number": OTHER_DOCUMENT}
    assert (await desk.post("/v1/gate/cards/objection", person, operator)).status_code == 404
    assert abuse.counts[Pattern.SCANNED_IDS] == before + 2
    async with desk.site.app.services.db.connection() as tx:
        asked = "SELECT count(*) FROM audit.entry WHERE action = 'recovery.holder_unknown' AND actor LIKE 'staff:%%'"
        assert await (await tx.execute(asked)).fetchone() == (2,)


async def test_suite_H3_a_proof_at_the_counter_gives_no_number_online(desk: Desk) -> None:
    holder = Person((await sign_in(desk, *CARD)).json()["token"])
    bound = await staff_of(desk, "vop", "operator", (1,))
    mine = str(uuid7())
    assert (await counter(desk, bound, mine)).status_code == 202
    desk.clock.now += timedelta(minutes=31)
    answer = await desk.replace(holder, str(uuid7()))
    assert (answer.status_code, answer.json()["outcome"]) == (403, "proof_needed")
    # an operator of one venue ends nobody's login before the phone had its time to object
    assert (await acts(desk, holder)) == 201
    assert (await counter(desk, bound, mine)).status_code == 201
    assert (await acts(desk, holder)) == 401


async def test_suite_M4_strangers_do_not_use_up_the_codes_of_a_holder(desk: Desk) -> None:
    for address in [f"203.0.113.{number}" for number in range(1, 4)] * 4:
        assert (await begin_from(desk, address, str(uuid7()))).status_code == 202
    await desk.deliver()
    flood = len(desk.phones.texts)
    assert flood == CODES_A_DAY_MAX + 1
    mine = str(uuid7())
    assert (await desk.begin(mine)).status_code == 202
    # in this half hour the code was sent already, and is good
    found = re.search(r"\d{5}-\d{5}-\d{5}", await desk.deliver())
    assert found is not None
    assert len(desk.phones.texts) == flood
    answer = await desk.post(f"/v1/cards/lost/{mine}/code", {"code": found[0]})
    assert answer.status_code == 201, answer.text
    stranger = str(uuid7())
    await begin_from(desk, "203.0.113.9", stranger)
    used = await desk.post(f"/v1/cards/lost/{stranger}/code", {"code": found[0]})
    assert used.status_code == 403  # once
    await desk.deliver()
    before = len(desk.phones.texts)
    desk.clock.now += timedelta(seconds=SHARED_S)
    assert (await desk.begin(str(uuid7()))).status_code == 202
    assert found[0] not in await desk.deliver()
    assert len(desk.phones.texts) == before + 1  # half an hour later at most a text goes out again


async def test_suite_L_requests_at_the_counter_are_few(desk: Desk) -> None:
    operator, admin = await staff_of(desk, "op"), await staff_of(desk, "adm", "admin")
    other, same = await desk.site.other(), str(uuid7())
    answers = [await counter(desk, operator, one) for one in (same, str(uuid7()), str(uuid7()), str(uuid7()))]
    assert [one.status_code for one in answers] == [202, 202, 202, 429]
    assert answers[-1].json()["outcome"] == "counter_too_often"
    assert (await counter(desk, operator, same)).status_code == 202  # a retry is none
    await desk.deliver()
    assert len(desk.phones.texts) == COUNTER_OF_HOLDER_MAX
    assert (await counter(desk, admin, str(uuid7()))).status_code == 202
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        await tx.execute("UPDATE cards.recovery SET started_at = started_at - interval '2 days'")
        busy = (
            b"INSERT INTO cards.recovery (id, holder_id, phone_key, how, started_at, requester_key)"
            b" SELECT gen_random_uuid(), %s, '', 'staff', %s, (SELECT requester_key FROM cards.recovery WHERE id = %s)"
            b" FROM generate_series(1, %s)"
        )
        await tx.execute(busy, [other.holder_id, NOW, same, COUNTER_OF_STAFF_MAX])
    assert (await counter(desk, operator, str(uuid7()))).status_code == 429


async def test_suite_H1_a_further_card_changes_neither_phone_nor_name_on_record_and_the_phone_is_told(
    desk: Desk,
) -> None:
    thief = Person((await sign_in(desk, *CARD)).json()["token"])
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "number": DOCUMENT, "phone": "13700137000"}
    path = "/v1/cards/activation"
    other = await desk.post(path, body | {"name": "冒名者"}, thief)
    stranger = await desk.post(path, body | {"name": NAME})
    assert (other.status_code, other.json()["outcome"]) == (403, "card_holder_known")
    assert (stranger.status_code, stranger.json()["outcome"]) == (403, "card_holder_claimed")
    added = await desk.post(path, body | {"name": NAME}, thief)
    assert added.status_code == 201, added.text
    mine = {"name": "冒名者", "number": DOCUMENT, "phone": "13700137000"}
    oneself = await desk.post("/v1/visitors", mine, thief)
    assert (oneself.json()["name"], oneself.json()["is_self"]) == (f"{NAME[0]}*{NAME[-1]}", True)
    assert "新激活了一张" in await desk.deliver()
    assert desk.phones.to == [f"+86{PHONE}"]
    assert (await desk.begin(str(uuid7()), phone="13700137000")).status_code == 202
    await desk.deliver()
    assert desk.phones.to == [f"+86{PHONE}"]
    await desk.begin(str(uuid7()))
    assert "验证码" in await desk.deliver()


async def test_suite_L_a_fresh_card_does_not_ask_about_document_after_document(desk: Desk) -> None:
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "number": DOCUMENT, "name": NAME}
    answers = [(await desk.post("/v1/cards/activation", body)).status_code for _ in range(8)]
    assert (answers[0], answers[-1]) == (403, 429)


async def test_suite_M1_a_card_with_its_pin_does_not_tell_its_holders_document(desk: Desk) -> None:
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "number": OTHER_DOCUMENT, "name": OTHER_NAME}
    assert (await desk.post("/v1/cards/activation", body)).status_code == 201
    answers = [
        (await desk.post("/v1/cards/activation", body | {"number": DOCUMENT})).status_code for _ in range(8)
    ]
    assert (answers[0], answers[-1]) == (403, 429)
