"""A forgotten PIN: document and phone, the code, a new PIN that works while the old one does not."""

import re

import pytest

from tests.support.card_desk import PHONE, Desk
from tests.support.traveller_site import CARD, DOCUMENT, NAME, Traveller

pytestmark = pytest.mark.anyio


async def prove(desk: Desk, one: Traveller) -> None:
    """From the sign-in page by the link on it, to the code, and in."""
    page = await one.get("/signin")
    [link] = re.findall(r'href="(/card/lost\?for=pin)"', page)
    await one.get(link)
    typed = {"name": NAME, "number": DOCUMENT, "kind": "resident_id", "phone": PHONE}
    await one.submit(one.form("/card/lost"), typed)
    code = re.search(r"\d{6}", await desk.deliver())
    assert code is not None
    await one.submit(one.form(f"{one.path}?for=pin"), {"code": code[0]})


async def sign_in(desk: Desk, pin: str) -> bool:
    """On a new device, by number and PIN."""
    one = Traveller(desk.site.app)
    await one.get("/signin")
    form = one.form("/signin")
    page = await one.client.post("/signin", data=dict(form.fields) | {"card_no": CARD[0], "pin": pin})
    return str(page.url).endswith("/") or "密码" not in page.text


async def test_ux_9_whoever_forgot_the_pin_gets_a_new_one_by_document_and_phone(desk: Desk) -> None:
    one = Traveller(desk.site.app)
    await prove(desk, one)
    assert one.path == "/card/pin"
    page = await one.submit(one.form("/card/pin"))
    assert "新密码已生效" in page
    assert one.page.headers["cache-control"] == "no-store"
    assert "旧密码已失效" in await desk.deliver()
    found = re.search(r'新密码</dt><dd class="input--code">([0-9 ]+)<', page)
    assert found is not None
    assert await sign_in(desk, found[1].strip())
    assert not await sign_in(desk, CARD[1])
    await one.get("/me")
    assert one.path == "/me"  # whoever proved it stays signed in


async def test_ux_9_a_login_with_the_card_alone_changes_no_pin(desk: Desk) -> None:
    """Whoever found card and PIN would lock the holder out with it."""
    thief = Traveller(desk.site.app)
    await thief.get("/signin")
    await thief.submit(thief.form("/signin"), {"card_no": CARD[0], "pin": CARD[1]})
    await thief.get("/card/pin")
    assert thief.path == "/card/lost"
    await thief.get("/me")
    me = thief.form("/signout")
    token = [(name, value) for name, value in me.fields if name != "card"]
    card = re.search(r'name="card" value="(\d+)"', (await thief.get("/card/loss")))
    assert card is not None
    await thief.client.post("/card/pin", data=dict(token) | {"card": card[1]})
    assert await sign_in(desk, CARD[1])


async def test_ux_9_a_proof_is_good_for_a_new_pin_for_an_hour(desk: Desk) -> None:
    one = Traveller(desk.site.app)
    await prove(desk, one)
    form = one.form("/card/pin")
    desk.clock.forward(3_601)
    await one.submit(form)
    assert one.path == "/card/lost"
    assert await sign_in(desk, CARD[1])


async def test_ux_9_a_frozen_card_gets_no_pin_by_this_way(desk: Desk) -> None:
    one = Traveller(desk.site.app)
    await prove(desk, one)
    form = one.form("/card/pin")
    async with desk.site.app.services.db.transaction() as tx:
        await tx.execute("UPDATE cards.card SET state = 4 WHERE card_no = %s", [CARD[0]])
    assert "新密码已生效" not in await one.submit(form)
    assert "没有可使用的卡" in await one.get("/card/pin")
