"""Whoever lost a card gets on by the pages, and a login that ended gets no number there."""

import asyncio
import re
from contextlib import AsyncExitStack

import pytest

from tests.support.api_site import Person
from tests.support.card_desk import PHONE, Desk
from tests.support.traveller_site import CARD, DOCUMENT, NAME, Traveller
from wenyue.accounts import end_logins
from wenyue.core.limits import SECRET_CHECKS_AT_ONCE
from wenyue.platform.load_shedding.limiter import Share

pytestmark = pytest.mark.anyio


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
