"""A lost card is replaced for its holder alone: by document and phone; told first; and the holder can stop it."""

import re
from datetime import datetime, timedelta

import pytest

from tests.support.api_site import Person
from tests.support.card_desk import PHONE, Desk, sign_in
from tests.support.traveller_site import CARD, DOCUMENT, NAME, NOW, OTHER_DOCUMENT, OTHER_NAME
from wenyue.cards.recovery import CODE_TRIES_MAX, CODE_TTL_S, CODES_OF_PLACE_MAX, How, Recovery, shown_from
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio


async def test_security_H2_a_thief_who_is_signed_in_gets_no_new_number(desk: Desk) -> None:
    thief = Person((await sign_in(desk, *CARD)).json()["token"])
    assert (await desk.post(f"/v1/cards/{CARD[0]}/loss", None, thief)).status_code == 200
    answer = await desk.replace(thief, str(uuid7()))
    assert (answer.status_code, answer.json()["outcome"]) == (403, "proof_needed")


async def test_security_H2_document_and_phone_replace_a_card_and_the_phone_is_told_first(desk: Desk) -> None:
    thief = Person((await sign_in(desk, *CARD)).json()["token"])
    holder = await desk.proven()
    assert (await desk.post("/v1/visitors", {"name": NAME, "number": DOCUMENT}, thief)).status_code == 401
    [card] = (await desk.site.client.get("/v1/session", headers=holder.headers)).json()["cards"]
    assert card["state"] == "frozen"
    key = str(uuid7())
    waits = await desk.replace(holder, key)
    assert waits.status_code == 202
    assert datetime.fromisoformat(waits.json()["ready_at"]) == NOW + timedelta(minutes=30)
    told = await desk.deliver()
    assert re.search(r"[2-9A-Z]{5}-[2-9A-Z]{5}", told)
    made = await desk.replace(holder, key)
    assert made.status_code == 201, made.text
    again = await desk.replace(holder, key)
    assert (again.status_code, again.json()["card_no"]) == (200, made.json()["card_no"])
    assert (await sign_in(desk, *CARD)).status_code == 403
    new = again.json()
    assert (await sign_in(desk, new["card_no"], new["pin"])).status_code == 201


async def test_security_H2_strangers_learn_nothing_and_codes_are_few(desk: Desk) -> None:
    answers = [
        await desk.begin(str(uuid7()), **changes)
        for changes in (
            {"phone": "13800138001"},
            {"name": "李四"},
            {"name": OTHER_NAME, "number": OTHER_DOCUMENT},
        )
    ]
    assert [(one.status_code, one.json()["expires_in_s"]) for one in answers] == [(202, CODE_TTL_S)] * 3
    assert await desk.deliver() == ""
    for _ in range(CODES_OF_PLACE_MAX + 2):  # two of them within the same half hour
        assert (await desk.begin(str(uuid7()))).status_code == 202
        desk.clock.now += timedelta(minutes=11)
    await desk.deliver()
    assert len(desk.phones.texts) == CODES_OF_PLACE_MAX + 1
    same = str(uuid7())
    desk.clock.now += timedelta(days=1)
    for _ in range(2):
        await desk.begin(same)
    await desk.deliver()
    assert len(desk.phones.texts) == CODES_OF_PLACE_MAX + 2


async def test_security_H2_how_long_the_next_try_waits_does_not_tell_whether_document_and_phone_fit(
    desk: Desk,
) -> None:
    seen: list[list[int]] = []
    for number, phone in enumerate((PHONE, "13800138001")):
        address = {"X-Forwarded-For": f"192.0.2.{number}"}
        body = {"name": NAME, "number": DOCUMENT, "phone": phone}
        answers = [
            await desk.post("/v1/cards/lost", {"id": str(uuid7()), **body}, None, **address) for _ in range(8)
        ]
        seen.append([one.status_code for one in answers])
        desk.clock.now += timedelta(days=2)
    assert seen[0] == seen[1]
    assert seen[0].count(429) == 3


async def test_security_H2_a_code_is_good_for_minutes_and_a_few_tries(desk: Desk) -> None:
    request_id = str(uuid7())
    await desk.begin(request_id)
    found = re.search(r"\d{6}", await desk.deliver())
    assert found is not None
    wrong = "000000" if found[0] != "000000" else "111111"
    for n in range(CODE_TRIES_MAX):
        answer = await desk.post(
            f"/v1/cards/lost/{request_id}/code", {"code": wrong}, None, **{"X-Forwarded-For": str(n)}
        )
        assert answer.status_code == 403
    desk.clock.now += timedelta(minutes=2)  # the guard lets one more be tried; the code itself is spent
    answer = await desk.post(f"/v1/cards/lost/{request_id}/code", {"code": found[0]})
    assert (answer.status_code, answer.json()["outcome"]) == (403, "code_wrong")
    unknown = await desk.post(f"/v1/cards/lost/{uuid7()}/code", {"code": wrong})
    assert (unknown.status_code, unknown.json()["outcome"]) == (403, "code_wrong")
    late = str(uuid7())
    await desk.begin(late)
    code = re.search(r"\d{6}", await desk.deliver())
    assert code is not None
    desk.clock.now += timedelta(seconds=CODE_TTL_S)
    assert (await desk.post(f"/v1/cards/lost/{late}/code", {"code": code[0]})).status_code == 403


async def test_security_H2_the_holder_stops_a_replacement_by_the_message(desk: Desk) -> None:
    holder = await desk.proven()
    code = re.search(r"[2-9A-Z]{5}-[2-9A-Z]{5}", await desk.deliver())
    assert code is not None
    new = (await desk.replace(holder, str(uuid7()))).json()
    assert (await desk.post("/v1/cards/objection", {"code": "AAAAA-AAAAA"})).status_code == 403
    for spelled in (code[0], code[0].lower().replace("-", " ")):
        assert (await desk.post("/v1/cards/objection", {"code": spelled})).json() == {"is_stopped": True}
    answer = await sign_in(desk, new["card_no"], new["pin"])
    assert (answer.status_code, answer.json()["outcome"]) == (403, "card_frozen")
    assert (await desk.post("/v1/visitors", {"name": NAME, "number": DOCUMENT}, holder)).status_code == 401
    await desk.deliver()
    desk.phones.texts.clear()
    assert (await desk.begin(str(uuid7()))).status_code == 202
    assert await desk.deliver() == ""  # from now on only an administrator replaces


def test_when_a_new_number_is_shown() -> None:
    delay = timedelta(minutes=30)
    cases: list[tuple[How, bool, int, bool]] = [
        ("code", True, 0, True),
        ("code", False, 29, False),
        ("code", False, 30, True),
        ("staff", True, 29, False),
        ("staff", False, 30, True),
    ]
    for how, is_told, after_min, is_shown in cases:
        found = Recovery(uuid7(), how, NOW)
        at = shown_from(found, is_told=is_told, delay=delay, now=NOW + timedelta(minutes=after_min))
        assert (at is None) is is_shown, (how, is_told, after_min)
