"""A proof to be the holder is good for the login that it began and for what was frozen then, once; unfreezing takes one, too."""

import asyncio
import re
from datetime import timedelta

import psycopg
import pytest

from tests.support.api_site import Person
from tests.support.card_desk import PHONE, Desk, acts, counter, sign_in, staff_of
from tests.support.locks import until_it_waits
from tests.support.traveller_site import CARD, DAILY_CARD, DOCUMENT, NAME, Traveller
from wenyue.cards.recovery import PROOF_TTL_S
from wenyue.core.ids import uuid7

pytestmark = pytest.mark.anyio
NEEDED = (403, "proof_needed")


async def replaced(desk: Desk, who: Person, card_no: str, key: str = "") -> tuple[int, str]:
    """What becomes of a replacement: the status, and the new number or why there is none."""
    head = {"Idempotency-Key": key or str(uuid7())}
    answer = await desk.post(f"/v1/cards/{card_no}/replacement", None, who, **head)
    found = answer.json()
    return answer.status_code, found.get("card_no") or found.get("outcome") or ""


async def lost(desk: Desk, who: Person, card_no: str) -> int:
    """The card is reported lost."""
    return (await desk.post(f"/v1/cards/{card_no}/loss", None, who)).status_code


async def with_new_number(desk: Desk) -> tuple[Person, dict[str, str]]:
    """The holder, signed in by a proof, has replaced the card, and has the new one."""
    holder = await desk.proven()
    await desk.deliver()
    made = await desk.replace(holder, str(uuid7()))
    assert made.status_code == 201, made.text
    return holder, made.json()


async def test_security_second_H2_a_second_login_gets_no_number_on_the_proof_of_the_first(desk: Desk) -> None:
    _, new = await with_new_number(desk)
    stolen = Person((await sign_in(desk, new["card_no"], new["pin"])).json()["token"])
    assert await lost(desk, stolen, new["card_no"]) == 200
    assert await replaced(desk, stolen, new["card_no"]) == NEEDED


async def test_security_second_H2_a_proof_gives_each_card_one_number_and_no_other_card_any(
    desk: Desk,
) -> None:
    body = {"card_no": DAILY_CARD[0], "pin": DAILY_CARD[1], "name": NAME, "number": DOCUMENT}
    first = Person((await sign_in(desk, *CARD)).json()["token"])
    assert (await desk.post("/v1/cards/activation", body, first)).status_code == 201
    holder = await desk.proven()
    await desk.deliver()
    key = str(uuid7())
    status, number = await replaced(desk, holder, CARD[0], key)
    assert status == 201
    assert await replaced(desk, holder, CARD[0], key) == (200, number)  # the answer was lost
    assert await lost(desk, holder, number) == 200
    assert await replaced(desk, holder, number) == NEEDED  # once
    status, second = await replaced(desk, holder, DAILY_CARD[0])  # frozen by this proof, too
    assert (status, second != DAILY_CARD[0]) == (201, True)
    assert await lost(desk, holder, second) == 200
    assert await replaced(desk, holder, second) == NEEDED


async def test_security_second_H2_a_replay_of_a_replacement_takes_the_proof_it_was_made_on(
    desk: Desk,
) -> None:
    holder, key = await desk.proven(), str(uuid7())
    await desk.deliver()
    assert (await replaced(desk, holder, CARD[0], key))[0] == 201
    again = await desk.proven()
    await desk.deliver()
    assert await replaced(desk, holder, CARD[0], key) == (401, "login_needed")
    assert await replaced(desk, again, CARD[0], key) == NEEDED


async def test_security_second_H2_a_proof_ends_with_its_login_and_after_a_day(desk: Desk) -> None:
    holder = await desk.proven()
    await desk.deliver()
    assert (await desk.site.client.delete("/v1/session", headers=holder.headers)).status_code == 204
    assert (await replaced(desk, holder, CARD[0]))[0] == 401
    other = await desk.proven()
    await desk.deliver()
    desk.clock.now += timedelta(seconds=PROOF_TTL_S)
    assert await replaced(desk, other, CARD[0]) == NEEDED


async def test_security_second_H2_a_replacement_that_waits_while_its_login_ends_gives_no_number(
    desk: Desk,
) -> None:
    holder = await desk.proven()
    await desk.deliver()
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        turn = "SELECT pg_advisory_xact_lock(hashint8extended(%s::bigint, 2))"
        await tx.execute(turn, [holder.holder_id])  # an objection, say, is under way
        asking = asyncio.create_task(replaced(desk, holder, CARD[0]))
        await until_it_waits(tx, asking)
        await tx.execute("UPDATE accounts.login SET ended_at = %s", [desk.clock()])
        await tx.commit()
        assert await asking == (401, "login_needed")


async def test_security_second_H2_a_loss_report_that_waits_while_its_login_ends_ends_nobodys_login(
    desk: Desk,
) -> None:
    thief = Person((await sign_in(desk, *CARD)).json()["token"])
    signed = (await sign_in(desk, *CARD)).json()
    holder = Person(signed["token"], signed["holder_id"])
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        turn = "SELECT pg_advisory_xact_lock(hashint8extended(%s::bigint, 2))"
        await tx.execute(turn, [holder.holder_id])
        mine = asyncio.create_task(lost(desk, holder, CARD[0]))
        await until_it_waits(tx, mine)
        theirs = asyncio.create_task(lost(desk, thief, CARD[0]))
        async with asyncio.timeout(30):
            while await _waiting(tx) < 2:
                await asyncio.sleep(0.01)
        await tx.rollback()
    assert (await mine, await theirs) == (200, 401)
    assert await acts(desk, holder) == 201


async def _waiting(tx: psycopg.AsyncConnection[tuple[int]]) -> int:
    """How many of this database wait for the holder's turn."""
    asked = (
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted"
    )
    [(count,)] = await (await tx.execute(asked)).fetchall()
    return count


async def test_security_second_H2_each_new_number_is_told_and_the_proof_before_it(desk: Desk) -> None:
    holder = await desk.proven()
    assert (await replaced(desk, holder, CARD[0]))[0] == 202  # not before the first message has left
    assert "停止" in await desk.deliver()
    before = len(desk.phones.texts)
    key = str(uuid7())
    assert (await replaced(desk, holder, CARD[0], key))[0] == 201
    assert "新卡号" in await desk.deliver()
    assert (await replaced(desk, holder, CARD[0], key))[0] == 200
    assert "新密码又显示了一次" in await desk.deliver()
    assert len(desk.phones.texts) == before + 2
    operator, mine = await staff_of(desk, "op"), str(uuid7())
    number = (await desk.site.client.get("/v1/session", headers=holder.headers)).json()["cards"][0]["card_no"]
    assert (await counter(desk, operator, mine, card_no=number)).status_code == 202
    assert "停止" in await desk.deliver()
    desk.clock.now += timedelta(minutes=30)
    assert (await counter(desk, operator, mine, card_no=number)).status_code == 201
    assert "新卡号" in await desk.deliver()


async def prove_on_page(desk: Desk, one: Traveller, purpose: str) -> None:
    """Document, phone and code on the pages."""
    query = f"?for={purpose}" if purpose else ""
    await one.get(f"/card/lost{query}")
    typed = {"name": NAME, "number": DOCUMENT, "kind": "resident_id", "phone": PHONE}
    await one.submit(one.form("/card/lost"), typed)
    found = re.search(r"\d{6}", await desk.deliver())
    assert found is not None
    await one.submit(one.form(f"{one.path}{query}"), {"code": found[0]})


async def signed_in(desk: Desk) -> Traveller:
    """A browser that is signed in with the card."""
    one = Traveller(desk.site.app)
    await one.get("/signin")
    await one.submit(one.form("/signin"), {"card_no": CARD[0], "pin": CARD[1]})
    return one


async def test_security_second_H1_a_login_alone_unfreezes_no_card(desk: Desk) -> None:
    thief = await signed_in(desk)
    await thief.get("/card/loss")
    freezing = thief.form("/card/loss")
    await thief.submit(freezing)
    page = await thief.get("/card/loss")
    assert 'name="found"' not in page
    assert 'href="/card/lost?for=found"' in page
    await thief.client.post("/card/loss", data=dict(freezing.fields) | {"found": "1"})
    assert (await sign_in(desk, *CARD)).json()["outcome"] == "card_frozen"
    await desk.deliver()
    assert "解除挂失" not in "".join(desk.phones.texts)


async def test_security_second_H1_the_holder_unfreezes_by_document_and_phone_and_is_told(desk: Desk) -> None:
    one = await signed_in(desk)
    await one.get("/card/loss")
    await one.submit(one.form("/card/loss"))
    await prove_on_page(desk, one, "found")
    assert one.path == "/card/loss"
    thawing = one.form("/card/loss")
    await one.submit(thawing)
    assert one.path == "/me"
    assert "已解除挂失" in await desk.deliver()
    assert desk.phones.to[-1] == f"+86{PHONE}"
    count = len(desk.phones.texts)
    await one.submit(thawing)  # twice is once
    await desk.deliver()
    assert len(desk.phones.texts) == count
    assert (await sign_in(desk, *CARD)).status_code == 201
    await one.get("/card/loss")
    await one.submit(one.form("/card/loss"))  # lost again: the proof was for the other time
    assert 'name="found"' not in await one.get("/card/loss")


async def test_security_second_H1_who_replaces_a_lost_card_may_unfreeze_it_instead(desk: Desk) -> None:
    one = Traveller(desk.site.app)
    await prove_on_page(desk, one, "")
    assert one.path == "/card/replacement"
    await desk.deliver()
    page = await one.get("/card/replacement")
    assert "领取新卡号" in page
    await one.get("/card/loss")
    await one.submit(one.form("/card/loss"))
    assert "没有已挂失的卡" in await one.get("/card/replacement")
    assert (await sign_in(desk, *CARD)).status_code == 201


async def test_security_second_H1_a_code_to_sign_in_from_before_the_loss_unfreezes_nothing(
    desk: Desk,
) -> None:
    one = Traveller(desk.site.app)
    await prove_on_page(desk, one, "signin")
    assert one.path == "/me"
    await one.get("/card/loss")
    await one.submit(one.form("/card/loss"))
    assert 'name="found"' not in await one.get("/card/loss")
    await prove_on_page(desk, one, "found")
    assert "领取新卡号" not in await one.get("/card/replacement")  # it unfreezes, and gives no number
    await one.get("/card/loss")
    assert one.form("/card/loss")


async def test_security_fourth_R3_the_login_before_ends_in_the_transaction_of_the_proof(desk: Desk) -> None:
    """Nobody has both logins, and nobody who proved is left with the one that was to end, whatever happens in between."""
    had = Person((await sign_in(desk, *CARD)).json()["token"])
    for is_page in (False, True):
        request_id = str(uuid7())
        who = {"id": request_id, "name": NAME, "number": DOCUMENT, "phone": PHONE}
        begun = await desk.post("/v1/cards/lost", {**who, "is_lost": False})
        assert begun.status_code == 202
        found = re.search(r"\d{6}", await desk.deliver())
        assert found is not None
        if is_page:
            page = Traveller(desk.site.app)
            page.client.cookies.set("wy_login", had.token)
            await page.get(f"/card/lost/{request_id}?for=signin")
            await page.submit(page.form(f"/card/lost/{request_id}?for=signin"), {"code": found[0]})
        else:
            path = f"/v1/cards/lost/{request_id}/code"
            answer = await desk.post(path, {"code": found[0], "is_lost": False}, had)
            assert answer.status_code == 201, answer.text
        assert await one_transaction_of(desk, had), f"page: {is_page}"
        had = Person((await sign_in(desk, *CARD)).json()["token"])


async def one_transaction_of(desk: Desk, had: Person) -> bool:
    """Whether the newest login was written by the transaction that ended the one before."""
    rows = "SELECT xmin::text, ended_at IS NOT NULL FROM accounts.login WHERE token_hash = sha256(%s)"
    newest = "SELECT xmin::text FROM accounts.login ORDER BY xmin::text::bigint DESC LIMIT 1"
    async with await psycopg.AsyncConnection.connect(desk.urls.owner_url) as tx:
        before = await (await tx.execute(rows, [had.token.encode()])).fetchone()
        last = await (await tx.execute(newest)).fetchone()
        same = await (
            await tx.execute("SELECT count(*) FROM accounts.login WHERE xmin::text = %s", last)
        ).fetchone()
    assert before is not None
    assert last is not None
    return before[1] and before[0] == last[0] and same == (2,)
