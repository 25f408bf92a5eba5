"""A lost card is replaced for its holder alone: document and phone, or staff; told first; and the holder can stop it."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.api_site import Person
from tests.support.card_desk import (
    PHONE,
    Desk,
    open_desk,
    sign_in,
)
from tests.support.database import DbUrls
from tests.support.traveller_site import (
    CARD,
    DOCUMENT,
    NAME,
    NOW,
    OTHER_DOCUMENT,
    OTHER_NAME,
    Traveller,
)
from wenyue.accounts import Caller, Throttled, end_logins, save_staff
from wenyue.accounts.guard import Kind
from wenyue.accounts.throttle import LOGIN
from wenyue.cards.recovery import (
    CODE_TRIES_MAX,
    CODE_TTL_S,
    CODES_OF_PLACE_MAX,
    How,
    Recovery,
    shown_from,
)
from wenyue.infra.turns import Share
from wenyue.kernel.documents import Document, parse_document
from wenyue.kernel.duties import duties_of_role
from wenyue.kernel.ids import uuid7
from wenyue.kernel.limits import SECRET_CHECKS_AT_ONCE

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(make_database(), tmp_path) as found:
        yield found


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


async def test_security_H2_staff_replace_at_the_counter_after_a_delay(desk: Desk) -> None:
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        vault = desk.site.app.services.vault
        await save_staff(
            tx,
            vault,
            login="op",
            password="right horse",
            duties=duties_of_role("operator"),
            now=NOW,
            actor="test",
        )
    signed = await desk.post("/v1/gate/session", {"login": "op", "password": "right horse"})
    operator, keeper = Person(signed.json()["token"]), await desk.site.staff()
    body = {"id": str(uuid7()), "card_no": CARD[0], "name": NAME, "number": DOCUMENT}
    path = "/v1/gate/cards/replacement"
    assert (await desk.post(path, body, keeper)).status_code == 403
    other = body | {"number": OTHER_DOCUMENT, "name": OTHER_NAME, "id": str(uuid7())}
    assert (await desk.post(path, other, operator)).status_code == 404
    waits = await desk.post(path, body, operator)
    assert waits.status_code == 202, waits.text
    assert "停止" in await desk.deliver()
    assert (await desk.post(path, body, operator)).status_code == 202
    desk.clock.now += timedelta(minutes=30)
    made = await desk.post(path, body, operator)
    assert made.status_code == 201, made.text
    person = {"name": NAME, "number": DOCUMENT}
    assert (await desk.post("/v1/gate/cards/objection", person, keeper)).status_code == 403
    assert (await desk.post("/v1/gate/cards/objection", person, operator)).json() == {"is_stopped": True}
    assert (await sign_in(desk, made.json()["card_no"], made.json()["pin"])).json()[
        "outcome"
    ] == "card_frozen"


async def test_security_H2_a_login_that_ends_while_its_replacement_waits_for_its_turn_gets_no_number(
    desk: Desk,
) -> None:
    thief = Traveller(desk.site.app)
    await thief.get("/signin")
    await thief.submit(thief.form("/signin"), {"card_no": CARD[0], "pin": CARD[1]})
    services = desk.site.app.services
    async with services.db.transaction() as tx:
        frozen = "UPDATE cards.card SET state = 4 WHERE card_no = %s RETURNING holder_id"
        [(holder_id,)] = await (await tx.execute(frozen, [CARD[0]])).fetchall()
    await desk.site.prove(Person(thief.client.cookies["wy_login"], holder_id))
    await thief.get("/card/replacement")
    form = thief.form("/card/replacement")
    turns = services._secret_checks  # pyright: ignore[reportPrivateUsage]
    async with AsyncExitStack() as stack:
        for share in (*Share, Share.KNOWN):
            await stack.enter_async_context(turns.turn(share))
        assert turns.here == SECRET_CHECKS_AT_ONCE
        asking = asyncio.create_task(thief.submit(form))
        while turns.here <= SECRET_CHECKS_AT_ONCE:
            await asyncio.sleep(0.01)
        async with services.db.transaction() as tx:
            await end_logins(tx, holder_id, desk.clock())
    page = await asking
    assert thief.path == "/signin"
    assert "补卡成功" not in page


async def _guessed_at(desk: Desk) -> None:
    """From many addresses strangers guess at the card and at its holder's document, until every stranger waits."""
    guard = desk.site.app.services.guard
    document = parse_document(None, DOCUMENT, today=desk.clock().date())
    assert isinstance(document, Document)
    key = desk.site.app.services.vault.person_key(document.key).hex()
    guessed: tuple[tuple[Kind, str], ...] = (("card", CARD[0]), ("code", key))
    for n in range(LOGIN.free + 8):
        for kind, name in guessed:
            with suppress(Throttled):
                async with guard.attempt(kind, name, Caller(f"192.0.{n}.1"), desk.clock()):
                    pass


async def test_security_M1_while_strangers_guess_at_a_card_its_holder_signs_in_by_document_and_phone(
    desk: Desk,
) -> None:
    signed = await sign_in(desk, *CARD)
    before = Person(signed.json()["token"])
    await _guessed_at(desk)
    assert (await sign_in(desk, *CARD)).status_code == 429  # a new device, kept waiting by others
    request_id = str(uuid7())
    asked = await desk.post(
        "/v1/cards/lost",
        {"id": request_id, "name": NAME, "number": DOCUMENT, "phone": PHONE, "is_lost": False},
    )
    assert asked.status_code == 202
    text = await desk.deliver()
    assert "登录验证码" in text
    found = re.search(r"\d{6}", text)
    assert found is not None
    path = f"/v1/cards/lost/{request_id}/code"
    assert (await desk.post(path, {"code": "000000" if found[0] != "000000" else "1"})).status_code == 403
    again = await desk.post(
        "/v1/session",
        {"card_no": CARD[0], "pin": CARD[1]},
        None,
        **{"Device-Token": signed.json()["device_token"]},
    )
    had = Person(again.json()["token"])
    answer = await desk.post(path, {"code": found[0]}, had)
    assert answer.status_code == 201, answer.text
    assert (
        await desk.site.client.get("/v1/bookings", headers=had.headers)
    ).status_code == 401  # what this app had
    holder = Person(answer.json()["token"], answer.json()["holder_id"])
    for who in (holder, before):  # nothing was lost: nothing is frozen, nobody signed out
        [card] = (await desk.site.client.get("/v1/session", headers=who.headers)).json()["cards"]
        assert card["state"] == "active"
    assert (await desk.post(path, {"code": found[0]})).status_code == 403  # once
    assert (await desk.replace(holder, str(uuid7()))).status_code != 201  # no new number on it
    assert await desk.deliver() == text
    device = answer.json()["device_token"]
    signed = await desk.post(
        "/v1/session", {"card_no": CARD[0], "pin": CARD[1]}, None, **{"Device-Token": device}
    )
    assert signed.status_code == 201  # and from now on this device is known
    assert (await sign_in(desk, *CARD)).status_code == 429


async def test_security_M1_the_way_in_by_phone_is_on_the_pages(desk: Desk) -> None:
    one = Traveller(desk.site.app)
    await one.get("/signin")
    assert 'href="/card/lost?for=signin"' in one.page.text
    await one.get("/card/lost?for=signin")
    await one.submit(
        one.form("/card/lost"), {"name": NAME, "number": DOCUMENT, "kind": "resident_id", "phone": PHONE}
    )
    assert one.path.startswith("/card/lost/")
    assert "验证并挂失" not in one.page.text
    found = re.search(r"\d{6}", await desk.deliver())
    assert found is not None
    await one.submit(one.form(f"{one.path}?for=signin"), {"code": found[0]})
    assert one.path == "/me"
    assert "已挂失" not in one.page.text
    await _guessed_at(desk)
    again = Traveller(desk.site.app)
    again.client.cookies = httpx.Cookies({"wy_device": one.client.cookies["wy_device"]})
    await again.get("/signin")
    await again.submit(again.form("/signin"), {"card_no": CARD[0], "pin": CARD[1]})
    assert again.path == "/"


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


async def test_security_H2_who_lost_a_card_gets_on_by_the_pages(desk: Desk) -> None:
    one = Traveller(desk.site.app)
    await one.get("/signin")
    assert 'href="/card/lost"' in one.page.text
    await one.get("/card/lost")
    page = await one.submit(one.form("/card/lost"), {"phone": "", "number": "1"}, status=422)
    assert 'id="phone-error"' in page
    typed = {"name": NAME, "number": DOCUMENT, "kind": "resident_id", "phone": PHONE}
    await one.submit(one.form("/card/lost"), typed)
    assert one.path.startswith("/card/lost/")
    page = await one.submit(one.form(one.path), {"code": "12"}, status=422)
    assert "验证码不对" in page
    found = re.search(r"\d{6}", await desk.deliver())
    assert found is not None
    await one.submit(one.form(one.path), {"code": found[0]})
    assert one.path == "/card/replacement"
    assert "正在通知预留手机" in one.page.text
    told = re.search(r"[2-9A-Z]{5}-[2-9A-Z]{5}", await desk.deliver())
    await one.get("/card/replacement")
    page = await one.submit(one.form("/card/replacement"))
    assert "补卡成功" in page
    assert one.page.headers["cache-control"] == "no-store"
    assert told is not None
    await one.get("/card/objection")
    page = await one.submit(one.form("/card/objection"), {"code": told[0]})
    assert "补卡已停止" in page
    await one.get("/me")
    assert one.path == "/signin"
    assert DOCUMENT not in page
