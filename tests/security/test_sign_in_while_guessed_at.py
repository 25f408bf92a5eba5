"""While strangers guess at a card, its holder signs in by document and phone: by the API and on the pages."""

import re
from contextlib import suppress

import httpx
import pytest

from tests.support.api_site import Person
from tests.support.card_desk import PHONE, Desk, sign_in
from tests.support.traveller_site import CARD, DOCUMENT, NAME, Traveller
from wenyue.accounts import Caller, Throttled
from wenyue.accounts.guard import Kind
from wenyue.accounts.throttle import LOGIN
from wenyue.core.documents import Document, parse_document
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio


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
